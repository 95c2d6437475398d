import { misuse, show } from '@separatrix/field/core'
import type { Verdict } from '../certify/verdict.js'
import type { Sampler } from './samplers.js'

/** Points at which a candidate failed, and how a loss goes back to them. */
export interface Counterexamples {
  /** states, or states followed by disturbances, as {@link counterexampleOf} gives them */
  readonly points: readonly ArrayLike<number>[]
  /** the part of the samples that is drawn near them; 0.5 */
  readonly share?: number
  /** standard deviation of a sample about its point, relative to the length of the state there; 0.01 */
  readonly spread?: number
}

interface Placement extends Counterexamples {
  /** how many leading entries of a sample are states; what follows is a disturbance and is kept as it is */
  readonly states?: number
}

/**
 * Points nearer to the origin are drawn out along their ray to this length: so near, a condition fails by its terms of
 * lowest order, whose sign is the same along the ray, and squares of such numbers vanish in single precision.
 */
const nearest = 1e-3

/**
 * Draws near points at which a candidate failed as well: with probability `share` a point, all alike, plus a normal
 * deviation of its states; otherwise what `sampler` draws. (The sample set
 * of Chang, Roohi & Gao, "Neural Lyapunov control", NeurIPS 2019, algorithm 1, made a measure.) Without points it is
 * `sampler`.
 * @example withCounterexamples(ball(1), { points: [[0.3, -0.2]], share: 0.25, spread: 0.02 })
 */
export function withCounterexamples(
  sampler: Sampler,
  { points, share = 0.5, spread = 0.01, states = Number.POSITIVE_INFINITY }: Placement,
): Sampler {
  const where = 'withCounterexamples'
  if (!(share >= 0 && share <= 1))
    throw misuse({ where, expected: 'a share between 0 and 1', got: show(share), try: 'share: 0.5' })
  if (!(spread >= 0 && Number.isFinite(spread)))
    throw misuse({ where, expected: 'spread ≥ 0', got: show(spread), try: 'spread: 0.01' })
  if (points.length === 0) return sampler
  return {
    name: `${sampler.name} and ${points.length} counterexamples`,
    draw(random, x) {
      sampler.draw(random, x)
      if (random.uniform() >= share) return
      const point = points[random.integer(points.length)]
      if (point.length > x.length)
        throw misuse({
          where,
          expected: `points of length ${x.length} at most`,
          got: `length ${point.length}`,
          try: 'the state, then the disturbance',
          code: 'wrong-dimension',
        })
      let square = 0
      for (let i = 0; i < point.length && i < states; i++) square += point[i] * point[i]
      const length = Math.sqrt(square)
      const stretch = length === 0 ? 1 : Math.max(1, nearest / length)
      const deviation = spread * (length === 0 ? 1 : length * stretch)
      for (let i = 0; i < point.length; i++)
        x[i] = i < states ? stretch * point[i] + deviation * random.normal() : point[i]
    },
  }
}

/**
 * Where a proof failed, as a sample: the point of a refutation with the disturbance that goes with it, or the middle
 * of the box at which a proof that knows no answer got stuck. `undefined` where the verdict names no place.
 * @example
 * const field = system({ state: ['x'], dynamics: { x: '-x + x^3' } })
 * counterexampleOf(certify({ field, V: expression('x^2', ['x']), domain: [[-2, 2]], level: 2 }))
 */
export function counterexampleOf(verdict: Verdict): Float64Array | undefined {
  if (verdict.kind === 'refuted') return Float64Array.of(...verdict.point, ...(verdict.uncertain ?? []))
  if (verdict.kind === 'proved' || verdict.box === undefined) return undefined
  return Float64Array.from(verdict.box, ([lo, hi]) => lo + (hi - lo) / 2)
}
