import type { Loss } from '@separatrix/adjoint'
import { combine, type Field, misuse, pullback, show } from '@separatrix/field/core'
import { bindPair, checkPair, type Sampling } from './bindPair.js'

export interface HigherOrderLyapunovLossOptions extends Partial<Omit<Sampling, 'execution' | 'disturbance'>> {
  /** a scalar field on the state; its weights, if it has any, are trained too */
  readonly V: Field
  /** c₀, …, c_{k−1} of V⁽ᵏ⁾ + c_{k−1}V⁽ᵏ⁻¹⁾ + … + c₀V ≤ 0; one number is the condition of lyapunovLoss */
  readonly coefficients: readonly number[]
  readonly sampler: Sampling['sampler']
  /** samples per step; 256 */
  readonly batch?: number
}

/** Each further derivative multiplies the graph's size; LyaNet goes to the third. */
const highestOrder = 4

/**
 * A Lyapunov condition on higher derivatives along f: the mean over samples of
 * max(0, V⁽ᵏ⁾ + c_{k−1}V⁽ᵏ⁻¹⁾ + … + c₀V), V⁽ʲ⁺¹⁾ = ∇V⁽ʲ⁾·f, so that V need not fall at once. Where the polynomial
 * sᵏ + … + c₀ has real negative roots only, V lies below a solution of the linear equation (comparison lemma) with the
 * same first derivatives. Rodriguez, Ames & Yue, "LyaNet", 2022, whose code has k = 2 with c = (100, 20). A small loss
 * proves nothing.
 * @example
 * higherOrderLyapunovLoss({ V: quadratic([[1, 0], [0, 1]]), coefficients: [100, 20], sampler: ball(1) })
 */
export function higherOrderLyapunovLoss({
  V,
  coefficients,
  batch = 256,
  ...sampling
}: HigherOrderLyapunovLossOptions): Loss<{ readonly field: Field; readonly V: Field }> {
  const where = 'higherOrderLyapunovLoss'
  const order = coefficients.length
  if (order < 1 || order > highestOrder || !coefficients.every(Number.isFinite))
    throw misuse({
      where,
      expected: `1 to ${highestOrder} finite coefficients`,
      got: show(coefficients),
      try: '[100, 20] for the second order',
    })
  return {
    name: where,
    bind(field, _data, execution) {
      checkPair(where, field, V)
      const integrand = combine(
        [field, V],
        (b, place) => {
          const state = b.leaf('state', field.stateSize)
          const f = place(field)
          let derivative = place(V)
          let total = b.constant(0)
          for (const c of coefficients) {
            total = b.add(total, b.mul(b.constant(c), derivative))
            const [slope] = pullback(b, derivative, b.constant(1), [state])
            derivative = b.dot(slope, f)
          }
          return b.unary('relu', b.add(derivative, total))
        },
        where,
      )
      return bindPair('V', { field, scalar: V, integrand }, { ...sampling, batch, execution })
    },
  }
}
