import { misuse } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import {
  type Matrix,
  type MatrixLike,
  readMatrix,
  solveLinear,
  symmetrize,
  toNdarray,
  zeros,
} from './matrix.js'

/**
 * Solves the Lyapunov equation A·X + X·Aᵀ + Q = 0.
 * Shapes: A, Q and X are n × n. Unique unless two eigenvalues of A add up to 0, which throws. By the
 * Kronecker form (I ⊗ A + A ⊗ I) vec X = −vec Q with one refinement: O(n⁶), meant for n ≤ 20.
 * @example
 * lyap([[-1, 1], [-1, 0]], [[1, 0], [0, 1]]) // [[1, 0.5], [0.5, 1.5]]
 */
export function lyap(A: MatrixLike, Q: MatrixLike): NdArray<Float64Array> {
  const a = readMatrix('lyap(A)', A)
  const q = readMatrix('lyap(Q)', Q, { rows: a.rows, cols: a.rows })
  return toNdarray(
    orThrow(
      'lyap',
      'A whose eigenvalues never add up to 0 in pairs (a stable A will do)',
      solveLyapunov(square('lyap', a), q),
    ),
  )
}

/**
 * Solves the discrete Lyapunov (Stein) equation A·X·Aᵀ − X + Q = 0; see {@link lyap}. Unique unless two
 * eigenvalues of A multiply to 1.
 */
export function dlyap(A: MatrixLike, Q: MatrixLike): NdArray<Float64Array> {
  const a = readMatrix('dlyap(A)', A)
  const q = readMatrix('dlyap(Q)', Q, { rows: a.rows, cols: a.rows })
  const n = square('dlyap', a).rows
  const at = (i: number, j: number) => a.data[i * n + j] as number
  const solution = solveVectorized(q, (i, j, k, l) => at(i, k) * at(j, l) - (i === k && j === l ? 1 : 0))
  return toNdarray(orThrow('dlyap', 'A whose eigenvalues never multiply to 1 in pairs', solution))
}

/** A·X + X·Aᵀ + Q = 0 inside; `undefined` where singular. */
export function solveLyapunov(a: Matrix, q: Matrix): Matrix | undefined {
  const n = a.rows
  const at = (i: number, j: number) => a.data[i * n + j] as number
  return solveVectorized(q, (i, j, k, l) => (j === l ? at(i, k) : 0) + (i === k ? at(j, l) : 0))
}

/** Solves Σ_kl operator(i, j, k, l)·X_kl = −Q_ij; symmetric Q gives an exactly symmetric X. */
function solveVectorized(
  q: Matrix,
  operator: (i: number, j: number, k: number, l: number) => number,
): Matrix | undefined {
  const n = q.rows
  const system = zeros(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++)
        for (let l = 0; l < n; l++) system.data[(i * n + j) * n * n + k * n + l] = operator(i, j, k, l)
  const x = solveLinear(system, { rows: n * n, cols: 1, data: q.data.map((v) => -v) })
  if (x === undefined) return undefined
  const full = { rows: n, cols: n, data: x.data }
  const isSymmetric = q.data.every((v, at) => v === q.data[(at % n) * n + Math.floor(at / n)])
  return isSymmetric ? symmetrize(full) : full
}

export function square(where: string, a: Matrix): Matrix {
  if (a.rows === a.cols) return a
  throw misuse({
    where,
    expected: 'a square matrix A',
    got: `${a.rows}×${a.cols}`,
    try: 'the n × n matrix of the states',
    code: 'wrong-dimension',
  })
}

function orThrow(where: string, expected: string, solution: Matrix | undefined): Matrix {
  if (solution !== undefined) return solution
  throw misuse({ where, expected, got: 'a singular equation', try: 'the eigenvalues of A', code: 'singular' })
}
