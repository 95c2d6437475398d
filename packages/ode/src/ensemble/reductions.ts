import { misuse, show } from '@separatrix/field/core'
import type { Reduction } from './types.js'

type Column = Float64Array | Float32Array

/**
 * Mean of every component over the trajectories that have not failed; NaN where none is left. Pairwise in
 * blocks would gain little: the error of the plain sum is below batch·2⁻⁵³ relative to the mean magnitude.
 * @example
 * const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })
 * const Y0 = [[1, 0], [1.1, 0]]
 * await ensemble(swing, Y0, [0, 1], { method: rk4, step: 0.01, backend: 'wasm', saveAt: [0.5, 1], reduce: mean() })
 */
export function mean(): Reduction<Float64Array> {
  return ({ columns }) =>
    Float64Array.from(columns, (column) => {
      let [sum, count] = [0, 0]
      for (let i = 0; i < column.length; i++) {
        const v = column[i] as number
        if (Number.isNaN(v)) continue
        sum += v
        count++
      }
      return sum / count
    })
}

/**
 * Unbiased variance of every component over the trajectories that have not failed, Σ (x − x̄)²/(count − 1) in two
 * passes; NaN where fewer than two are left.
 * @example variance()
 */
export function variance(): Reduction<Float64Array> {
  const average = mean()
  return (snapshot) => {
    const centre = average(snapshot)
    return Float64Array.from(snapshot.columns, (column, k) => {
      let [sum, count] = [0, 0]
      for (let i = 0; i < column.length; i++) {
        const difference = (column[i] as number) - (centre[k] as number)
        if (Number.isNaN(difference)) continue
        sum += difference * difference
        count++
      }
      return count < 2 ? Number.NaN : sum / (count - 1)
    })
  }
}

/**
 * Quantiles of every component, [component][level], by linear interpolation of the order statistics (type 7
 * of Hyndman & Fan 1996). Sorts a copy of one component at a time.
 * @example quantiles([0.05, 0.5, 0.95])
 */
export function quantiles(levels: readonly number[]): Reduction<Float64Array[]> {
  const bad = levels.find((p) => !(p >= 0 && p <= 1))
  if (bad !== undefined)
    throw misuse({
      where: 'quantiles',
      expected: 'levels from 0 to 1',
      got: show(bad),
      try: '[0.05, 0.5, 0.95]',
    })
  return ({ columns }) =>
    columns.map((column) => {
      const sorted = (column as Column).filter((v) => !Number.isNaN(v)).sort()
      return Float64Array.from(levels, (p) => {
        const at = p * (sorted.length - 1)
        const below = Math.floor(at)
        const low = sorted[below] as number
        const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
        return sorted.length === 0 ? Number.NaN : low + (at - below) * (high - low)
      })
    })
}

export interface HistogramOptions {
  readonly component: number
  readonly range: readonly [number, number]
  readonly bins: number
}

/**
 * Counts of one component in equal bins over a range, its upper end included; values outside and NaN are not
 * counted.
 * @example histogram({ component: 0, range: [-20, 20], bins: 40 })
 */
export function histogram({ component, range: [lo, hi], bins }: HistogramOptions): Reduction<Uint32Array> {
  if (!(Number.isInteger(bins) && bins > 0 && lo < hi && Number.isInteger(component) && component >= 0))
    throw misuse({
      where: 'histogram',
      expected: 'a component, a range [lo, hi] with lo < hi and a positive number of bins',
      got: show([component, lo, hi, bins]),
      try: '{ component: 0, range: [-1, 1], bins: 20 }',
    })
  return ({ columns }) => {
    const column = columns[component]
    if (column === undefined)
      throw misuse({
        where: 'histogram',
        expected: `a component below ${columns.length}`,
        got: String(component),
        try: 'component: 0',
      })
    const counts = new Uint32Array(bins)
    for (let i = 0; i < column.length; i++) {
      const v = column[i] as number
      if (!(v >= lo && v <= hi)) continue
      const bin = Math.min(Math.floor(((v - lo) / (hi - lo)) * bins), bins - 1)
      counts[bin] = (counts[bin] as number) + 1
    }
    return counts
  }
}
