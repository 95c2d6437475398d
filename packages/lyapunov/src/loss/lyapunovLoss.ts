import type { Loss } from '@separatrix/adjoint'
import { combine, type Field, misuse, type Ref, show } from '@separatrix/field/core'
import { bindPair, checkPair, type Sampling } from './bindPair.js'
import { placeRate } from './placeRate.js'

export interface LyapunovLossOptions extends Partial<Omit<Sampling, 'execution'>> {
  /** a scalar field on the state; its weights, if it has any, are trained too */
  readonly V: Field
  /** κ ≥ 0 of V(x(t)) ≤ e^(−κt) V(x(0)) */
  readonly rate: number
  readonly sampler: Sampling['sampler']
  /** samples per step; 256 */
  readonly batch?: number
  /**
   * what a violation is divided by, so that the neighbourhood of the origin counts, where V̇ and V are small:
   * nothing, V (then the loss is the excess of the rate itself, and V must be positive), or |x|²
   */
  readonly normalize?: 'none' | 'V' | 'square'
  /**
   * c ≥ 0 of a set {V ≤ c} to come to rather than a point: V − c has to decay at the rate where V > c, and nothing is
   * asked within; 0
   */
  readonly target?: number
}

/**
 * The Lyapunov loss: the mean over samples of max(0, ∇V·f + κV), zero exactly where V decays at rate κ (or
 * V − c does, where V > c, with a target c).
 * Rodriguez, Ames & Yue, "LyaNet", ICML 2022, eq. 9; with V(η) a classification loss that is theirs. A small
 * loss proves nothing: certify does.
 * @example
 * lyapunovLoss({ V: quadratic([[2, 1], [1, 2]]), rate: 0.5, sampler: ball(1), normalize: 'V' })
 */
export function lyapunovLoss({
  V,
  rate,
  sampler,
  batch = 256,
  time,
  disturbance,
  counterexamples,
  worstOf,
  normalize = 'none',
  target = 0,
}: LyapunovLossOptions): Loss<{ readonly field: Field; readonly V: Field }> {
  const where = 'lyapunovLoss'
  if (!(rate >= 0 && Number.isFinite(rate)))
    throw misuse({ where, expected: 'a rate κ ≥ 0', got: show(rate), try: 'rate: 0.5' })
  if (!(target >= 0 && Number.isFinite(target)))
    throw misuse({ where, expected: 'a target level c ≥ 0', got: show(target), try: 'target: 0.1' })
  return {
    name: where,
    bind(field, _data, execution) {
      checkPair(where, field, V, disturbance)
      const integrand = combine(
        [field, V],
        (b, place) => {
          const { state, value, rate: decay } = placeRate(b, place, { V, f: field })
          const beyond = target === 0 ? value : b.sub(value, b.constant(target))
          const excess = b.add(decay, b.mul(b.constant(rate), beyond))
          const scale: { readonly [K in typeof normalize]: () => Ref } = {
            none: () => b.constant(1),
            V: () => value,
            square: () => b.dot(state, state),
          }
          const violation = b.unary('relu', b.div(excess, scale[normalize]()))
          return target === 0 ? violation : b.mul(b.unary('step', beyond), violation)
        },
        where,
      )
      return bindPair(
        'V',
        { field, scalar: V, integrand },
        {
          sampler,
          batch,
          time,
          disturbance,
          counterexamples,
          worstOf,
          execution,
        },
      )
    },
  }
}
