import {
  compile,
  type Enclosure,
  enclose,
  type Field,
  jacobian,
  roundDown,
  roundSumDown,
  roundSumUp,
  roundUp,
} from '@separatrix/field/core'
import { identity, solveLinear } from '../control/matrix.js'
import { midpoint } from './bisectionTree.js'
import type { Interval } from './box.js'
import { combineIntervals, type IntervalMatrix, intervalMatrix, multiplyIntervals } from './intervalMatrix.js'
import type { Uncertain } from './uncertainty.js'

/** A box with exactly one zero of a field, for each value of what is uncertain, and the matrix that shows it. */
export interface EquilibriumBox {
  readonly box: readonly Interval[]
  /** Y ≈ (Df)⁻¹, row-major */
  readonly preconditioner: readonly number[]
}

/**
 * A box about the zero of f near a point: Newton's method in doubles, then boxes that are blown up until Krawczyk's
 * operator K(X) = c − Y·f(c) + (I − Y·Df(X))·(X − c) maps one into its interior. Then X holds exactly one zero, and each
 * Df in the enclosure is regular (Krawczyk 1969; Rump, "Kleine Fehlerschranken bei Matrixproblemen", 1980).
 */
export function equilibriumBox(
  f: Field,
  near: ArrayLike<number>,
  uncertain: readonly Uncertain[],
): EquilibriumBox | { readonly why: string } {
  const n = f.stateSize
  const middle = uncertain.map(({ interval }) => midpoint(...interval))
  const centre = newton(f, near, Float64Array.from(middle))
  const slope = new Float64Array(n * n)
  if (centre !== undefined) compile(jacobian(f))(0, centre, slope, undefined, Float64Array.from(middle))
  const inverse = centre && solveLinear({ rows: n, cols: n, data: slope }, identity(n))?.data
  if (centre === undefined || inverse?.every(Number.isFinite) !== true)
    return {
      why: `Newton's method found no equilibrium with a regular Jacobian near [${Array.from(near).join(', ')}]`,
    }
  const operator = krawczyk(f, { centre, inverse, uncertain })
  let half: Float64Array = centre.map((c) => 1e-14 * Math.abs(c) + 1e-15)
  // each blow-up nearly doubles what the last image needed: twenty reach a box beyond any use
  for (let k = 0; k < 20; k++) {
    const box = boxAbout(centre, half)
    const image = operator(box)
    if (isWithin(image, box)) {
      // a reader whose roundings are wider needs room, of which 1e-9 costs the proof nothing
      const roomy = boxAbout(
        centre,
        half.map((h, i) => h + Math.min(7 * h, 1e-9 * (1 + Math.abs(centre[i])))),
      )
      const taken = isWithin(operator(roomy), roomy) ? roomy : box
      return { box: taken, preconditioner: Array.from(inverse) }
    }
    half = half.map((h, i) =>
      Math.max(1.1 * h, 1.5 * (centre[i] - image[i][0]), 1.5 * (image[i][1] - centre[i])),
    )
    if (!half.every(Number.isFinite)) break
  }
  return {
    why: `no box about [${centre.join(', ')}] is shown to hold exactly one equilibrium (Krawczyk's operator)`,
  }
}

const boxAbout = (centre: Float64Array, half: Float64Array) =>
  Array.from(centre, (c, i): Interval => [c - half[i], c + half[i]])

const isWithin = (inner: readonly Interval[], outer: readonly Interval[]) =>
  inner.every(([lo, hi], i) => lo > outer[i][0] && hi < outer[i][1])

function newton(f: Field, near: ArrayLike<number>, inputs: Float64Array): Float64Array | undefined {
  const n = f.stateSize
  const [value, slope] = [compile(f), compile(jacobian(f))]
  const [x, out, data] = [Float64Array.from(near), new Float64Array(n), new Float64Array(n * n)]
  // quadratic convergence: a start that fifty steps do not bring home is not near
  for (let k = 0; k < 50; k++) {
    value(0, x, out, undefined, inputs)
    slope(0, x, data, undefined, inputs)
    const step = solveLinear({ rows: n, cols: n, data }, { rows: n, cols: 1, data: out })?.data
    if (step === undefined || !step.every(Number.isFinite)) return undefined
    for (let i = 0; i < n; i++) x[i] -= step[i]
    if (step.every((s, i) => Math.abs(s) <= 1e-12 * (1 + Math.abs(x[i])))) return x
  }
  return undefined
}

/** Bounds of Krawczyk's operator over a box, for all values of what is uncertain. */
function krawczyk(
  f: Field,
  {
    centre,
    inverse,
    uncertain,
  }: {
    readonly centre: Float64Array
    readonly inverse: Float64Array
    readonly uncertain: readonly Uncertain[]
  },
): (box: readonly Interval[]) => Interval[] {
  const n = f.stateSize
  const [value, slope] = [enclose(f), enclose(jacobian(f))]
  const over = (read: Enclosure, box: readonly Interval[], size: number) => {
    const [lo, hi] = [new Float64Array(size), new Float64Array(size)]
    const all = [...box, ...uncertain.map(({ interval }) => interval)]
    const sides = [0, 1].map((k) => all.map((side) => side[k]))
    read(sides[0], sides[1], lo, hi)
    return { lo, hi }
  }
  const y: IntervalMatrix = { n, lo: inverse, hi: inverse }
  const unit = intervalMatrix(n)
  for (let i = 0; i < n; i++) unit.lo[i * n + i] = unit.hi[i * n + i] = 1
  return (box) => {
    const at = over(
      value,
      Array.from(centre, (c): Interval => [c, c]),
      n,
    )
    // slopes do not show where f itself is undefined or jumps (atan2)
    const whole = over(value, box, n)
    const isDefined = whole.lo.every((v, i) => v <= whole.hi[i])
    if (!isDefined) return box.map((): Interval => [Number.NaN, Number.NaN])
    const product = multiplyIntervals(y, { n, ...over(slope, box, n * n) })
    const rest = combineIntervals(
      unit,
      { n, lo: product.hi.map((v) => -v), hi: product.lo.map((v) => -v) },
      1,
    )
    return box.map((_, i) => {
      let [lo, hi] = [centre[i], centre[i]]
      const add = (a: Interval, b: Interval) => {
        const ends = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]]
        lo = roundSumDown(lo + roundDown(Math.min(...ends)))
        hi = roundSumUp(hi + roundUp(Math.max(...ends)))
      }
      for (let k = 0; k < n; k++) {
        add([-inverse[i * n + k], -inverse[i * n + k]], [at.lo[k], at.hi[k]])
        const reach: Interval = [roundSumDown(box[k][0] - centre[k]), roundSumUp(box[k][1] - centre[k])]
        add([rest.lo[i * n + k], rest.hi[i * n + k]], reach)
      }
      return [lo, hi] as const
    })
  }
}
