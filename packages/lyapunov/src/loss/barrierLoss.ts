import type { Loss } from '@separatrix/adjoint'
import { combine, type Field, misuse, show } from '@separatrix/field/core'
import { bindPair, checkPair, type Sampling } from './bindPair.js'
import { placeRate } from './placeRate.js'

export interface BarrierLossOptions extends Partial<Omit<Sampling, 'execution'>> {
  /** B, positive inside the safe set and 0 on its boundary; its weights, if any, are trained too */
  readonly barrier: Field
  /** α ≥ 0 of Ḃ ≥ −αB */
  readonly alpha: number
  /** where the condition is asked; `nearBoundary` draws where it bites */
  readonly sampler: Sampling['sampler']
  /** samples per step; 256 */
  readonly batch?: number
}

/**
 * The barrier loss: the mean over samples of max(0, −(∇B·f + αB)), zero exactly where {B ≥ 0} is left by no
 * flow. Ames, Xu, Grizzle & Tabuada, IEEE TAC 62 (2017), definition 3 with a linear α. A small loss proves
 * nothing.
 * @example
 * const B = expression('1 - x^2 - v^2', ['x', 'v'])
 * barrierLoss({ barrier: B, alpha: 1, sampler: nearBoundary(B, 0.1, [[-1.2, 1.2], [-1.2, 1.2]]) })
 */
export function barrierLoss({
  barrier,
  alpha,
  sampler,
  batch = 256,
  time,
  disturbance,
  counterexamples,
  worstOf,
}: BarrierLossOptions): Loss<{ readonly field: Field; readonly barrier: Field }> {
  const where = 'barrierLoss'
  if (!(alpha >= 0 && Number.isFinite(alpha)))
    throw misuse({ where, expected: 'α ≥ 0', got: show(alpha), try: 'alpha: 1' })
  return {
    name: where,
    bind(field, _data, execution) {
      checkPair(where, field, barrier, disturbance)
      const integrand = combine(
        [field, barrier],
        (b, place) => {
          const { value, rate } = placeRate(b, place, { V: barrier, f: field })
          return b.unary('relu', b.neg(b.add(rate, b.mul(b.constant(alpha), value))))
        },
        where,
      )
      return bindPair(
        'barrier',
        { field, scalar: barrier, integrand },
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
