/**
 * LU decomposition with partial pivoting of an n × n matrix, row-major, in place; returns false where it
 * is singular. 2n³/3 operations. Source: Golub & Van Loan, Matrix Computations, algorithm 3.4.1.
 */
export function factorize(A: Float64Array, n: number, pivots: Int32Array): boolean {
  for (let k = 0; k < n; k++) {
    let p = k
    for (let i = k + 1; i < n; i++)
      if (Math.abs(A[i * n + k] as number) > Math.abs(A[p * n + k] as number)) p = i
    pivots[k] = p
    const pivot = A[p * n + k] as number
    if (!(Math.abs(pivot) > 0)) return false
    if (p !== k)
      for (let j = 0; j < n; j++) {
        const held = A[k * n + j] as number
        A[k * n + j] = A[p * n + j] as number
        A[p * n + j] = held
      }
    for (let i = k + 1; i < n; i++) {
      const factor = (A[i * n + k] as number) / pivot
      A[i * n + k] = factor
      if (factor !== 0)
        for (let j = k + 1; j < n; j++)
          A[i * n + j] = (A[i * n + j] as number) - factor * (A[k * n + j] as number)
    }
  }
  return true
}

/** Solves LUx = b in place, from {@link factorize}. */
export function solveFactored(LU: Float64Array, n: number, pivots: Int32Array, b: Float64Array): void {
  for (let k = 0; k < n; k++) {
    const p = pivots[k] as number
    const held = b[p] as number
    b[p] = b[k] as number
    b[k] = held
  }
  for (let i = 1; i < n; i++) {
    let sum = b[i] as number
    for (let j = 0; j < i; j++) sum -= (LU[i * n + j] as number) * (b[j] as number)
    b[i] = sum
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i] as number
    for (let j = i + 1; j < n; j++) sum -= (LU[i * n + j] as number) * (b[j] as number)
    b[i] = sum / (LU[i * n + i] as number)
  }
}
