import { atClock, type Problem } from '../problem.js'

/** Substeps of the explicit midpoint rule: twice the harmonic sequence (Deuflhard 1983). */
export const substeps = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20] as const

/** Rows of the table at most: order 20. */
export const mostRows = substeps.length

/** The extrapolation table of one step, row by row. */
export interface MidpointTable {
  /** starts a step of size span[1] from (span[0], y) with f(span[0], y) = slope */
  begin(span: Float64Array, y: Float64Array, slope: Float64Array): void
  /** computes row j (from 0); afterwards `best` is T_jj and `error` the mean squared scaled |T_jj − T_j,j−1| */
  row(j: number): void
  readonly best: Float64Array
  /** T_j,j−1, one order lower in h² */
  readonly previous: Float64Array
  evaluations(): number
}

/**
 * Gragg's method: the explicit midpoint rule with n_j substeps has an expansion in h², which Aitken and
 * Neville's scheme extrapolates: T_j,k = T_j,k−1 + (T_j,k−1 − T_j−1,k−1)/((n_j/n_j−k)² − 1); T_jj is of order
 * 2j. Source: Hairer, Nørsett & Wanner, Solving ODEs I, §II.9.
 */
export function midpointTable(problem: Problem): MidpointTable {
  const n = problem.size
  const clock = new Float64Array(1)
  const evaluate = atClock(problem, clock)
  const table = Array.from({ length: mostRows }, () => new Float64Array(n))
  const [a, b, d, best, previous, y0, f0] = Array.from({ length: 7 }, () => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  // numbers of a step lie in an array: as arguments or properties they would be boxed
  const at = new Float64Array(2)
  let evaluations = 0

  const midpoint = (steps: number) => {
    const w = (at[1] as number) / steps
    for (let i = 0; i < n; i++) {
      a[i] = y0[i] as number
      b[i] = (y0[i] as number) + w * (f0[i] as number)
    }
    for (let s = 1; s < steps; s++) {
      clock[0] = (at[0] as number) + s * w
      evaluate(b, d)
      for (let i = 0; i < n; i++) {
        const next = (a[i] as number) + 2 * w * (d[i] as number)
        a[i] = b[i] as number
        b[i] = next
      }
    }
    evaluations += steps - 1
  }

  return {
    best,
    previous,
    begin(span, y, slope) {
      at[0] = span[0] as number
      at[1] = span[1] as number
      evaluations = 0
      y0.set(y)
      f0.set(slope)
    },
    row(j) {
      midpoint(substeps[j] as number)
      // table[k] holds T_j−1,k; it is replaced by T_j,k from left to right
      for (let i = 0; i < n; i++) {
        let value = b[i] as number
        for (let k = 0; k <= j; k++) {
          const old = (table[k] as Float64Array)[i] as number
          ;(table[k] as Float64Array)[i] = value
          if (k === j) break
          const ratio = (substeps[j] as number) / (substeps[j - k - 1] as number)
          value += (value - old) / (ratio * ratio - 1)
        }
        best[i] = (table[j] as Float64Array)[i] as number
        previous[i] = (table[Math.max(0, j - 1)] as Float64Array)[i] as number
      }
    },
    evaluations: () => evaluations,
  }
}
