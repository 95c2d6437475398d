import { Builder, type Field, makeField, misuse, show } from '@separatrix/field/core'
import { factor } from './choleskyFactor.js'

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
  const theta = transposedFactor(P, epsilon)
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
function transposedFactor(P: readonly (readonly number[])[], epsilon: number): Float64Array {
  const n = P.length
  const C = factor(
    'trainableQuadratic, P − εI',
    P.map((row, i) => row.map((v, j) => (i === j ? v - epsilon : v))),
    'a smaller epsilon, or a positive definite P',
  )
  return Float64Array.from({ length: n * n }, (_, k) => C[k % n][Math.floor(k / n)])
}

function identity(n: number): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)))
}
