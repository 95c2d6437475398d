import { combine, type Field, misuse, show } from '@separatrix/field/core'
import { identity, type MatrixLike, readMatrix, solveLinear } from '../control/matrix.js'
import { quadratic } from '../control/quadratic.js'
import { midpoint } from './bisectionTree.js'
import type { Interval } from './box.js'
import type { Constraint, Polytope } from './invariantPolytope.js'
import { readDomain } from './prepare.js'

/** A set by its shape, in n states. */
export type SetShape =
  /** lo ≤ xᵢ ≤ hi */
  | { readonly kind: 'box'; readonly sides: readonly Interval[] }
  /** (x − centre)ᵀ shape (x − centre) ≤ 1 */
  | { readonly kind: 'ellipsoid'; readonly shape: MatrixLike; readonly centre?: readonly number[] }
  /** x ≥ 0 with Σx = total (1), or Σx ≤ total where it is filled */
  | { readonly kind: 'simplex'; readonly total?: number; readonly isFilled?: boolean }
  /** normal·x ≤ bound for each, within a box that holds them all; `witness` is a point of the set */
  | {
      readonly kind: 'polytope'
      readonly halfSpaces: readonly { readonly normal: readonly number[]; readonly bound: number }[]
      readonly domain: readonly Interval[]
      readonly witness: readonly number[]
    }

/** The polytope that a shape is; ellipsoids are {@link ellipsoidBarrier}s. */
export function polytopeOf(
  where: string,
  shape: Exclude<SetShape, { readonly kind: 'ellipsoid' }>,
  n: number,
): Polytope {
  if (shape.kind === 'box') {
    const domain = readDomain(where, shape.sides, n)
    return { constraints: [], domain, witness: shape.sides.map(([lo, hi]) => midpoint(lo, hi)) }
  }
  if (shape.kind === 'polytope') {
    const domain = readDomain(where, shape.domain, n)
    const isFine = ({ normal, bound }: Constraint) =>
      normal.length === n && [...normal, bound].every(Number.isFinite) && normal.some((a) => a !== 0)
    if (
      !shape.halfSpaces.every(isFine) ||
      shape.witness.length !== n ||
      !shape.witness.every(Number.isFinite)
    )
      throw misuse({
        where,
        expected: `half-spaces with normals of ${n} entries, not all 0, and a witness of ${n}`,
        got: show(shape),
        try: '{ normal: [1, 1], bound: 1 }',
        code: 'wrong-dimension',
      })
    return { constraints: shape.halfSpaces, domain, witness: shape.witness }
  }
  const { total = 1, isFilled = false } = shape
  if (!(total > 0 && Number.isFinite(total)))
    throw misuse({ where, expected: 'a simplex of total > 0', got: show(total), try: 'total: 1' })
  const sum = { normal: new Array<number>(n).fill(1), bound: total, isEqual: !isFilled }
  // the near faces of the box are x ≥ 0; the far ones are off the set and claim nothing
  const domain = { lo: new Float64Array(n), hi: new Float64Array(n).fill(2 * total) }
  return { constraints: [sum], domain, witness: [total, ...new Array<number>(n - 1).fill(0)] }
}

/** 1 − (x − c)ᵀP(x − c) with a box about its ellipsoid. */
export function ellipsoidBarrier(
  where: string,
  { shape, centre }: Extract<SetShape, { readonly kind: 'ellipsoid' }>,
  field: Field,
): { readonly barrier: Field; readonly domain: readonly Interval[] } {
  const n = field.stateSize
  const P = readMatrix(where, shape, { rows: n, cols: n })
  const c = centre ?? new Array<number>(n).fill(0)
  const inverse = solveLinear(P, identity(n))
  const halves = c.map((_, i) => Math.sqrt(inverse?.data[i * n + i] ?? Number.NaN))
  if (c.length !== n || !halves.every((h) => h > 0 && Number.isFinite(h)) || !c.every(Number.isFinite))
    throw misuse({
      where,
      expected: `a positive definite shape and a centre of ${n} entries`,
      got: `${show(shape)} about ${show(c)}`,
      try: 'shape: [[1, 0], [0, 1]]',
    })
  const form = quadratic(shape, { state: field.stateNames })
  const barrier = combine([form], (b, place) =>
    b.sub(b.constant(1), place(form, { state: b.sub(b.leaf('state', n), b.constant(c)) })),
  )
  // a little room, so that the boundary of the box is off the ellipsoid
  return { barrier, domain: c.map((v, i): Interval => [v - 1.05 * halves[i], v + 1.05 * halves[i]]) }
}
