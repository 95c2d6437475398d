import { misuse, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'

/** Points of Rⁿ: rows, or an array [count, n]. */
export type Points = readonly ArrayLike<number>[] | NdArray

/** Reads points into one row-major array, checking their length and that they are finite. */
export function readPoints(where: string, points: Points, n: number): Float64Array {
  if (points === null || typeof points !== 'object')
    throw misuse({
      where,
      expected: `points of ${n} finite numbers`,
      got: show(points),
      try: '[[0, 0], [1, 2]]',
    })
  const count = 'shape' in points ? points.shape[0] : points.length
  const rows = new Float64Array(count * n)
  if ('shape' in points) {
    for (let i = 0; i < count; i++) for (let j = 0; j < n; j++) rows[i * n + j] = points.get(i, j)
  } else points.forEach((row, i) => void rows.set(Array.from(row ?? []).slice(0, n), i * n))
  const fits =
    'shape' in points
      ? points.shape.length === 2 && points.shape[1] === n
      : points.every((row) => row?.length === n)
  if (fits && rows.every(Number.isFinite)) return rows
  throw misuse({
    where,
    expected: `points of ${n} finite numbers`,
    got: show('shape' in points ? points.shape : points[0]),
    try: '[[0, 0], [1, 2]]',
    code: 'wrong-dimension',
  })
}
