import { misuse, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'

/** Points of Rⁿ: rows, or an array [count, n]. */
export type Points = readonly ArrayLike<number>[] | NdArray

/** Reads points into one row-major array, checking their length and that they are finite. */
export function readPoints(where: string, points: Points, n: number): Float64Array {
  const count = 'shape' in points ? points.shape[0] : points.length
  const rows = Float64Array.from({ length: count * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n]
    return 'shape' in points ? points.get(i, j) : points[i][j]
  })
  const fits =
    'shape' in points
      ? points.shape.length === 2 && points.shape[1] === n
      : points.every((row) => row.length === n)
  if (fits && rows.every(Number.isFinite)) return rows
  throw misuse({
    where,
    expected: `points of ${n} finite numbers`,
    got: show('shape' in points ? points.shape : points[0]),
    try: '[[0, 0], [1, 2]]',
    code: 'wrong-dimension',
  })
}
