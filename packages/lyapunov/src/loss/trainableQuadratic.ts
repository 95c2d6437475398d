import { Builder, type Field, makeField, misuse, show } from '@separatrix/field/core'

export interface TrainableQuadraticOptions {
  /** V starts at xᵀPx; the identity by default */
  readonly P?: readonly (readonly number[])[]
  /** ε > 0 keeps V ≥ ε|x|² whatever training does; below P's smallest eigenvalue */
  readonly epsilon: number
  readonly name?: string
}

/**
 * A quadratic candidate that training cannot spoil: V(x) = |Lx|² + ε|x|² with L (n × n, weights) in θ,
 * positive definite for every L. L starts as the transposed Cholesky factor of P − εI, so that V starts at
 * xᵀPx.
 * @example trainableQuadratic(2, { P: [[1.4, 0.07], [0.07, 0.04]], epsilon: 1e-3 })
 */
export function trainableQuadratic(
  n: number,
  { P = identity(n), epsilon, name = 'V' }: TrainableQuadraticOptions,
): Field {
  const where = 'trainableQuadratic'
  if (!(Number.isInteger(n) && n > 0))
    throw misuse({ where, expected: 'a number of states', got: show(n), try: 'trainableQuadratic(2, …)' })
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw misuse({ where, expected: 'ε > 0', got: show(epsilon), try: 'epsilon: 1e-3' })
  if (
    P.length !== n ||
    P.some(
      (row, i) => row.length !== n || row.some((v, j) => !(Math.abs(v - P[j][i]) <= 1e-12 * Math.abs(v))),
    )
  )
    throw misuse({
      where,
      expected: `a symmetric ${n} × ${n} matrix P`,
      got: show(P),
      try: 'P: [[1, 0], [0, 1]]',
    })
  const theta = factor(P, epsilon)
  const b = new Builder()
  const x = b.leaf('state', n)
  const Lx = b.matvec(b.leaf('theta', n * n), x, n, n)
  const value = b.add(b.dot(Lx, Lx), b.mul(b.constant(epsilon), b.dot(x, x)))
  return makeField(b, value, {
    name,
    stateNames: Array.from({ length: n }, (_, i) => `x${i + 1}`),
    inputNames: [],
    theta,
    layout: [{ name: `${name}.L`, offset: 0, shape: [n, n], kind: 'weight' }],
  })
}

/** Cᵀ, row-major, of P − εI = CCᵀ. */
function factor(P: readonly (readonly number[])[], epsilon: number): Float64Array {
  const n = P.length
  const C = new Float64Array(n * n)
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let s = P[i][j] - (i === j ? epsilon : 0)
      for (let k = 0; k < j; k++) s -= C[i * n + k] * C[j * n + k]
      if (i === j && !(s > 0))
        throw misuse({
          where: 'trainableQuadratic',
          expected: 'P − εI positive definite',
          got: `pivot ${s} in row ${i + 1} with ε = ${epsilon}`,
          try: 'a smaller epsilon, or a positive definite P',
          code: 'not-positive-definite',
        })
      C[i * n + j] = i === j ? Math.sqrt(s) : s / C[j * n + j]
    }
  }
  const transposed = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) transposed[j * n + i] = C[i * n + j]
  return transposed
}

function identity(n: number): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
}
