import { compile, type Field, seededRandom } from '@separatrix/field'
import { rk4, solve } from '@separatrix/ode'
import type { Digits } from '../digits.js'
import { lyapunovIntegrand, reach } from './losses.js'
import { classes, pixels } from './models.js'

export type Curve = readonly (readonly [number, number])[]

/** Images whose trajectories are followed. */
const followed = 100

const times = Array.from({ length: 41 }, (_, i) => i / 40)

/** V along the trajectory of an image with a label, at 41 times. */
function valuesAlong(f: Field) {
  const rate = compile(f)
  const state = new Float64Array(classes + pixels)
  const field = (t: number, eta: Float64Array, out: Float64Array) => {
    state.set(eta)
    rate(t, state, out, f.theta)
  }
  return (image: ArrayLike<number>, label: number): number[] => {
    state.set(Array.from(image), classes)
    const { y } = solve(field, new Float64Array(classes), [0, 1], { method: rk4, step: 0.025, saveAt: times })
    return times.map((_, i) => {
      const eta = Array.from({ length: classes }, (_v, c) => y.get(i, c))
      const greatest = Math.max(...eta)
      const total = eta.reduce((sum, v) => sum + Math.exp(v - greatest), 0)
      return Math.log(total) + greatest - eta[label]
    })
  }
}

/** V along trajectories of test images: its median and its 90 % quantile over images at 41 times. */
export function decay(f: Field, { inputs, labels }: Digits): readonly Curve[] {
  const follow = valuesAlong(f)
  const values = times.map(() => [] as number[])
  inputs.slice(0, followed).forEach((image, k) => {
    for (const [i, v] of follow(image, labels[k]).entries()) values[i].push(v)
  })
  return [0.5, 0.9].map((q) =>
    values.map(
      (list, i) => [times[i], list.sort((a, b) => a - b)[Math.floor(q * (list.length - 1))]] as const,
    ),
  )
}

/** How far pixels of perturbed images are moved, each up or down. */
export const perturbation = 0.1

/** V along trajectories of the first test image with twelve random perturbations of all its pixels. */
export function perturbed(f: Field, { inputs, labels }: Digits, seed: number): readonly Curve[] {
  const follow = valuesAlong(f)
  const random = seededRandom(seed)
  return Array.from({ length: 12 }, () => {
    const moved = inputs[0].map((v) => v + perturbation * (random.uniform() < 0.5 ? -1 : 1))
    const image = moved.map((v) => Math.min(1, Math.max(0, v)))
    return follow(image, labels[0]).map((v, i) => [times[i], v] as const)
  })
}

/** Samples at each distance. */
const samples = 500

/** The share of random states at a distance |η| where V̇ ≤ −κV, for distances up to that of training. */
export function satisfied(f: Field, { inputs, labels }: Digits, seed: number): Curve {
  const condition = compile(lyapunovIntegrand(f))
  const random = seededRandom(seed)
  const [z, out] = [new Float64Array(2 * classes + pixels), new Float64Array(1)]
  return Array.from({ length: 25 }, (_, i) => {
    const radius = (reach * (i + 1)) / 25
    let held = 0
    for (let k = 0; k < samples; k++) {
      const image = random.integer(inputs.length)
      z.fill(0)
      z.set(inputs[image], classes)
      z[classes + pixels + labels[image]] = 1
      const eta = Float64Array.from({ length: classes }, () => random.normal())
      const scale = radius / Math.hypot(...eta)
      z.set(eta.map((v) => v * scale))
      condition(0, z, out, f.theta)
      if (out[0] === 0) held++
    }
    return [radius, held / samples] as const
  })
}
