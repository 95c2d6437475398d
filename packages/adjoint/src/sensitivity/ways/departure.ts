/**
 * Part of a solution's size by which a second solve of the same equations may differ before its gradient is
 * refused. Solves that are merely inaccurate differ by a few tolerances, or by a few hundredths at coarse
 * steps of first order; one that is unstable passes any bound within some steps.
 */
export const largestDeparture = 0.1

/** Keeps the largest |found − expected| of states, relative to the size of the whole solution. */
export function departures(n: number, solution: Float64Array) {
  const size = solution.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  let largest = 0
  return {
    compare(found: ArrayLike<number>, from: number, expected: ArrayLike<number>, at: number): void {
      for (let m = 0; m < n; m++) largest = Math.max(largest, Math.abs(found[from + m] - expected[at + m]))
    },
    /** NaN where a state was not finite */
    largest: () => (largest === 0 ? 0 : largest / size),
  }
}

export function percent(part: number): string {
  return Number.isFinite(part) ? `${(100 * part).toPrecision(2)} %` : 'more than can be told'
}
