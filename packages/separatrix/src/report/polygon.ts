import type { Curve } from './figure.js'
import type { HalfSpace } from './scene.js'

type Point = readonly [number, number]

/** A rectangle of the plane. */
export const rectangle = ([[x0, x1], [y0, y1]]: readonly (readonly [number, number])[]): Curve => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
]

/**
 * What half-planes leave of a rectangle, corner by corner (Sutherland & Hodgman 1974); an equality leaves a segment, which
 * is kept by room for rounding.
 */
export function clipped(domain: readonly (readonly [number, number])[], sides: readonly HalfSpace[]): Curve {
  const room = 1e-9 * Math.max(...domain.flat().map(Math.abs))
  const cut = (corners: Curve, normal: readonly number[], bound: number): Curve => {
    const excess = ([x, y]: Point) => normal[0] * x + normal[1] * y - bound
    return corners.flatMap((p, i): Point[] => {
      const q = corners[(i + 1) % corners.length]
      const [a, b] = [excess(p), excess(q)]
      const crossing: Point = [p[0] + ((q[0] - p[0]) * a) / (a - b), p[1] + ((q[1] - p[1]) * a) / (a - b)]
      const isKept = a <= room
      return [...(isKept ? [p] : []), ...(isKept !== b <= room ? [crossing] : [])]
    })
  }
  return sides.reduce((corners, { normal, bound, isEqual }) => {
    const below = cut(corners, normal, bound)
    return isEqual
      ? cut(
          below,
          normal.map((v) => -v),
          -bound,
        )
      : below
  }, rectangle(domain))
}

/** What a plane through a point leaves of half-spaces. */
export function sectionOf(
  sides: readonly HalfSpace[],
  plane: readonly [number, number],
  at: readonly number[],
): HalfSpace[] {
  return sides.map(({ normal, bound, ...rest }) => ({
    ...rest,
    normal: plane.map((k) => normal[k]),
    bound: normal.reduce((b, a, k) => (plane.includes(k) ? b : b - a * at[k]), bound),
  }))
}
