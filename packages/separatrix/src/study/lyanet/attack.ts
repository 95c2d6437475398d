import { crossEntropy } from '@separatrix/adjoint'
import { compileBatch, type Field, gradient, type Random, seededRandom } from '@separatrix/field'
import type { Digits } from '../digits.js'
import { classes, pixels } from './models.js'

export interface Attack {
  readonly norm: 'l∞' | 'l₂'
  readonly radius: number
}

export interface AttackEffort {
  readonly steps: number
  readonly restarts: number
  readonly seed: number
}

/**
 * The images that stay told right under projected gradient ascent of the cross entropy (Madry et al., ICLR 2018), by norm
 * and radius: from random starts in the ball, steps of 2.5ε/steps, so that a ball can be crossed, within pixels in [0, 1];
 * every iterate counts, and an image is lost once any of them is told wrong. What survives is an upper bound of what is
 * robust. All images at once, in single precision.
 */
export async function attacker(classifier: Field, { inputs, labels }: Digits) {
  const count = inputs.length
  const slopes = await compileBatch(gradient(crossEntropy(classifier)), { lanes: 'f32x4', capacity: count })
  const logits = await compileBatch(classifier, { lanes: 'f32x4', capacity: count })
  slopes.theta.set(classifier.theta)
  logits.theta.set(classifier.theta)
  labels.forEach((label, k) => {
    for (let c = 0; c < classes; c++) slopes.x[(pixels + c) * slopes.stride + k] = Number(c === label)
  })

  /** Strikes out the images that are told wrong at x. */
  const judge = (x: Float64Array, alive: Uint8Array) => {
    const { out, stride } = logits
    for (let i = 0; i < pixels; i++)
      for (let k = 0; k < count; k++) logits.x[i * stride + k] = x[k * pixels + i]
    logits.evaluate(count, 0)
    for (let k = 0; k < count; k++) {
      const right = out[labels[k] * stride + k]
      for (let c = 0; c < classes; c++) if (c !== labels[k] && !(out[c * stride + k] < right)) alive[k] = 0
    }
  }

  return ({ norm, radius }: Attack, { steps, restarts, seed }: AttackEffort): Uint8Array => {
    const alive = new Uint8Array(count).fill(1)
    const random = seededRandom(seed)
    const clean = Float64Array.from(inputs.flatMap((x) => Array.from(x)))
    judge(clean, alive)
    if (radius === 0) return alive
    const x = new Float64Array(clean.length)
    for (let start = 0; start < restarts; start++) {
      for (let k = 0; k < count; k++) place(x, clean, k, { norm, radius, random })
      judge(x, alive)
      for (let step = 0; step < steps; step++) {
        for (let i = 0; i < pixels; i++)
          for (let k = 0; k < count; k++) slopes.x[i * slopes.stride + k] = x[k * pixels + i]
        slopes.evaluate(count, 0)
        for (let k = 0; k < count; k++)
          climb(x, clean, k, { norm, radius, slopes, length: (2.5 * radius) / steps })
        judge(x, alive)
      }
    }
    return alive
  }
}

/** A random start in the ball about an image: uniform in the cube, or in direction and radius. */
function place(
  x: Float64Array,
  clean: Float64Array,
  k: number,
  { norm, radius, random }: Attack & { readonly random: Random },
): void {
  const shift = Float64Array.from({ length: pixels }, () =>
    norm === 'l∞' ? 2 * random.uniform() - 1 : random.normal(),
  )
  const scale = norm === 'l∞' ? radius : (radius * random.uniform()) / Math.hypot(...shift)
  for (let i = 0; i < pixels; i++) x[k * pixels + i] = clamp(clean[k * pixels + i] + scale * shift[i])
}

/** One step up the cross entropy, back into the ball and into [0, 1]; both projections keep the other's set. */
function climb(
  x: Float64Array,
  clean: Float64Array,
  k: number,
  {
    norm,
    radius,
    slopes: { out, stride },
    length,
  }: Attack & {
    readonly slopes: { readonly out: ArrayLike<number>; readonly stride: number }
    readonly length: number
  },
): void {
  let square = 0
  for (let i = 0; i < pixels; i++) square += out[i * stride + k] ** 2
  const scale = square > 0 ? length / Math.sqrt(square) : 0
  let distance = 0
  for (let i = 0; i < pixels; i++) {
    const at = k * pixels + i
    const g = out[i * stride + k]
    x[at] += norm === 'l∞' ? length * Math.sign(g) : scale * g
    distance += (x[at] - clean[at]) ** 2
  }
  const shrink = norm === 'l₂' && distance > radius * radius ? radius / Math.sqrt(distance) : 1
  for (let i = 0; i < pixels; i++) {
    const at = k * pixels + i
    const shift =
      norm === 'l∞' ? Math.min(radius, Math.max(-radius, x[at] - clean[at])) : shrink * (x[at] - clean[at])
    x[at] = clamp(clean[at] + shift)
  }
}

const clamp = (v: number) => Math.min(1, Math.max(0, v))
