import type { NdArray } from 'ndarray'
import { type Complex, eigenvalues } from './eigenvalues.js'
import {
  combination,
  type Matrix,
  type MatrixLike,
  multiply,
  solveLinear,
  toNdarray,
  transpose,
} from './matrix.js'
import { readRiccati, solveCare } from './riccatiEquations.js'

export interface LinearQuadraticRegulator {
  /** gain of u = −K·x, m × n */
  readonly K: NdArray<Float64Array>
  /** the cost x₀ᵀ·S·x₀, hence a Lyapunov function of the closed loop, n × n */
  readonly S: NdArray<Float64Array>
  /** closed-loop poles, by descending real part */
  readonly E: readonly Complex[]
}

/**
 * The linear-quadratic regulator: u = −K·x minimises ∫ xᵀQx + uᵀRu dt along x' = A·x + B·u.
 * K = R⁻¹BᵀS with S from {@link care}.
 * @example
 * lqr([[0, 1], [0, 0]], [[0], [1]], [[1, 0], [0, 1]], [[1]]).K // [[1, √3]]
 */
export function lqr(A: MatrixLike, B: MatrixLike, Q: MatrixLike, R: MatrixLike): LinearQuadraticRegulator {
  const problem = readRiccati('lqr', [A, B, Q, R])
  const s = solveCare(problem)
  const k = solveLinear(problem.r, multiply(transpose(problem.b), s)) as Matrix
  return {
    K: toNdarray(k),
    S: toNdarray(s),
    E: eigenvalues(combination(problem.a, multiply(problem.b, k), -1)),
  }
}
