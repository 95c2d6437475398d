import { Builder, embed, type Field, makeField, misuse, pushforward, show } from '@separatrix/field/core'

export interface RnodeOptions {
  /** λ_K, of ½|f|² */
  readonly kinetic: number
  /** λ_J, of the squared Frobenius norm of ∂f/∂x */
  readonly jacobian: number
}

/**
 * A penalty that makes flows quick to solve: r = λ_K·½|f|² + λ_J·|∂f/∂x|²_F, integrated along trajectories by
 * {@link likelihoodLoss}. Straight paths at constant speed have the least kinetic energy, and small Jacobians keep
 * steps long. The norm is exact, n directional derivatives, where the paper estimates it by one probe. Finlay,
 * Jacobsen, Nurbekyan & Oberman, ICML 2020, eq. 9 (with means over coordinates in their code).
 * @example
 * const loss = likelihoodLoss({ data: checkerboard, batch: 64, method: rk4, step: 0.25, penalty: rnode({ kinetic: 0.01, jacobian: 0.01 }) })
 */
export function rnode({ kinetic, jacobian }: RnodeOptions): (field: Field) => Field {
  for (const factor of [kinetic, jacobian])
    if (!(factor >= 0 && Number.isFinite(factor)))
      throw misuse({ where: 'rnode', expected: 'factors ≥ 0', got: show(factor), try: 'kinetic: 0.01' })
  return (field) => {
    const n = field.stateSize
    const b = new Builder()
    const x = b.leaf('state', n)
    const f = embed(b, field)
    let rate = b.mul(b.constant(kinetic / 2), b.dot(f, f))
    if (jacobian > 0)
      for (let i = 0; i < n; i++) {
        const unit = b.constant(Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
        const column = pushforward(b, f, new Map([[x, unit]]))
        rate = b.add(rate, b.mul(b.constant(jacobian), b.dot(column, column)))
      }
    return makeField(b, rate, { ...field, name: `penalty of ${field.name}` })
  }
}
