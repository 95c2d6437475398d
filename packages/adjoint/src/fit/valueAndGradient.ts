import { Builder, embed, type Field, makeField, misuse, pullback } from '@separatrix/field/core'

/**
 * A scalar field together with its gradient in θ, as one field: (t, x, θ) ↦ [ℓ; ∂ℓ/∂θ], of length 1 + p, in
 * one graph whose common parts are computed once. Cost: a small multiple of ℓ, whatever p.
 */
export function valueAndGradient(scalar: Field): Field {
  if (scalar.outputSize !== 1)
    throw misuse({
      where: 'valueAndGradient',
      expected: 'a scalar field',
      got: `one of length ${scalar.outputSize}`,
      try: 'a sum or a dot product of its entries',
    })
  const b = new Builder()
  const theta = b.leaf('theta', scalar.theta.length)
  const value = embed(b, scalar, { theta })
  const [gradient] = pullback(b, value, b.constant(1), [theta])
  return makeField(b, b.concat([value, gradient]), { ...scalar, name: `${scalar.name} with gradient` })
}
