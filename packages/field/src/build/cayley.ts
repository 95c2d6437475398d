import { misuse, show } from '../error.js'

/** The Cayley transform for one size, with its derivatives at the point of the last `forward`. Nothing is allocated by them. */
export interface CayleyTransform {
  /** n(n − 1)/2, the entries of A below its diagonal, row by row */
  readonly parameters: number
  /** writes Q, n×n row-major */
  forward(parameters: ArrayLike<number>, Q: Float64Array): void
  /** writes dQ = −2M dA M */
  push(tangent: ArrayLike<number>, dQ: Float64Array): void
  /** writes the cotangents of the parameters, from those of Q: of A they are −2Mᵀ Q̄ Mᵀ */
  pull(cotangent: ArrayLike<number>, parameters: Float64Array): void
}

/**
 * Q = (I − A)(I + A)⁻¹ = 2M − I with M = (I + A)⁻¹ and A = −Aᵀ: an orthogonal matrix without an eigenvalue −1, and every
 * such matrix is one (Cayley 1846). The symmetric part of I + A is I, and stays at least I in every Schur complement, so
 * that elimination needs no pivots. Cost: 2n³ operations forward, 4n³ for a derivative.
 * @example
 * const Q = new Float64Array(4)
 * cayley(2).forward([1], Q) // [0, 1, −1, 0]
 */
export function cayley(n: number): CayleyTransform {
  if (!Number.isSafeInteger(n) || n < 1)
    throw misuse({ where: 'cayley', expected: 'a positive size', got: show(n), try: 'cayley(8)' })
  const M = new Float64Array(n * n)
  const [inner, outer] = [new Float64Array(n * n), new Float64Array(n * n)]
  const parameters = (n * (n - 1)) / 2
  const isRight = (values: ArrayLike<number>, length: number) => {
    if (values.length === length) return
    throw misuse({
      where: `cayley(${n})`,
      expected: `${length} numbers`,
      got: `${values.length}`,
      try: 'n(n − 1)/2 parameters, or a matrix of n² entries',
      code: 'wrong-dimension',
    })
  }
  return {
    parameters,
    forward(values, Q) {
      isRight(values, parameters)
      isRight(Q, n * n)
      fillSkew(values, n, M)
      for (let i = 0; i < n; i++) M[i * n + i] = 1
      invert(M, n)
      for (let k = 0; k < n * n; k++) Q[k] = 2 * M[k]
      for (let i = 0; i < n; i++) Q[i * n + i] -= 1
    },
    push(tangent, dQ) {
      isRight(tangent, parameters)
      isRight(dQ, n * n)
      fillSkew(tangent, n, inner)
      multiply(M, inner, n, outer)
      multiply(outer, M, n, dQ)
      for (let k = 0; k < n * n; k++) dQ[k] *= -2
    },
    pull(cotangent, out) {
      isRight(cotangent, n * n)
      isRight(out, parameters)
      // Mᵀ Q̄ Mᵀ = (M Q̄ᵀ M)ᵀ
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) inner[i * n + j] = cotangent[j * n + i]
      multiply(M, inner, n, outer)
      multiply(outer, M, n, inner)
      let k = 0
      for (let i = 1; i < n; i++)
        for (let j = 0; j < i; j++) out[k++] = -2 * (inner[j * n + i] - inner[i * n + j])
    },
  }
}

function fillSkew(values: ArrayLike<number>, n: number, A: Float64Array): void {
  let k = 0
  for (let i = 0; i < n; i++) {
    A[i * n + i] = 0
    for (let j = 0; j < i; j++) {
      A[i * n + j] = values[k]
      A[j * n + i] = -values[k++]
    }
  }
}

/** M⁻¹ in place, by Gauss–Jordan elimination without pivots. */
function invert(M: Float64Array, n: number): void {
  for (let k = 0; k < n; k++) {
    const pivot = 1 / M[k * n + k]
    for (let j = 0; j < n; j++) if (j !== k) M[k * n + j] *= pivot
    for (let i = 0; i < n; i++) {
      const factor = M[i * n + k]
      if (i === k || factor === 0) continue
      for (let j = 0; j < n; j++) if (j !== k) M[i * n + j] -= factor * M[k * n + j]
      M[i * n + k] = -factor * pivot
    }
    M[k * n + k] = pivot
  }
}

/** out = A·B, none of them the same array. */
function multiply(A: Float64Array, B: Float64Array, n: number, out: Float64Array): void {
  out.fill(0)
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const a = A[i * n + k]
      for (let j = 0; j < n; j++) out[i * n + j] += a * B[k * n + j]
    }
}
