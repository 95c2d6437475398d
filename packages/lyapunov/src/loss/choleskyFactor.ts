import { misuse } from '@separatrix/field/core'

/** L, lower triangular, of P = LLᵀ; refuses what is not positive definite. */
export function factor(
  where: string,
  P: readonly (readonly number[])[],
  remedy = 'the S of lqr, or lyap(A, Q)',
): number[][] {
  const n = P.length
  const L = P.map(() => new Array<number>(n).fill(0))
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let s = P[i][j]
      for (let k = 0; k < j; k++) s -= L[i][k] * L[j][k]
      if (i === j && !(s > 0))
        throw misuse({
          where,
          expected: 'a positive definite matrix',
          got: `pivot ${s} in row ${i + 1}`,
          try: remedy,
          code: 'not-positive-definite',
        })
      L[i][j] = i === j ? Math.sqrt(s) : s / L[j][j]
    }
  }
  return L
}
