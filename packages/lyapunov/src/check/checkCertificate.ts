import { type Exact, type ExactRing, exactRing, isPositive, withoutSquares } from './exact.js'
import * as I from './interval.js'
import { type Jet, jetArithmetic } from './jet.js'
import { type Program, run, workOf } from './program.js'
import { hasPositivePivots, slopeArithmetic, slopeCorners, slopedVariables } from './quadratic.js'
import {
  type Box,
  demand,
  type Json,
  type Problem,
  readCertificate,
  readProblem,
  readProgram,
} from './readCertificate.js'
import { intervals } from './ring.js'

export interface CheckResult {
  readonly valid: boolean
  readonly reason: string
}

/** Boxes that the checker may bisect beyond the leaves that it is given. */
const extraBoxes = 400_000

/** Numbers that all extra boxes together may take: some minutes, so that a forged file cannot take hours. */
const greatestExtraWork = 1e10

/**
 * Checks a certificate anew and trusts nothing in it: the hash, every leaf of the bisection, the origin, the boundary of
 * the domain and f(0) = 0 are proved again by this program's own intervals and derivatives, which share no code with
 * the prover. Whatever is malformed, altered or false gives `valid: false` with a reason; nothing is thrown.
 * @example
 * checkCertificate({ format: 'separatrix-certificate' }).valid // false
 */
export function checkCertificate(json: unknown): CheckResult {
  try {
    const { certificate, claim } = readCertificate(json)
    if (claim.property === 'global-asymptotic-stability') {
      checkGlobal(certificate)
      return { valid: true, reason: 'the signs of the coefficients were proved again, exactly' }
    }
    const problem = readProblem(certificate)
    const work = workOf(problem.f, problem.domain.length) + workOf(problem.W, problem.domain.length)
    const budget = { left: Math.min(extraBoxes, Math.ceil(greatestExtraWork / work)) }
    if (problem.isRegion) checkEquilibrium(problem)
    if (problem.multipliers !== undefined) checkQuadratic(problem, problem.multipliers, budget)
    else {
      const { isWeak, isRegion } = problem
      const origin = isWeak
        ? checkCurvature(problem)
        : isRegion
          ? provenOrigin(problem)
          : checkWitness(problem)
      checkFaces(problem, budget)
      checkLeaves(problem, origin, budget)
    }
    return { valid: true, reason: 'every leaf, the boundary and the origin were proved again' }
  } catch (error) {
    return { valid: false, reason: error instanceof Error ? error.message : 'malformed' }
  }
}

/** V and its rate along f, V̇ + κV, as exact polynomials in the states, the inputs and atoms. */
function exactRate(
  ring: ExactRing,
  { f, W, size, decay }: Pick<Problem, 'f' | 'W' | 'decay'> & { size: number },
) {
  const at = variables(
    Array.from({ length: size }, (_, i) => ring.variable(i)),
    1,
    [0, 1].map((k) => ring.constant(k, true)),
  )
  const J = jetArithmetic(ring, size)
  const [[w, ...g]] = run(J, W, at)
  const terms = run(J, f, at).map(([v], i) => ring.mul(g[i] ?? ring.constant(0, true), v))
  return { w, rate: terms.reduce((s, v) => ring.add(s, v), ring.mul(ring.constant(decay, true), w)) }
}

const negative = (ring: ExactRing, p: Exact) => ring.sub(ring.constant(0, true), p)

/** V and −V̇ − κV are positive but at 0, and V is unbounded, as polynomials with exact coefficients. */
function checkGlobal({ claim, candidate, system }: Json): void {
  const n = ((candidate as Json).state as unknown[]).length
  const { rate = 0, level, domain } = claim as Record<string, unknown[]> & { readonly rate?: number }
  demand(Number.isFinite(rate) && rate >= 0, 'a rate out of range')
  demand(n > 0 && Number(level) === 0 && domain.length === 0, 'a global claim has no level and no domain')
  const [W, f] = [
    readProgram(candidate, 'the candidate', [n, 0, 1]),
    readProgram(system, 'the system', [n, 0, n]),
  ]
  const ring = exactRing(n)
  const { w, rate: change } = exactRate(ring, { f, W, size: n, decay: rate })
  demand(isPositive(w, n, { isStrict: true, isUnbounded: true }), 'V is not shown positive and unbounded')
  demand(isPositive(negative(ring, change), n, { isStrict: true }), 'V is not shown to fall')
}

/** The jets of a box's variables up to an order. */
function variables<T>(values: readonly T[], order: 0 | 1 | 2, [zero, one]: readonly T[]): Jet<T>[] {
  const n = values.length
  const length = [1, 1 + n, 1 + n + (n * (n + 1)) / 2][order]
  return values.map((v, i) => Array.from({ length }, (_, k) => (k === 0 ? v : k === i + 1 ? one : zero)))
}

const zeroOne = [I.point(0), I.point(1)]
const over = (program: Program, box: Box, order: 0 | 1 | 2) =>
  run(jetArithmetic(intervals, box.length), program, variables(box, order, zeroOne))

/** The field over a box, or f in the deviation from the equilibrium, of a map less the equilibrium itself. */
function motion({ f, states, isMap, preconditioner }: Problem, box: Box, order: 0 | 1 | 2) {
  const J = jetArithmetic(intervals, box.length)
  const all = variables(box, order, zeroOne)
  if (preconditioner === undefined) return run(J, f, all)
  const [x, center, inputs] = [all.slice(0, states), all.slice(states, 2 * states), all.slice(2 * states)]
  const y = run(J, f, [...x.map((v, i) => J.add(v, center[i])), ...inputs])
  return isMap ? y.map((v, i) => J.binary.sub(v, center[i])) : y
}

/**
 * Exactly one zero of f (of a map: of f(x) − x) in the box about the equilibrium, by Krawczyk's operator: c − Y·f(c) +
 * (I − Y·Df)(X − c) lies in the interior of X. The field in the deviation, at 0, is that f.
 */
function checkKrawczyk(problem: Problem, Y: readonly (readonly number[])[]): void {
  const { domain, states: n } = problem
  const box = domain.slice(n, 2 * n)
  const centre = box.map(({ lo, hi }) => I.point(lo === hi ? lo : lo / 2 + hi / 2))
  const at = (center: Box) =>
    motion(problem, [...box.map(() => zeroOne[0]), ...center, ...domain.slice(2 * n)], 1)
  const [value, slope] = [at(centre), at(box)]
  // of a map, f(x* + x) − x* has the derivative Df in x, and f(x) − x has Df − I
  const slopeOf = (k: number, j: number) =>
    I.sub(slope[k][1 + j] ?? zeroOne[0], zeroOne[Number(problem.isMap && k === j)])
  box.forEach((side, i) => {
    const moved = sum(n, (k) => I.mul(I.point(-Y[i][k]), value[k][0]))
    const rest = (j: number) => sum(n, (k) => I.mul(I.point(Y[i][k]), slopeOf(k, j)))
    const spread = sum(n, (j) => I.mul(I.sub(zeroOne[Number(i === j)], rest(j)), I.sub(box[j], centre[j])))
    const image = I.add(centre[i], I.add(moved, spread))
    demand(image.lo > side.lo && image.hi < side.hi, 'the box is not shown to hold exactly one equilibrium')
  })
}

/** f(0) = 0, W(0) = 0 and ∇W(0) = 0, exactly; an equilibrium that is not 0 by an operator. */
function checkEquilibrium(problem: Problem): void {
  const { f, W, domain, states, place, preconditioner } = problem
  const surrounds = (box: Box) => box.every((s) => s.lo < 0 && s.hi > 0)
  demand(surrounds(place) && surrounds(domain.slice(0, states)), 'the origin is not inside')
  const ring = exactRing(domain.length)
  const [zero, one] = [0, 1].map((k) => ring.constant(k, true))
  const at = domain.map((_, i) => (i < states ? zero : ring.variable(i)))
  const origin = domain.map((side, i) => (i < states ? zeroOne[0] : side))
  const vanishes = (program: Program, order: 0 | 1) => {
    const exact = run(jetArithmetic(ring, at.length), program, variables(at, order, [zero, one])).flat()
    const bounds = over(program, origin, order).flat()
    return (
      exact.every((p) => p.size === 0) &&
      bounds.every(({ lo, hi }) => Number.isFinite(lo) && Number.isFinite(hi))
    )
  }
  if (preconditioner !== undefined) checkKrawczyk(problem, preconditioner)
  else demand(vanishes(f, 0), 'f is not shown to vanish at the origin')
  demand(vanishes(W, 1), 'the candidate or its gradient is not shown to vanish at the origin')
}

/** V > 0 about the origin, by its Hessian there. No origin box follows. */
function checkCurvature({ W, domain, states }: Problem): undefined {
  const origin = domain.map((side, i) => (i < states ? zeroOne[0] : side))
  const [w] = over(W, origin, 2)
  const rows = Array.from({ length: states }, (_, i) => i)
  const H = rows.map((i) => rows.map((j) => hessianEntry(w, domain.length, i, j)))
  demand(hasPositivePivots(H), 'the Hessian of V at the origin is not shown positive definite')
}

/** A box about 0 on which Ẇ is definite to second order. */
function provenOrigin(problem: Problem): Box {
  const { domain, states, place } = problem
  const inputs = domain.slice(states)
  // the claimed box may be a little too large for these bounds; what is left of it is checked as other boxes are
  const sizes = [1, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.03, 0.01]
  const boxes = sizes.map((s) => [...place.map(({ lo, hi }) => ({ lo: s * lo, hi: s * hi })), ...inputs])
  const origin = boxes.find((box) => isKept(problem, box) && isDefiniteOn(problem, box, 8))
  demand(origin !== undefined, 'the second-order form is not proved definite on any part of the origin box')
  return origin
}

/** Whether a map leads from a box into the domain. */
function isKept(problem: Problem, box: Box): boolean {
  const { domain, states, isMap } = problem
  const isWithin = ([{ lo, hi }]: Jet<I.Interval>, i: number) => lo >= domain[i].lo && hi <= domain[i].hi
  return !isMap || motion(problem, box, 0).slice(0, states).every(isWithin)
}

/**
 * With f = J·x and ∇W = H·x on a star-shaped box: H and −(HᵀJ + JᵀH + κH) must be positive definite throughout, for all
 * inputs, whose intervals are halved where that is not seen at once; of a map, H and (1 − κ)H − JᵀGJ with G the Hessian
 * of W over the image.
 */
function isDefiniteOn(problem: Problem, box: Box, halvings: number): boolean {
  const { W, states: n, decay, isMap } = problem
  const [w] = over(W, box, 2)
  const J = motion(problem, box, 1)
  const square = (entry: (i: number, j: number) => I.Interval) =>
    J.map((_, i) => J.map((_r, j) => entry(i, j)))
  const H = square((i, j) => hessianEntry(w, box.length, i, j))
  const slope = (i: number, j: number) => J[i][1 + j] ?? zeroOne[0]
  const image = isMap ? J.map(([value]) => value) : []
  const G = isMap ? over(W, [...image, ...box.slice(n)], 2)[0] : w
  const bent = (k: number, j: number) => sum(n, (l) => I.mul(hessianEntry(G, box.length, k, l), slope(l, j)))
  const product = (i: number, j: number) => sum(n, (k) => I.mul(H[k][i], slope(k, j)))
  const change = (i: number, j: number) =>
    isMap
      ? I.sub(
          sum(n, (k) => I.mul(slope(k, i), bent(k, j))),
          H[i][j],
        )
      : I.add(product(i, j), product(j, i))
  const form = square((i, j) => I.neg(I.add(change(i, j), I.mul(I.point(decay), H[i][j]))))
  if (hasPositivePivots(H) && hasPositivePivots(form)) return true
  const widths = box.map(({ lo, hi }, i) => (i < n ? 0 : hi - lo))
  if (halvings === 0 || Math.max(...widths) === 0) return false
  return bisect(box, greatest(widths)).every((half) => isDefiniteOn(problem, half, halvings - 1))
}

const sum = (count: number, term: (i: number) => I.Interval) =>
  Array.from({ length: count }).reduce<I.Interval>((s, _, i) => I.add(s, term(i)), zeroOne[0])
const hessianEntry = (w: Jet<I.Interval>, n: number, i: number, j: number) => {
  const [p, q] = [Math.max(i, j), Math.min(i, j)]
  return w[1 + n + (p * (p + 1)) / 2 + q] ?? zeroOne[0]
}

/**
 * The proof by a quadratic form: W ≥ level·xᵢ²/rᵢ² for the half-widths rᵢ of the place (hence {W ≤ level} lies within it,
 * and off the boundary of the domain), and on each leaf HᵀS + SᵀH + κH − 2λQ is negative definite, where f = S·x and
 * xᵀQx ≤ 0 on the leaf within {W ≤ level}.
 */
function checkQuadratic(
  problem: Problem,
  multipliers: readonly (readonly [number, number])[],
  budget: { left: number },
): void {
  const { f, W, domain, states: n, level, decay, place, tree } = problem
  demand(domain.length === n && !problem.isMap, 'inputs or a map in a proof by a quadratic form')
  const [w] = over(W, domain, 2)
  const square = (entry: (i: number, j: number) => I.Interval) =>
    place.map((_, i) => place.map((_b, j) => entry(i, j)))
  const H = square((i, j) => hessianEntry(w, n, i, j))
  /** 2Q = H − 2(level/size²)·eeᵀ */
  const twiceQ = (axis: number, size: number) => {
    const weight = I.div(I.mul(I.point(2), I.point(level)), I.power(I.point(size), 2))
    return square((i, j) => (i === axis && j === axis ? I.sub(H[i][j], weight) : H[i][j]))
  }
  place.forEach(({ lo, hi }, i) => {
    const isInside = hi === -lo && lo > domain[i].lo && hi < domain[i].hi
    demand(isInside && hasPositivePivots(twiceQ(i, hi)), 'the set is not shown to lie within the radii')
  })
  const open = (multiplier: readonly [number, number]) => (box: Box) => {
    const [axis, factor] = multiplier
    const size = Math.max(box[axis].lo, -box[axis].hi)
    demand(factor >= 0 && (factor === 0 || size > 0), 'a multiplier without its constraint')
    const slopes = (part: Box) => run(slopeArithmetic(n), f, slopedVariables(part))
    const centre = box.map(({ lo, hi }) => I.point(lo / 2 + hi / 2))
    const { corners, axis: widest } = slopeCorners(slopes(centre), slopes(box), box)
    const Q = factor === 0 ? undefined : twiceQ(axis, size)
    const isNegative = (S: (typeof corners)[number]) => {
      const product = (i: number, j: number) => sum(n, (k) => I.mul(H[k][i], S[k][j]))
      const rate = (i: number, j: number) =>
        I.add(I.add(product(i, j), product(j, i)), I.mul(I.point(decay), H[i][j]))
      const added = (i: number, j: number) => (Q ? I.mul(I.point(factor), Q[i][j]) : zeroOne[0])
      return hasPositivePivots(square((i, j) => I.sub(added(i, j), rate(i, j))))
    }
    return corners.every(isNegative) ? undefined : widest
  }
  const rest = [...multipliers]
  walk(place, tree, (box) => {
    const multiplier = rest.shift()
    demand(multiplier !== undefined, 'too few multipliers')
    cover(box, budget, open(multiplier))
  })
}

/** A point of an invariant set, strictly within the domain: the set is not empty. No origin box follows. */
function checkWitness({ W, domain, states, place }: Problem): undefined {
  const isInside = place.every((x, i) => x.lo > domain[i].lo && x.hi < domain[i].hi && x.lo === x.hi)
  const [[value]] = over(W, [...place, ...domain.slice(states)], 0)
  demand(isInside && value.hi <= 0, 'the witness is not in the set')
}

/** A function over a box, with its slopes (order 1) or without. */
type Reading = (box: Box, order: 0 | 1) => Jet<I.Interval>

/** W's rate: Ẇ + κW, or W∘f − W + κW of a map; what has its sign where only Ẇ ≤ 0 is claimed. */
function rateOf(problem: Problem): Reading {
  const { W, states: n, decay, isMap, isWeak } = problem
  if (isWeak) return weakRate(problem)
  return (box, order) => {
    const f = motion(problem, box, order)
    const J = jetArithmetic(intervals, box.length)
    const decayOf = (w: Jet<I.Interval>) =>
      J.mul([I.point(decay)], w.slice(0, order === 0 ? 1 : 1 + box.length))
    if (isMap) {
      const [[w], [after]] = [over(W, box, order), run(J, W, f)]
      return J.add(J.binary.sub(after, w), decayOf(w))
    }
    const [w] = over(W, box, order === 0 ? 1 : 2)
    const gradient = (i: number) => [
      w[1 + i] ?? zeroOne[0],
      ...(order === 0 ? [] : box.map((_, j) => hessianEntry(w, box.length, i, j))),
    ]
    const terms = f.slice(0, n).map((v, i) => J.mul(gradient(i), v))
    return terms.reduce((s, v) => J.add(s, v), decayOf(w))
  }
}

/** Ẇ = m·Q with m an even monomial: Q < 0 says Ẇ ≤ 0, wherever f and ∇W are defined; −1 where −Ẇ is a sum of squares. */
function weakRate(problem: Problem): Reading {
  const { W, f, domain, decay } = problem
  const ring = exactRing(domain.length)
  const { rate } = exactRate(ring, { f, W, size: domain.length, decay })
  const Q = isPositive(negative(ring, rate), domain.length, {})
    ? ring.constant(-1, true)
    : withoutSquares(rate)
  return (box, order) => {
    const [w] = over(W, box, 1)
    const parts = [...w, ...motion(problem, box, 0).flat()]
    const arithmetic = jetArithmetic(intervals, box.length)
    return parts.every(({ lo, hi }) => lo <= hi)
      ? ring.evaluate(Q, arithmetic, variables(box, order, zeroOne))
      : [I.never]
  }
}

/** A natural enclosure, intersected with the mean-value form, and how much it varies along each axis. */
function sharpened(read: Reading, box: Box) {
  // halving an odd subnormal rounds: a side of no width is its own centre
  const centre = box.map(({ lo, hi }) => I.point(lo === hi ? lo : lo / 2 + hi / 2))
  const [[natural, ...slopes], [value]] = [read(box, 1), read(centre, 0)]
  const slope = (i: number) => slopes[i] ?? zeroOne[0]
  const mean = I.add(
    value,
    sum(box.length, (i) => I.mul(slope(i), I.sub(box[i], centre[i]))),
  )
  const variation = box.map(({ lo, hi }, i) => Math.max(-slope(i).lo, slope(i).hi) * (hi - lo))
  return { bounds: meet(natural, mean), variation }
}

/** Bounds of W and of its rate over a box, and the axis to bisect. */
function boundsOver({ W }: Problem, rateOver: Reading, box: Box) {
  const { bounds: value } = sharpened((part, order) => over(W, part, order)[0], box)
  const { bounds: rate, variation } = sharpened(rateOver, box)
  const isTold = variation.every((v) => v < Infinity) && variation.some((v) => v > 0)
  return { value, rate, axis: isTold ? greatest(variation) : widest(box) }
}

const widest = (box: Box) => greatest(box.map(({ lo, hi }) => hi - lo))
const greatest = (list: readonly number[]) => list.indexOf(Math.max(...list))
/** Both hold; an undefined natural enclosure stays undefined. */
const meet = (a: I.Interval, b: I.Interval): I.Interval =>
  Number.isNaN(b.lo) ? a : { lo: Math.max(a.lo, b.lo), hi: Math.min(a.hi, b.hi) }

/** Bisects a box until `open` names no axis for any part: it returns the axis to bisect where a part is not proved. */
function cover(start: Box, budget: { left: number }, open: (box: Box) => number | undefined): void {
  const stack = [start]
  for (let box = stack.pop(); box !== undefined; box = stack.pop()) {
    const axis = open(box)
    if (axis === undefined) continue
    demand(budget.left-- > 0, `not proved on ${box.map(({ lo, hi }) => `[${lo}, ${hi}]`).join(' × ')}`)
    stack.push(...bisect(box, axis))
  }
}

function bisect(box: Box, axis: number): readonly [Box, Box] {
  const { lo, hi } = box[axis]
  const middle = lo / 2 + hi / 2
  demand(
    middle > lo && middle < hi,
    `a box without inside: ${box.map((s) => `[${s.lo}, ${s.hi}]`).join(' × ')}`,
  )
  const half = (part: I.Interval) => box.map((side, i) => (i === axis ? part : side))
  return [half({ lo, hi: middle }), half({ lo: middle, hi })]
}

/** W > level on every face of the domain of the states. */
function checkFaces(problem: Problem, budget: { left: number }): void {
  const { W, domain, states, level, isMap } = problem
  if (isMap) return
  const open = (box: Box) =>
    sharpened((part, order) => over(W, part, order)[0], box).bounds.lo > level
      ? undefined
      : greatest(box.map(({ lo, hi }, i) => (i < states ? hi - lo : 0)))
  const face = (i: number, side: number) => domain.map((s, k) => (k === i ? I.point(side) : s))
  domain.slice(0, states).forEach(({ lo, hi }, i) => {
    for (const side of [lo, hi]) cover(face(i, side), budget, open)
  })
}

/** Walks the bisection and proves each leaf, whatever kind it claims to be, bisecting further where bounds are loose. */
function checkLeaves(problem: Problem, origin: Box | undefined, budget: { left: number }): void {
  const { isRegion, level, tree, domain } = problem
  const rateOver = rateOf(problem)
  const open = (box: Box) => {
    if (origin?.every((s, i) => s.lo <= box[i].lo && s.hi >= box[i].hi)) return undefined
    const { value, rate, axis } = boundsOver(problem, rateOver, box)
    // within an invariant set f must at least be defined, or solutions end there: then the rate is not NaN
    const isInside = !isRegion && value.hi < level && rate.lo <= rate.hi
    if (value.lo > level || isInside || (rate.hi < 0 && isKept(problem, box))) return undefined
    return rate.hi < 0 ? widest(box) : axis
  }
  walk(domain, tree, (box) => cover(box, budget, open))
}

/** The leaves of a bisection in preorder. */
function walk(root: Box, tree: readonly number[], leaf: (box: Box) => void): void {
  const stack = [root]
  for (const entry of tree) {
    const box = stack.pop()
    demand(box !== undefined, 'the tree has too many entries')
    if (entry < 0) leaf(box)
    else stack.push(...[...bisect(box, entry)].reverse())
  }
  demand(stack.length === 0, 'the tree has too few entries')
}
