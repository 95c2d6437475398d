import {
  Builder,
  embed,
  expectField,
  type Field,
  makeField,
  mergeTheta,
  misuse,
  show,
} from '@separatrix/field/core'

export interface TrainableNormOptions {
  /** ε > 0 keeps V > 0 off 0 whatever training does */
  readonly epsilon: number
  /** φ: R^n → R^k, trained along; none by default */
  readonly features?: Field
  readonly name?: string
}

/**
 * A candidate of norms that training cannot spoil: V(x) = |φ(x) − φ(0)|₁ + |(εI + RᵀR)x|₁ with R (n × n, weights,
 * starting at the identity) in θ: V(0) = 0 and V > 0 elsewhere, since εI + RᵀR is positive definite. Yang, Dai, Shi,
 * Hsieh, Tedrake & Zhang, "Lyapunov-stable neural control", ICML 2024, eq. 6. It has a kink at 0, where proofs of
 * regions need a smooth V: for training, for maps, and for sets away from 0.
 * @example trainableNorm(2, { epsilon: 0.01, features: network({ widths: [2, 8, 1], activation: 'tanh', seed: 1 }) })
 */
export function trainableNorm(n: number, { epsilon, features, name = 'V' }: TrainableNormOptions): Field {
  const where = 'trainableNorm'
  if (!(Number.isInteger(n) && n > 0))
    throw misuse({ where, expected: 'a number of states', got: show(n), try: 'trainableNorm(2, …)' })
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw misuse({ where, expected: 'ε > 0', got: show(epsilon), try: 'epsilon: 0.01' })
  const linear = linearPart(n, epsilon, name)
  if (features === undefined) return linear
  expectField(where, features)
  if (features.stateSize !== n || features.inputSize > 0)
    throw misuse({
      where,
      expected: `features of ${n} states`,
      got: `${features.stateSize} and ${features.inputSize} inputs`,
      try: `network({ widths: [${n}, 8, 1], … })`,
      code: 'wrong-dimension',
    })
  const { theta, layout, offsets } = mergeTheta([linear, features])
  const b = new Builder()
  const all = b.leaf('theta', theta.length)
  const part = (field: Field, offset: number) =>
    b.gather(
      all,
      Array.from(field.theta.keys(), (i) => offset + i),
    )
  const own = part(features, offsets[1])
  const atOrigin = embed(b, features, { state: b.zeros(n), theta: own })
  const moved = b.sub(embed(b, features, { theta: own }), atOrigin)
  const value = b.add(b.sum(b.unary('abs', moved)), embed(b, linear, { theta: part(linear, offsets[0]) }))
  return makeField(b, value, { name, stateNames: features.stateNames, inputNames: [], theta, layout })
}

/** |(εI + RᵀR)x|₁. */
function linearPart(n: number, epsilon: number, name: string): Field {
  const b = new Builder()
  const x = b.leaf('state', n)
  const R = b.leaf('theta', n * n)
  const y = b.add(b.mul(b.constant(epsilon), x), b.matvec(R, b.matvec(R, x, n, n), n, n, true))
  return makeField(b, b.sum(b.unary('abs', y)), {
    name,
    stateNames: Array.from({ length: n }, (_, i) => `x${i + 1}`),
    inputNames: [],
    theta: Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? 1 : 0)),
    layout: [{ name: `${name}.R`, offset: 0, shape: [n, n], kind: 'weight' }],
  })
}
