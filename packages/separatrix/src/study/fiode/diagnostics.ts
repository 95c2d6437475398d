import { combine, compile, type Field, gradient, jacobian, seededRandom } from '@separatrix/field'
import type { FlowCertifier } from '@separatrix/lyapunov'
import { solve, ssprk3 } from '@separatrix/ode'
import type { Digits } from '../digits.js'
import type { Curve } from '../lyanet/diagnostics.js'
import { classes, pixels } from '../lyanet/models.js'
import { range, rates, rawRates } from './models.js'
import type { FiodeRecipe } from './recipe.js'

/** η along the flow of an image, a row per time. */
export function trajectories(scores: Field, recipe: FiodeRecipe, times: readonly number[]) {
  const v = rates(scores, recipe)
  const run = compile(v)
  const state = new Float64Array(classes + pixels)
  const flow = (t: number, eta: Float64Array, out: Float64Array) => {
    state.set(eta)
    run(t, state, out, v.theta)
  }
  const start = new Float64Array(classes).fill(1 / classes)
  const end = times[times.length - 1]
  return (image: ArrayLike<number>): readonly (readonly number[])[] => {
    state.set(Array.from(image), classes)
    const { y } = solve(flow, start, [0, end], {
      method: ssprk3,
      step: recipe.flow.step / 10,
      saveAt: [...times],
    })
    return times.map((_, i) => Array.from({ length: classes }, (_v, c) => y.get(i, c)))
  }
}

/** η_label − max of the others. */
export function lead(eta: readonly number[], label: number): number {
  return eta[label] - Math.max(...eta.filter((_, c) => c !== label))
}

const times = Array.from({ length: 41 }, (_, i) => i / 20)

/** V = 1 − (η_y − max of the others) along trajectories of test images: its median and its 90 % quantile. */
export function decay(scores: Field, recipe: FiodeRecipe, { inputs, labels }: Digits): readonly Curve[] {
  const follow = trajectories(scores, recipe, times)
  const values = times.map(() => [] as number[])
  inputs.slice(0, 100).forEach((image, k) => {
    follow(image).forEach((eta, i) => {
      values[i].push(1 - lead(eta, labels[k]))
    })
  })
  return [0.5, 0.9].map((q) =>
    values.map(
      (list, i) => [times[i], list.sort((a, b) => a - b)[Math.floor(q * (list.length - 1))]] as const,
    ),
  )
}

/** One image and what its neighbours at the certified radius do. */
export interface Neighbours {
  readonly image: number
  readonly label: number
  readonly radius: number
  /** η_label − max of the others over time: of the image, and of images at the certified distance */
  readonly own: Curve
  readonly others: readonly Curve[]
}

/**
 * The image whose certified radius is nearest to 1/2, and trajectories of images on the sphere of that radius about it: in
 * random directions, and down the difference of the label's score and a rival's, where it falls most.
 */
export function neighbours(
  scores: Field,
  recipe: FiodeRecipe,
  { inputs, labels }: Digits,
  radii: readonly ReturnType<FlowCertifier['radius']>[],
): Neighbours {
  const right = radii.map(({ label, radius }, k) => (label === labels[k] ? radius : 0))
  const image = right.reduce((best, r, k) => (Math.abs(r - 0.5) < Math.abs(right[best] - 0.5) ? k : best), 0)
  const [x, label, radius] = [inputs[image], labels[image], right[image]]
  const follow = trajectories(scores, recipe, times)
  const curve = (at: ArrayLike<number>): Curve =>
    follow(at).map((eta, i) => [times[i], lead(eta, label)] as const)
  const random = seededRandom(recipe.seed)
  const directions = [
    ...Array.from({ length: 8 }, () => Float64Array.from(x, () => random.normal())),
    ...descents(scores, recipe, x, label),
  ]
  return {
    image,
    label,
    radius,
    own: curve(x),
    others: directions.map((d) => {
      const length = Math.hypot(...d)
      return curve(x.map((v, i) => v + (radius * d[i]) / length))
    }),
  }
}

/** For each rival the direction in pixels in which the label's score loses most against it, at equal η. */
function descents(scores: Field, recipe: FiodeRecipe, x: Float64Array, label: number): Float64Array[] {
  const f = rawRates(scores, recipe)
  const z = new Float64Array(classes + pixels).fill(1 / classes, 0, classes)
  z.set(x, classes)
  const out = new Float64Array(classes + pixels)
  return range(0, classes)
    .filter((i) => i !== label)
    .map((rival) => {
      const gap = combine([f], (b, place) => {
        const value = place(f)
        return b.sub(b.gather(value, [rival]), b.gather(value, [label]))
      })
      compile(gradient(gap))(0, z, out, f.theta)
      return out.slice(classes)
    })
}

/** Points at each distance. */
const samples = 100

/**
 * The matrix measure of ∂v/∂η in the Euclidean norm within Σ dηᵢ = 0, the largest eigenvalue of the symmetric part, at
 * random points on the way from the centre of the simplex to its boundary, with test images: median and maximum over the
 * share of the way. Where it is negative, trajectories of one image draw together.
 */
export function contraction(scores: Field, recipe: FiodeRecipe, { inputs }: Digits): readonly Curve[] {
  const v = rates(scores, recipe)
  const slopes = compile(jacobian(v))
  const width = classes + pixels
  const [state, J] = [new Float64Array(width), new Float64Array(classes * width)]
  const random = seededRandom(recipe.seed)
  const shares = Array.from({ length: 21 }, (_, i) => i / 20)
  const measures = shares.map((share) =>
    Array.from({ length: samples }, () => {
      const weights = Array.from({ length: classes }, () => -Math.log(1 - random.uniform()))
      const least = Math.min(...weights)
      const total = weights.reduce((s, w) => s + w - least, 0)
      weights.forEach((w, i) => {
        state[i] = (1 - share) / classes + (share * (w - least)) / total
      })
      state.set(inputs[random.integer(inputs.length)], classes)
      slopes(0, state, J, v.theta)
      return matrixMeasure((i, j) => J[i * width + j])
    }).sort((a, b) => a - b),
  )
  return [0.5, 1].map((q) =>
    measures.map((list, i) => [shares[i], list[Math.floor(q * (list.length - 1))]] as const),
  )
}

/** The largest eigenvalue of P(J + Jᵀ)P/2 on Σ = 0, P the projection onto it, by power iteration of it plus a shift. */
function matrixMeasure(entry: (i: number, j: number) => number): number {
  const S = range(0, classes).map((i) => range(0, classes).map((j) => (entry(i, j) + entry(j, i)) / 2))
  const shift = Math.hypot(...S.flat())
  let x = Float64Array.from({ length: classes }, (_, i) => Math.cos(1 + i))
  let value = 0
  for (let k = 0; k < 300; k++) {
    const mean = x.reduce((s, v) => s + v, 0) / classes
    const centred = x.map((v) => v - mean)
    const length = Math.hypot(...centred)
    const unit = centred.map((v) => v / length)
    const image = unit.map((_, i) => S[i].reduce((s, a, j) => s + a * unit[j], 0))
    value = unit.reduce((s, v, i) => s + v * image[i], 0)
    x = image.map((v, i) => v + shift * unit[i])
  }
  return value
}
