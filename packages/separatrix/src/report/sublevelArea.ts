import type { NdArray } from 'ndarray'

/**
 * The area of {V ≤ level} from values of V on a regular grid of the plane, by linear interpolation along each
 * row and the trapezoidal rule across rows: an error of the square of the spacing. A figure for a report, not a
 * proved number.
 */
export function sublevelArea(
  values: NdArray<Float64Array>,
  domain: readonly (readonly [number, number])[],
  level: number,
): number {
  const [columns, rows] = values.shape as [number, number]
  const [[x0, x1], [y0, y1]] = domain as [[number, number], [number, number]]
  const [dx, dy] = [(x1 - x0) / (columns - 1), (y1 - y0) / (rows - 1)]
  let area = 0
  for (let j = 0; j < rows; j++) {
    let length = 0
    for (let i = 0; i + 1 < columns; i++) {
      const [a, b] = [values.get(i, j, 0) - level, values.get(i + 1, j, 0) - level]
      if (a <= 0 && b <= 0) length += dx
      else if (a <= 0 || b <= 0) length += (dx * Math.max(-a, -b)) / Math.abs(a - b)
    }
    area += length * dy * (j === 0 || j === rows - 1 ? 0.5 : 1)
  }
  return area
}
