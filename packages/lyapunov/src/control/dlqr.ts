import { eigenvalues } from './eigenvalues.js'
import type { LinearQuadraticRegulator } from './lqr.js'
import {
  combination,
  type Matrix,
  type MatrixLike,
  multiply,
  readMatrix,
  solveLinear,
  toNdarray,
  transpose,
} from './matrix.js'
import { dare, readRiccati } from './riccatiEquations.js'

/**
 * The linear-quadratic regulator of a map: u = −K·x minimises Σ xᵀQx + uᵀRu along x⁺ = A·x + B·u.
 * K = (R + BᵀSB)⁻¹BᵀSA with S from {@link dare}.
 * @example
 * dlqr([[1]], [[1]], [[1]], [[1]]).K // [[(√5 − 1)/2]]
 */
export function dlqr(A: MatrixLike, B: MatrixLike, Q: MatrixLike, R: MatrixLike): LinearQuadraticRegulator {
  const { a, r } = readRiccati('dlqr', [A, B, Q, R])
  const b = readMatrix('dlqr(B)', B)
  const S = dare(A, B, Q, R)
  const weighted = multiply(transpose(b), readMatrix('dlqr(S)', S))
  const k = solveLinear(combination(r, multiply(weighted, b), 1), multiply(weighted, a)) as Matrix
  return { K: toNdarray(k), S, E: eigenvalues(combination(a, multiply(b, k), -1)) }
}
