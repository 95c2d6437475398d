import type { Loss } from '@separatrix/adjoint'
import { type Builder, combine, type Field, misuse, type Ref, show } from '@separatrix/field/core'
import { bindPair, checkPair } from './bindPair.js'
import { placeRate } from './placeRate.js'
import { type Box, box } from './samplers.js'

export interface RegionLossOptions {
  /** the candidate, usually trainable; {V ≤ 1} is the region that grows */
  readonly V: Field
  /** κ ≥ 0 of V̇ ≤ −κV */
  readonly rate: number
  /** the region has to stay inside this box */
  readonly domain: Box
  /**
   * w: what an excluded point of the domain costs, against a violation of size w that an included one may
   * cost
   */
  readonly reward: number
  /** s of the indicator σ(s(1 − V)); 20 lets the edge of the set blur over about ±0.1 in V */
  readonly sharpness?: number
  /** samples per step; 256 */
  readonly batch?: number
}

/** Samples are drawn from the domain scaled by this, so that a set about to leave it is seen. */
const overhang = 1.3
/** A violation counts up to here: beyond, the set should shrink away from the point rather than chase it. */
const largestViolation = 3
/** What a point outside the domain costs when the set covers it. */
const outsideCost = 2

/**
 * Trains a Lyapunov function, its controller and its region together: the Lyapunov loss max(0, V̇/V + κ)
 * counts inside {V ≤ 1}, and leaving a point of the domain D out of that set costs w,
 *
 *   ℓ = mean over x ~ U(1.3·D) of σ(s(1−V))·[max(0, V̇/V + κ) on D, 2 off D] + w·(1 − σ(s(1−V))) on D.
 *
 * So the set grows wherever the decrease condition is violated by less than w, shrinks where it is violated
 * by more, and stays inside D. (Compare the tunable region term of Chang, Roohi & Gao, "Neural Lyapunov
 * control", NeurIPS 2019, eq. 5; here the set's own smooth indicator is the weight.) A small loss proves
 * nothing.
 * @example
 * const V = trainableQuadratic(2, { P: [[1, 0], [0, 1]], epsilon: 1e-3 })
 * regionLoss({ V, rate: 0.2, domain: [[-3, 3], [-9, 9]], reward: 0.05 })
 */
export function regionLoss({
  V,
  rate,
  domain,
  reward,
  sharpness = 20,
  batch = 256,
}: RegionLossOptions): Loss<{ readonly field: Field; readonly V: Field }> {
  const where = 'regionLoss'
  for (const [name, value] of Object.entries({ rate, reward, sharpness })) {
    if (!(value >= 0 && Number.isFinite(value)))
      throw misuse({ where, expected: `${name} ≥ 0`, got: show(value), try: `${name}: 0.1` })
  }
  const wide = domain.map(([lo, hi]) => {
    const [middle, half] = [(lo + hi) / 2, (overhang * (hi - lo)) / 2]
    return [middle - half, middle + half] as const
  })
  const sampler = box(wide)
  return {
    name: where,
    bind(field, _data, execution) {
      checkPair(where, field, V)
      const integrand = combine(
        [field, V],
        (b, place) => integrandOf(b, placeRate(b, place, { V, f: field })),
        where,
      )
      return bindPair('V', { field, scalar: V, integrand }, { sampler, batch, execution })
    },
  }

  function integrandOf(
    b: Builder,
    { state, value, rate: decay }: { state: Ref; value: Ref; rate: Ref },
  ): Ref {
    const one = b.constant(1)
    const covered = b.unary('sigmoid', b.mul(b.constant(sharpness), b.sub(one, value)))
    const excess = b.unary('relu', b.add(b.div(decay, value), b.constant(rate)))
    const violation = b.binary('min', excess, b.constant(largestViolation))
    const outside = outsideOf(b, state, domain)
    const inside = b.sub(one, outside)
    const cost = b.add(b.mul(inside, violation), b.mul(outside, b.constant(outsideCost)))
    const omission = b.mul(b.mul(inside, b.constant(reward)), b.sub(one, covered))
    return b.add(b.mul(covered, cost), omission)
  }
}

/** 1 off the domain, 0 on it. */
function outsideOf(b: Builder, state: Ref, domain: Box): Ref {
  const distances = domain.map(([lo, hi], i) => {
    const x = b.gather(state, [i])
    return b.unary('abs', b.div(b.sub(x, b.constant((lo + hi) / 2)), b.constant((hi - lo) / 2)))
  })
  const farthest = distances.reduce((a, c) => b.binary('max', a, c))
  return b.unary('step', b.sub(farthest, b.constant(1)))
}
