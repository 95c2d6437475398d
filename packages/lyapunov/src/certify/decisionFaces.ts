import { midpoint } from './bisectionTree.js'

/**
 * A piece of the face {η ∈ Δ: η_label = η_rival ≥ all others} of the simplex in n numbers: η = (1, 1, τ)/(2 + Στ), the ones
 * at label and rival, with lo ≤ τ ≤ hi; all of the face is 0 ≤ τ ≤ 1. The map is projective and its denominator positive,
 * so that the piece is the convex hull of the images of its corners.
 */
export interface FacePiece {
  readonly rival: number
  readonly lo: Float64Array
  readonly hi: Float64Array
}

export interface Face {
  readonly n: number
  readonly label: number
  /** β */
  readonly scale: number
}

/**
 * Writes the centre u of a ball that holds βη for all η of the piece into the first n entries of z, and returns its
 * radius, rounded up: the largest distance to a corner. u is the middle between the images of the least and of the
 * greatest corner; for the whole face all corners are then at the same distance, β√((½ − 1/n)/4).
 */
export function coveringBall(
  { rival, lo, hi }: FacePiece,
  { n, label, scale }: Face,
  z: Float64Array,
): number {
  const total = (tau: ArrayLike<number>) => Array.from(tau).reduce((s, v) => s + v, 2)
  const [first, last] = [scale / total(lo), scale / total(hi)]
  const others = Array.from({ length: n }, (_, i) => i).filter((i) => i !== label && i !== rival)
  z[label] = z[rival] = (first + last) / 2
  others.forEach((i, k) => {
    z[i] = (lo[k] * first + hi[k] * last) / 2
  })
  const isWhole = lo.every((v) => v === 0) && hi.every((v) => v === 1)
  let most = 0
  const corners = isWhole ? 1 : 2 ** others.length
  for (let c = 0; c < corners; c++) {
    let sum = 2
    for (let k = 0; k < others.length; k++) sum += (c >> k) & 1 ? hi[k] : lo[k]
    const unit = scale / sum
    let square = 2 * (unit - z[label]) ** 2
    for (let k = 0; k < others.length; k++)
      square += (((c >> k) & 1 ? hi[k] : lo[k]) * unit - z[others[k]]) ** 2
    most = Math.max(most, square)
  }
  // entries up to β/2 err by at most n + 2 roundings each, their differences' length by √n times that; n + 3 relative ones
  const roundings = (n + 4) * 2 ** -52
  // squares that underflow miss n·2⁻¹⁰⁷⁵ in all
  return Math.sqrt(most) * (1 + roundings) + scale * Math.sqrt(n) * roundings + n * 2 ** -537
}

/** The piece cut in two where it is widest. */
export function halves({ rival, lo, hi }: FacePiece): readonly [FacePiece, FacePiece] {
  const widths = lo.map((v, k) => hi[k] - v)
  const axis = widths.indexOf(Math.max(...widths))
  const middle = midpoint(lo[axis], hi[axis])
  return [
    { rival, lo, hi: hi.map((v, k) => (k === axis ? middle : v)) },
    { rival, lo: lo.map((v, k) => (k === axis ? middle : v)), hi },
  ]
}
