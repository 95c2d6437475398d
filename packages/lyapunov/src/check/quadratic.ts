import * as I from './interval.js'
import { type Jet, jetArithmetic } from './jet.js'
import {
  cover,
  hasPositivePivots,
  hessianEntry,
  type Matrix,
  over,
  square,
  sum,
  walk,
  zero,
} from './overBoxes.js'
import { type Arithmetic, isIndex, run } from './program.js'
import { type Box, demand, type Problem, readNumbers } from './readCertificate.js'
import { intervals } from './ring.js'

/** g(x) = g(0) + Σ slope[j](x)·xⱼ, with the derivatives of the range and of the slopes in jets of order 1. */
export interface Sloped {
  readonly at0: I.Interval
  readonly range: Jet<I.Interval>
  readonly slope: readonly Jet<I.Interval>[]
}

const isZero = (a: I.Interval) => a.lo === 0 && a.hi === 0

/**
 * Slopes from the origin in n variables: one factorization f(x) = f(0) + S(x)·x, chosen by the graph alone, so that the
 * derivatives belong to the same S over every box.
 */
export function slopeArithmetic(n: number): Arithmetic<Sloped> {
  const J = jetArithmetic(intervals, n)
  const constant = (at0: I.Interval): Sloped => ({
    at0,
    range: [at0],
    slope: Array.from({ length: n }, () => J.zero),
  })
  const pairs = (p: Sloped, q: Sloped, f: (a: Jet<I.Interval>, b: Jet<I.Interval>) => Jet<I.Interval>) =>
    p.slope.map((a, j) => f(a, q.slope[j]))
  const linear =
    (op: 'add' | 'sub') =>
    (p: Sloped, q: Sloped): Sloped => ({
      at0: intervals[op](p.at0, q.at0),
      range: J.binary[op](p.range, q.range),
      slope: pairs(p, q, J.binary[op]),
    })
  /** a linear function: its slopes are the same everywhere */
  const isLinear = (p: Sloped) => p.slope.every((d) => d.length === 1) && p.slope.some(([d]) => !isZero(d))
  const mul = (p: Sloped, q: Sloped): Sloped => {
    const isSecond = isLinear(p) === isLinear(q) ? isZero(q.at0) && !isZero(p.at0) : isLinear(q)
    return isSecond ? ordered(q, p) : ordered(p, q)
  }
  const ordered = (p: Sloped, q: Sloped): Sloped => {
    const slope = pairs(p, q, (a, b) => J.add(J.mul(q.range, a), J.mul([p.at0], b)))
    return { at0: I.mul(p.at0, q.at0), range: J.mul(p.range, q.range), slope }
  }
  const div = (p: Sloped, q: Sloped): Sloped => {
    const at0 = I.div(p.at0, q.at0)
    const slope = pairs(p, q, (a, b) => J.binary.div(J.binary.sub(a, J.mul([at0], b)), q.range))
    return { at0, range: J.binary.div(p.range, q.range), slope }
  }
  /** ∫φ′(p(0) + s(p − p(0))) ds on eighths of [0, 1], and the quotient where p − p(0) keeps its sign. */
  const secant = (
    { at0, range }: Sloped,
    [from, to]: readonly I.Interval[],
    slope: (x: Jet<I.Interval>) => Jet<I.Interval>,
  ) => {
    const span = J.binary.sub(range, [at0])
    const part = (k: number) => slope(J.add([at0], J.mul([{ lo: k / 8, hi: (k + 1) / 8 }], span)))
    const total = Array.from({ length: 8 }, (_, k) => part(k)).reduce((s, v) => J.add(s, v))
    const [mean, ...g] = J.mul([I.point(1 / 8)], total)
    const quotient = I.div(I.sub(to, from), span[0])
    const v =
      quotient.lo <= quotient.hi
        ? { lo: Math.max(mean.lo, quotient.lo), hi: Math.min(mean.hi, quotient.hi) }
        : mean
    return [v, ...g]
  }
  const compose = (
    p: Sloped,
    at0: I.Interval,
    range: Jet<I.Interval>,
    slope: (x: Jet<I.Interval>) => Jet<I.Interval>,
  ): Sloped => {
    const s = secant(p, [at0, range[0]], slope)
    return { at0, range, slope: p.slope.map((a) => J.mul(s, a)) }
  }
  const [add, sub] = [linear('add'), linear('sub')]
  return {
    add,
    mul,
    zero: constant(zero),
    constant: (value, exact) => constant(I.constant(value, exact)),
    power: (p, k) =>
      k === 2
        ? {
            at0: I.power(p.at0, 2),
            range: J.power(p.range, 2),
            slope: p.slope.map((a) => J.mul(J.add(p.range, [p.at0]), a)),
          }
        : compose(p, I.power(p.at0, k), J.power(p.range, k), (x) => J.mul([I.point(k)], J.power(x, k - 1))),
    unary: (op, p) =>
      op === 'neg'
        ? sub(constant(zero), p)
        : compose(p, I.functions[op](p.at0), J.unary(op, p.range), (x) => J.derivative(op, x)),
    binary: { add, sub, mul, div },
  }
}

/** The state's variables over a box, ready for slopes. */
export const slopedVariables = (box: readonly I.Interval[]): Sloped[] =>
  box.map((v, i) => {
    const unit = box.map((_, j) => I.point(i === j ? 1 : 0))
    return { at0: zero, range: [v, ...unit], slope: unit.map((d) => [d]) }
  })

/** Axes whose linear part is kept, corner by corner; the others join the rest. */
const cornerAxes = 4

/**
 * Matrices of intervals whose convex hull holds S(x) for all x of the box, from S at the centre and ∂S over the box, and
 * the axis that blurs S most.
 */
export function slopeCorners(at: readonly Sloped[], over: readonly Sloped[], box: readonly I.Interval[]) {
  const reach = box.map(({ lo, hi }) => I.sub({ lo, hi }, I.point(lo / 2 + hi / 2)))
  const partial = (i: number, j: number, k: number) => over[i].slope[j][1 + k] ?? zero
  const middle = ({ lo, hi }: I.Interval) => lo / 2 + hi / 2
  const entries = box.flatMap((_, i) => box.map((_b, j) => [i, j] as const))
  const total = (k: number, f: (d: I.Interval) => number) =>
    entries.reduce((s, [i, j]) => s + f(partial(i, j, k)), 0) * reach[k].hi
  const bend = box.map((_, k) => total(k, (d) => Math.abs(middle(d))))
  const blur = box.map((_, k) => total(k, (d) => d.hi - d.lo) + 0.05 * bend[k])
  const axes = [...box.keys()]
    .filter((k) => bend[k] > 0)
    .sort((p, q) => bend[q] - bend[p])
    .slice(0, cornerAxes)
  const entry = (corner: number, i: number, j: number) =>
    box.reduce((s, _, k) => {
      const d = partial(i, j, k)
      const place = axes.indexOf(k)
      const slope = I.point(place < 0 ? 0 : middle(d))
      const end = I.point((corner >> Math.max(place, 0)) & 1 ? reach[k].hi : reach[k].lo)
      // the linear part at a corner, and what the derivative adds to it
      return I.add(s, I.add(I.mul(slope, end), I.mul(I.sub(d, slope), reach[k])))
    }, at[i].slope[j][0])
  const corners: Matrix[] = Array.from({ length: 2 ** axes.length }, (_, c) =>
    box.map((_b, i) => box.map((_r, j) => entry(c, i, j))),
  )
  const sizes = blur.map((b, k) => (Number.isFinite(b) ? b : reach[k].hi * Number.MAX_VALUE))
  return { corners, axis: sizes.indexOf(Math.max(...sizes)) }
}

/**
 * The proof by a quadratic form: W ≥ level·xᵢ²/rᵢ² for the half-widths rᵢ (hence {W ≤ level} lies within them, and off the
 * boundary of the domain), and on each leaf of the bisection of that box HᵀS + SᵀH + κH − 2λQ is negative definite, where
 * f = S·x and xᵀQx ≤ 0 on the leaf within {W ≤ level}.
 */
export function checkQuadratic(problem: Problem, budget: { left: number }): void {
  const { f, W, domain, states: n, level, decay, proof, tree } = problem
  demand(domain.length === n && !problem.isMap, 'inputs or a map in a proof by a quadratic form')
  const radii = readNumbers(proof.radii, 'the list of radii', n)
  const [w] = over(W, domain, 2)
  const H = square(n, (i, j) => hessianEntry(w, n, i, j))
  /** 2Q = H − 2(level/size²)·eeᵀ */
  const twiceQ = (axis: number, size: number) => {
    const weight = I.div(I.mul(I.point(2), I.point(level)), I.power(I.point(size), 2))
    return square(n, (i, j) => (i === axis && j === axis ? I.sub(H[i][j], weight) : H[i][j]))
  }
  radii.forEach((r, i) => {
    const isInside = r > 0 && -r > domain[i].lo && r < domain[i].hi
    demand(isInside && hasPositivePivots(twiceQ(i, r)), 'the set is not shown to lie within the radii')
  })
  const slopes = (part: Box) => run(slopeArithmetic(n), f, slopedVariables(part))
  const rest = [...(proof.multipliers as unknown[])]
  const open = (axis: number, factor: number, size: number) => (box: Box) => {
    const centre = box.map(({ lo, hi }) => I.point(lo / 2 + hi / 2))
    const { corners, axis: widest } = slopeCorners(slopes(centre), slopes(box), box)
    const Q = factor === 0 ? undefined : twiceQ(axis, size)
    const isNegative = (S: Matrix) => {
      const product = (i: number, j: number) => sum(n, (k) => I.mul(H[k][i], S[k][j]))
      const rate = (i: number, j: number) =>
        I.add(I.add(product(i, j), product(j, i)), I.mul(I.point(decay), H[i][j]))
      const added = (i: number, j: number) => (Q ? I.mul(I.point(factor), Q[i][j]) : zero)
      return hasPositivePivots(square(n, (i, j) => I.sub(added(i, j), rate(i, j))))
    }
    return corners.every(isNegative) ? undefined : widest
  }
  walk(
    radii.map((r) => ({ lo: -r, hi: r })),
    tree,
    (leaf) => {
      const [axis, factor] = readNumbers(rest.shift(), 'a multiplier', 2)
      demand(isIndex(axis, n), 'a multiplier is malformed')
      const size = Math.max(leaf[axis].lo, -leaf[axis].hi)
      demand(factor >= 0 && (factor === 0 || size > 0), 'a multiplier without its constraint')
      cover(leaf, budget, open(axis, factor, size))
    },
  )
}
