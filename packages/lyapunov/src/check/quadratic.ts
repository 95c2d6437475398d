import { type Box, hessian, isDefinite, type Matrix, product, prove, square, walk } from './boxes.js'
import { candidate } from './formulas.js'
import {
  add,
  centre,
  type Interval,
  intervals,
  inverse,
  mul,
  neg,
  point,
  power,
  sub,
  width,
  zero,
} from './interval.js'
import { demand, isIndex } from './program.js'
import { type Problem, readNumbers } from './readCertificate.js'
import {
  type Jet,
  jets,
  minus,
  number,
  type Ring,
  reciprocal,
  type Smooth,
  total,
  variables,
} from './ring.js'

type Slope = Jet<Interval>

/** What does not vary over the box. */
const fixed = (value: Interval): Slope => ({ value, base: value, slopes: [] })

/**
 * The mean of φ′ between the points `from` and `to`: the integral over eighths of the segment, and the difference quotient
 * where that is defined. Of 1/u and u² it is a formula.
 */
function mean(r: Ring<Slope>, f: Smooth, from: Slope, to: Slope): Slope {
  if (f === reciprocal) return r.neg(r.mul(r.inverse(from), r.inverse(to)))
  if (f.exponent === 2) return r.add(from, to)
  const span = minus(r, to, from)
  const part = (k: number) => {
    const u = r.add(from, r.mul(fixed({ lo: k / 8, hi: (k + 1) / 8 }), span))
    return f.slope(r, u, f.value(r, u))
  }
  const { value, slopes } = r.mul(number(r, 1 / 8), total(r, [0, 1, 2, 3, 4, 5, 6, 7].map(part)))
  const difference = sub(f.value(intervals, to.value), f.value(intervals, from.value))
  const quotient = mul(difference, inverse(span.value))
  const isSharper = quotient.lo <= quotient.hi
  const both = { lo: Math.max(value.lo, quotient.lo), hi: Math.min(value.hi, quotient.hi) }
  return { value: isSharper ? both : value, base: value, slopes }
}

/**
 * f(x) = S(x)·x on a box, S with its derivatives: slopes from the origin, one factorization that is chosen by the graph
 * alone, so that the derivatives belong to the same S over every box.
 */
function slopesFromOrigin({ f, states: n }: Problem, box: Box): readonly (readonly Slope[])[] {
  const r = jets(intervals, n)
  const isConstant = (s: Slope | undefined) => s === undefined || s.slopes.every((d) => d === undefined)
  const isLinear = ({ slopes }: Jet<Slope>) => slopes.every(isConstant) && slopes.some((s) => s !== undefined)
  const isZero = ({ base }: Jet<Slope>) => base.value.lo === 0 && base.value.hi === 0
  const S = jets(r, n, {
    mean: (smooth, from, to) => mean(r, smooth, from, to),
    // linear functions first, whose slopes are constant; then such as vanish at the origin
    rank: (a) => (isLinear(a) ? 2 : 0) + (isZero(a) ? 1 : 0),
  })
  const x = variables(r, variables(intervals, box)).map((v) => ({ ...v, base: number(r, 0) }))
  return f(S, x).map(({ slopes }) => slopes.map((s) => s ?? number(r, 0)))
}

/** Axes whose linear part is kept, corner by corner; the others join the rest. */
const cornerAxes = 4

/**
 * Matrices of intervals whose convex hull holds S(x) for all x of the box, from S at the centre and ∂S over the box, and
 * the axis that blurs S most.
 */
function slopeCorners(problem: Problem, box: Box) {
  const at = slopesFromOrigin(problem, box.map((side) => point(centre(side)))) // biome-ignore format: one line
  const over = slopesFromOrigin(problem, box)
  const reach = box.map((side) => sub(side, point(centre(side))))
  const partial = (i: number, j: number, k: number) => over[i][j].slopes[k] ?? zero
  const size = (k: number, f: (d: Interval) => number) =>
    over.flat().reduce((s, { slopes }) => s + f(slopes[k] ?? zero), 0) * reach[k].hi
  const bend = box.map((_, k) => size(k, (d) => Math.abs(centre(d))))
  const blur = box.map((_, k) => size(k, width) + 0.05 * bend[k])
  const axes = [...box.keys()].filter((k) => bend[k] > 0).sort((p, q) => bend[q] - bend[p]).slice(0, cornerAxes) // biome-ignore format: one line
  const entry = (corner: number, i: number, j: number) =>
    box.reduce((s, _, k) => {
      const d = partial(i, j, k)
      const place = axes.indexOf(k)
      const slope = point(place < 0 ? 0 : centre(d))
      const end = point((corner >> Math.max(place, 0)) & 1 ? reach[k].hi : reach[k].lo)
      // the linear part at a corner, and what the derivative adds to it
      return add(s, add(mul(slope, end), mul(sub(d, slope), reach[k])))
    }, at[i][j].value)
  const corners = Array.from({ length: 2 ** axes.length }, (_, corner) =>
    square(box.length, (i, j) => entry(corner, i, j)),
  )
  const sizes = blur.map((b, k) => (Number.isFinite(b) ? b : reach[k].hi * Number.MAX_VALUE))
  return { corners, axis: sizes.indexOf(Math.max(...sizes)) }
}

/**
 * The proof by a quadratic form: V ≥ level·xᵢ²/rᵢ² for the half-widths rᵢ (hence {V ≤ level} lies within them, and off the
 * boundary of the domain), and on each leaf of the bisection of that box HᵀS + SᵀH + κH − 2λQ is negative definite, where
 * f = S·x and xᵀQx ≤ 0 on the leaf within {V ≤ level}.
 */
export function checkQuadratic(problem: Problem): void {
  const { domain, states: n, level, decay, proof, tree, budget } = problem
  demand(domain.length === n && !problem.isMap, 'inputs or a map in a proof by a quadratic form')
  const radii = readNumbers(proof.radii, 'the list of radii', n)
  const H = hessian(candidate(problem), domain, n)
  /** 2Q = H − 2(level/size²)·eeᵀ */
  const twiceQ = (axis: number, size: number) => {
    const weight = mul(mul(point(2), point(level)), inverse(power(point(size), 2)))
    return square(n, (i, j) => (i === axis && j === axis ? sub(H[i][j], weight) : H[i][j]))
  }
  radii.forEach((r, i) => {
    const isInside = r > 0 && -r > domain[i].lo && r < domain[i].hi
    demand(isInside && isDefinite(twiceQ(i, r)), 'the set is not shown to lie within the radii')
  })
  const isNegative = (S: Matrix, Q: Matrix) => {
    const HS = product(H, S)
    const rate = square(n, (i, j) => add(add(HS[i][j], HS[j][i]), mul(point(decay), H[i][j])))
    return isDefinite(square(n, (i, j) => add(Q[i][j], neg(rate[i][j]))))
  }
  const rest = [...(proof.multipliers as unknown[])]
  const root = radii.map((r) => ({ lo: -r, hi: r }))
  walk(root, tree, (leaf) => {
    const [axis, factor] = readNumbers(rest.shift(), 'a multiplier', 2)
    demand(isIndex(axis, n), 'a multiplier is malformed')
    const size = Math.max(leaf[axis].lo, -leaf[axis].hi)
    demand(factor >= 0 && (factor === 0 || size > 0), 'a multiplier without its constraint')
    const Q = factor === 0 ? square(n, () => zero) : twiceQ(axis, size)
    const weighted = square(n, (i, j) => mul(point(factor), Q[i][j]))
    prove(leaf, budget, (box) => {
      const { corners, axis: widest } = slopeCorners(problem, box)
      return corners.every((S) => isNegative(S, weighted)) ? undefined : widest
    })
  })
}
