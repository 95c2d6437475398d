import { type Affine, affine, coordinate } from './affine.js'
import { type Box, hessian, isDefinite, type Matrix, product, prove, square, walk, widest } from './boxes.js'
import { candidate } from './formulas.js'
import { add, intervals, inverse, mul, neg, point, power, sub, zero } from './interval.js'
import { demand, isIndex } from './program.js'
import { type Problem, readNumbers } from './readCertificate.js'
import { type Jet, jets, minus, number, reciprocal, type Smooth, variables } from './ring.js'

/**
 * The mean of φ′ between the points `from` and `to`: over eighths of the segment, each an axis of its own, on which the mean
 * of what is linear is its middle; and the difference quotient where that is defined. Of 1/u and u² it is a formula.
 */
function mean(f: Smooth, from: Affine, to: Affine, n: number): Affine {
  if (f === reciprocal) return affine.neg(affine.mul(affine.inverse(from), affine.inverse(to)))
  if (f.exponent === 2) return affine.add(from, to)
  const span = minus(affine, to, from)
  const parts = Array.from({ length: 8 }, (_, k) => {
    const place = coordinate({ lo: k / 8, hi: (k + 1) / 8 }, n)
    const u = affine.add(from, affine.mul(place, span))
    const slope = f.slope(affine, u, f.value(affine, u))
    const slopes = slope.slopes.slice(0, n)
    return { ...slope, slopes, reach: slopes.reduce((s, v) => s + Math.abs(v), 0) }
  })
  const all = affine.linear(parts.map(() => 1 / 8), true, parts) // biome-ignore format: one line
  const quotient = affine.mul(minus(affine, f.value(affine, to), f.value(affine, from)), affine.inverse(span))
  return quotient.rest < all.rest ? quotient : all
}

/** f(x) = S(x)·x on a box: slopes from the origin. */
function slopesFromOrigin({ f, states: n }: Problem, box: Box): readonly (readonly Affine[])[] {
  const isLinear = ({ slopes }: Jet<Affine>) =>
    slopes.every((s) => s === undefined || s.reach === 0) && slopes.some((s) => s !== undefined)
  const isZero = ({ base }: Jet<Affine>) => base.lo === 0 && base.hi === 0
  const S = jets(affine, n, {
    mean: (smooth, from, to) => mean(smooth, from, to, n),
    // linear functions first, whose slopes are constant; then such as vanish at the origin
    rank: (a) => (isLinear(a) ? 2 : 0) + (isZero(a) ? 1 : 0),
  })
  const x = variables(affine, box.map(coordinate)).map((v) => ({ ...v, base: number(affine, 0) }))
  return f(S, x).map(({ slopes }) => slopes.map((s) => s ?? number(affine, 0)))
}

/** Axes whose linear part is kept, corner by corner; the others join the rest. */
const cornerAxes = 4

/** Matrices of intervals whose convex hull holds S(x) for all x of the box, and the axis along which S varies most. */
function slopeCorners(problem: Problem, box: Box) {
  const S = slopesFromOrigin(problem, box)
  const bend = box.map((_, k) => S.flat().reduce((s, { slopes }) => s + Math.abs(slopes[k] ?? 0), 0))
  const axes = [...box.keys()].filter((k) => bend[k] > 0).sort((p, q) => bend[q] - bend[p]).slice(0, cornerAxes) // biome-ignore format: one line
  const entry = ({ centre, slopes, rest }: Affine, corner: number) => {
    const signs = slopes.map((_, k) => (axes.includes(k) ? 1 - 2 * ((corner >> axes.indexOf(k)) & 1) : 0))
    const others = [rest, ...slopes.filter((_, k) => signs[k] === 0).map(Math.abs)]
    const end = (sign: number) => {
      const terms = [centre, ...slopes, ...others].map(point)
      return intervals.linear([1, ...signs, ...others.map(() => sign)], true, terms)
    }
    return { lo: end(-1).lo, hi: end(1).hi }
  }
  const corners = Array.from({ length: 2 ** axes.length }, (_, corner) =>
    S.map((row) => row.map((s) => entry(s, corner))),
  )
  const isTold = bend.every((b) => b < Infinity) && bend.some((b) => b > 0)
  return { corners, axis: isTold ? bend.indexOf(Math.max(...bend)) : widest(box) }
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
      const { corners, axis: blurred } = slopeCorners(problem, box)
      return corners.every((S) => isNegative(S, weighted)) ? undefined : blurred
    })
  })
}
