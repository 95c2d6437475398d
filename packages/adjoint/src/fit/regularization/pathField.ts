import { Builder, embed, type Field, makeField, pullback, type Ref } from '@separatrix/field/core'

/** Which integrals along a path a field is extended by. */
export interface PathTerms {
  readonly kinetic: boolean
  readonly jacobian: boolean
}

/**
 * A field with the integrands of RNODE as further states: e′ = |f|² (kinetic energy) and j′ = |(∂f/∂x)ᵀε|², whose
 * mean over ε with covariance I is the squared Frobenius norm of the Jacobian (Hutchinson). The noise ε is the last
 * block of θ, of length n, and constant along a path. Finlay, Jacobsen, Nurbekyan & Oberman, ICML 2020, eqs. 5, 8.
 */
export function pathField(field: Field, { kinetic, jacobian }: PathTerms): Field {
  const [n, p] = [field.stateSize, field.theta.length]
  const b = new Builder()
  const part = (leaf: Ref, start: number, length: number) =>
    b.gather(
      leaf,
      Array.from({ length }, (_, i) => start + i),
    )
  const all = b.leaf('theta', p + n)
  const state = b.leaf('state', n + Number(kinetic) + Number(jacobian))
  const x = part(state, 0, n)
  const f = embed(b, field, { state: x, theta: part(all, 0, p) })
  const parts = [f]
  if (kinetic) parts.push(b.dot(f, f))
  if (jacobian) {
    // the state itself is what is differentiated in: x may be simplified away on the way to f
    const [full] = pullback(b, f, part(all, p, n), [state]) as [Ref]
    const product = part(full, 0, n)
    parts.push(b.dot(product, product))
  }
  return makeField(b, b.concat(parts), {
    ...field,
    name: `path of ${field.name}`,
    stateNames: [...field.stateNames, ...(kinetic ? ['kinetic'] : []), ...(jacobian ? ['jacobian'] : [])],
    theta: Float64Array.from([...field.theta, ...new Float64Array(n)]),
    layout: [...field.layout, { name: 'noise', offset: p, shape: [n], kind: 'parameter' }],
  })
}
