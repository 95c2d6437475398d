import {
  Builder,
  embed,
  type Field,
  makeField,
  pullback,
  type Random,
  type Ref,
} from '@separatrix/field/core'

/** Weights of the integrals along a path. */
export interface PathWeights {
  readonly kinetic?: number
  readonly jacobian?: number
}

/** Which integrals along a path a field is extended by. */
export interface PathTerms {
  readonly kinetic: boolean
  readonly jacobian: boolean
}

/**
 * A field with the integrands of RNODE as further states: e′ = |f|² (kinetic energy) and j′ = |(∂f/∂x)ᵀε|², whose
 * mean over ε with covariance I is the squared Frobenius norm of the Jacobian (Hutchinson). The noise ε is the last
 * block of θ, of length n, and constant along a path. Finlay, Jacobsen, Nurbekyan & Oberman, ICML 2020.
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

/** A field with penalties along its paths, for batches. */
export interface BatchPath {
  /** of the states [x; integrals; ε], with the parameters of the field */
  readonly field: Field
  /** the weight of each integral */
  readonly factors: readonly number[]
  /** integrals at 0 and fresh noise behind the state that starts at `at` */
  begin(start: Float64Array, at: number, random: Random): void
}

/** {@link pathField} with the noise as states that stand still, since trajectories of a batch share θ. */
export function batchPath(field: Field, { kinetic = 0, jacobian = 0 }: PathWeights): BatchPath {
  const factors = [kinetic, jacobian].filter((factor) => factor > 0)
  if (factors.length === 0) return { field, factors, begin: () => undefined }
  const [n, p, terms] = [field.stateSize, field.theta.length, factors.length]
  const b = new Builder()
  const range = (from: number, length: number) => Array.from({ length }, (_, i) => from + i)
  const state = b.leaf('state', 2 * n + terms)
  const noise = b.gather(state, range(n + terms, n))
  const rate = embed(b, pathField(field, { kinetic: kinetic > 0, jacobian: jacobian > 0 }), {
    state: b.gather(state, range(0, n + terms)),
    theta: b.concat([b.leaf('theta', p), noise]),
  })
  const stateNames = range(0, 2 * n + terms).map((i) => field.stateNames[i] ?? `behind${i}`)
  return {
    field: makeField(b, b.concat([rate, b.zeros(n)]), { ...field, stateNames }),
    factors,
    begin(start, at, random) {
      start.fill(0, at + n, at + n + terms)
      for (let i = 0; i < n; i++) start[at + n + terms + i] = random.normal()
    },
  }
}
