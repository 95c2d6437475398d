import { misuse } from '../error.js'
import type { Builder, Ref } from '../graph/builder.js'

/**
 * Solves Mx = r within a graph, M symmetric and positive definite: M = LDLᵀ written out in single numbers, then one
 * forward and one backward substitution. `rows` holds the rows of M, of which entries left of and on the diagonal are
 * read; entries that are constant zeros cost nothing. About k³/6 products for k unknowns; there is no pivoting, which
 * definiteness makes unnecessary. Golub & Van Loan, Matrix Computations, algorithm 4.1.1.
 * @example
 * const b = new Builder()
 * const x = solvePositiveDefinite(b, [b.constant([2, 1]), b.constant([1, 2])], b.constant([3, 3])) // [1, 1]
 */
export function solvePositiveDefinite(b: Builder, rows: readonly Ref[], right: Ref): Ref {
  const k = rows.length
  if (b.size(right) !== k || rows.some((row) => b.size(row) !== k))
    throw misuse({
      where: 'solvePositiveDefinite',
      expected: `rows and a right side of length ${k}`,
      got: `lengths ${[...rows, right].map((r) => b.size(r)).join(', ')}`,
      try: 'one vector per row of a square matrix',
      code: 'wrong-dimension',
    })
  const lower: Ref[][] = []
  const pivots: Ref[] = []
  const x: Ref[] = []
  for (let i = 0; i < k; i++) {
    // scaled[j] = Lᵢⱼ·Dⱼ
    const scaled: Ref[] = []
    for (let j = 0; j < i; j++) {
      const sum = difference(b, b.gather(rows[i], [j]), scaled, lower[j])
      scaled.push(sum)
    }
    lower.push(scaled.map((v, j) => b.div(v, pivots[j])))
    pivots.push(difference(b, b.gather(rows[i], [i]), scaled, lower[i]))
    x.push(difference(b, b.gather(right, [i]), x, lower[i]))
  }
  for (let i = k - 1; i >= 0; i--) {
    const below = Array.from({ length: k - 1 - i }, (_, m) => i + 1 + m)
    x[i] = difference(
      b,
      b.div(x[i], pivots[i]),
      below.map((m) => x[m]),
      below.map((m) => lower[m][i]),
    )
  }
  return b.concat(x)
}

/** a − Σ uⱼvⱼ over the entries of v; zeros are left out though u is a quotient, as all pivots are positive. */
function difference(b: Builder, a: Ref, u: readonly Ref[], v: readonly Ref[]): Ref {
  return v.reduce((sum, factor, j) => (b.isZero(factor) ? sum : b.sub(sum, b.mul(u[j], factor))), a)
}
