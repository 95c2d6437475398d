import { type Exact, type ExactRing, exactRing, isPositive, linearPart, withoutSquares } from './exact.js'
import * as I from './interval.js'
import { jetArithmetic } from './jet.js'
import {
  bisect,
  candidateOf,
  cover,
  hasPositivePivots,
  hessianEntry,
  motion,
  one,
  over,
  type Reading,
  rateOf,
  sharpened,
  square,
  sum,
  variables,
  walk,
  widest,
  zero,
} from './overBoxes.js'
import { isIndex, type Program, run, workOf } from './program.js'
import { checkQuadratic } from './quadratic.js'
import { type Box, demand, type Problem, readBox, readCertificate, readNumbers } from './readCertificate.js'
import { intervals } from './ring.js'

export interface CheckResult {
  readonly valid: boolean
  readonly reason: string
}

export interface Budget {
  left: number
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
    const problem = readCertificate(json)
    const { f, W, domain, claim } = problem
    const work = workOf(f, domain.length) + workOf(W, domain.length)
    const budget = { left: Math.min(extraBoxes, Math.ceil(greatestExtraWork / work)) }
    return { valid: true, reason: proofs[claim.property as keyof typeof proofs](problem, budget) }
  } catch (error) {
    return { valid: false, reason: error instanceof Error ? error.message : 'malformed' }
  }
}

/** How each property is proved again, and what that was. */
const proofs = {
  'region-of-attraction': checkRegion,
  stability: checkStability,
  'reach-avoid-stay': checkReach,
  'invariant-set': checkInvariantSet,
  'invariant-polytope': checkPolytope,
  'global-asymptotic-stability': checkGlobal,
} as const

function checkRegion(problem: Problem, budget: Budget): string {
  const { proof, states, level } = problem
  demand(level > 0, 'a level out of range')
  checkEquilibrium(problem)
  if (proof.radii !== undefined) checkQuadratic(problem, budget)
  else {
    const origin = provenOrigin(problem, readBox(proof.origin, 'the origin box', states))
    if (!problem.isMap) checkFaces(problem, budget)
    const isDone = (box: Box) => origin.every((s, i) => s.lo <= box[i].lo && s.hi >= box[i].hi)
    checkLeaves(problem, rateOf(problem), { isDone, budget })
  }
  return 'every leaf, the boundary and the origin were proved again'
}

function checkStability(problem: Problem, budget: Budget): string {
  const { W, level, domain, states: n } = problem
  demand(level > 0, 'a level out of range')
  checkEquilibrium(problem)
  const [w] = over(W, atOrigin(problem), 2)
  const H = square(n, (i, j) => hessianEntry(w, domain.length, i, j))
  demand(hasPositivePivots(H), 'the Hessian of V at the origin is not shown positive definite')
  checkFaces(problem, budget)
  checkLeaves(problem, weakRate(problem), { budget })
  return 'every leaf, the boundary and the origin were proved again'
}

/** W ≤ 0 at the witness, W > 0 on the faces, and Ẇ < 0 where W = 0. */
function checkInvariantSet(problem: Problem, budget: Budget): string {
  const { W, domain, states, proof, level } = problem
  demand(level === 0, 'a level out of range')
  const witness = readNumbers(proof.witness, 'the witness', states)
  const [[value]] = over(W, [...witness.map(I.point), ...domain.slice(states)], 0)
  const isInside = witness.every((x, i) => x > domain[i].lo && x < domain[i].hi)
  demand(isInside && value.hi <= 0, 'the witness is not in the set')
  checkFaces(problem, budget)
  checkBand(problem, 0, budget)
  return 'every leaf, the boundary and the witness were proved again'
}

/** V̇ < 0 between two levels, V above the upper one on what is to be avoided, and the start and the goal as named. */
function checkReach(problem: Problem, budget: Budget): string {
  const { claim, domain, states: n, level } = problem
  const inputs = domain.slice(n)
  const inner = claim.inner as number
  demand(Number.isFinite(inner) && inner < level, 'an inner level out of range')
  const value = candidateOf(problem)
  const prove = (box: Box, holds: (value: I.Interval) => boolean) =>
    cover([...box, ...inputs], budget, (part) =>
      holds(sharpened(value, part).bounds) ? undefined : widest(part.slice(0, n)),
    )
  checkFaces(problem, budget)
  for (const box of (claim.avoid ?? []) as readonly unknown[])
    prove(readBox(box, 'a box to avoid', n), ({ lo }) => lo > level)
  if (claim.initial !== undefined) {
    const initial = readBox(claim.initial, 'the initial box', n)
    const isWithin = initial.every(({ lo, hi }, i) => lo >= domain[i].lo && hi <= domain[i].hi)
    demand(isWithin, 'the initial box is not within the domain')
    prove(initial, ({ hi }) => hi <= level)
  }
  const goal = claim.goal === undefined ? [] : readBox(claim.goal, 'the goal', n)
  goal.forEach(({ lo, hi }, i) => {
    // beside the goal, on either side along each axis
    const own = domain[i]
    for (const side of [{ lo: own.lo, hi: Math.min(own.hi, lo) }, { lo: Math.max(own.lo, hi), hi: own.hi }])
      if (side.lo <= side.hi)
        prove(domain.slice(0, n).map((s, k) => (k === i ? side : s)), (v) => v.lo > inner) // biome-ignore format: one line
  })
  checkBand(problem, inner, budget)
  return 'every leaf, the boundary and the boxes of the claim were proved again'
}

/** The box of the origin, the equilibrium and the inputs as they are. */
const atOrigin = ({ domain, states }: Problem): Box => domain.map((side, i) => (i < states ? zero : side))

/** f(0) = 0, W(0) = 0 and ∇W(0) = 0, exactly; an equilibrium that is not 0 by an operator. */
function checkEquilibrium(problem: Problem): void {
  const { f, W, domain, states, isMoved } = problem
  demand(domain.slice(0, states).every(({ lo, hi }) => lo < 0 && hi > 0), 'the origin is not inside') // biome-ignore format: one line
  const ring = exactRing(domain.length)
  const numbers = [0, 1].map((k) => ring.constant(k, true))
  const at = domain.map((_, i) => (i < states ? numbers[0] : ring.variable(i)))
  const vanishes = (program: Program, order: 0 | 1) => {
    const exact = run(jetArithmetic(ring, at.length), program, variables(at, order, numbers)).flat()
    const bounds = over(program, atOrigin(problem), order).flat()
    return exact.every((p) => p.size === 0) && bounds.every(({ lo, hi }) => Number.isFinite(hi - lo))
  }
  if (isMoved) checkKrawczyk(problem)
  else demand(vanishes(f, 0), 'f is not shown to vanish at the origin')
  demand(vanishes(W, 1), 'the candidate or its gradient is not shown to vanish at the origin')
}

/**
 * Exactly one zero of f (of a map: of f(x) − x) in the box about the equilibrium, by Krawczyk's operator: c − Y·f(c) +
 * (I − Y·Df)(X − c) lies in the interior of X. The field in the deviation, at 0, is that f.
 */
function checkKrawczyk(problem: Problem): void {
  const { domain, states: n, isMap, proof } = problem
  const Y = readNumbers(proof.preconditioner, 'the preconditioner', n * n)
  const box = domain.slice(n, 2 * n)
  const centre = box.map(({ lo, hi }) => I.point(lo === hi ? lo : lo / 2 + hi / 2))
  const at = (center: Box) => motion(problem, [...box.map(() => zero), ...center, ...domain.slice(2 * n)], 1)
  const [value, slope] = [at(centre), at(box)]
  const identity = (i: number, j: number) => (i === j ? one : zero)
  // of a map, f(x* + x) − x* has the derivative Df in x, and f(x) − x has Df − I
  const slopeOf = (k: number, j: number) => I.sub(slope[k][1 + j] ?? zero, isMap ? identity(k, j) : zero)
  box.forEach((side, i) => {
    const y = (k: number) => I.point(Y[i * n + k])
    const moved = sum(n, (k) => I.mul(y(k), value[k][0]))
    const rest = (j: number) =>
      I.sub(
        identity(i, j),
        sum(n, (k) => I.mul(y(k), slopeOf(k, j))),
      )
    const spread = sum(n, (j) => I.mul(rest(j), I.sub(box[j], centre[j])))
    const image = I.add(I.sub(centre[i], moved), spread)
    demand(image.lo > side.lo && image.hi < side.hi, 'the box is not shown to hold exactly one equilibrium')
  })
}

/** A box about 0 on which W's rate is definite to second order, and from which a map leads into the domain. */
function provenOrigin(problem: Problem, place: Box): Box {
  demand(place.every(({ lo, hi }) => lo < 0 && hi > 0), 'the origin is not inside') // biome-ignore format: one line
  const inputs = problem.domain.slice(problem.states)
  // the claimed box may be a little too large for these bounds; what is left of it is checked as other boxes are
  const sizes = [1, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.03, 0.01]
  const boxes = sizes.map((s) => [...place.map(({ lo, hi }) => ({ lo: s * lo, hi: s * hi })), ...inputs])
  const origin = boxes.find((box) => isKept(problem, box) && isDefiniteOn(problem, box, 8))
  demand(origin !== undefined, 'the second-order form is not proved definite on any part of the origin box')
  return origin
}

/** Whether a map leads from a box into the domain. */
function isKept(problem: Problem, box: Box): boolean {
  const { domain, isMap } = problem
  return !isMap || motion(problem, box, 0).every(([v], i) => v.lo >= domain[i].lo && v.hi <= domain[i].hi)
}

/**
 * With f = J·x and ∇W = H·x on a star-shaped box: H and −(HᵀJ + JᵀH + κH) must be positive definite throughout, for all
 * inputs, whose intervals are halved where that is not seen at once; of a map, H and (1 − κ)H − JᵀGJ with G the Hessian
 * of W over the image.
 */
function isDefiniteOn(problem: Problem, box: Box, halvings: number): boolean {
  const { W, states: n, decay, isMap } = problem
  const J = motion(problem, box, 1)
  const hessian = (at: Box) => {
    const [w] = over(W, at, 2)
    return square(n, (i, j) => hessianEntry(w, box.length, i, j))
  }
  const H = hessian(box)
  const G = isMap ? hessian([...J.map(([value]) => value), ...box.slice(n)]) : H
  const slope = (i: number, j: number) => J[i][1 + j] ?? zero
  const bent = square(n, (i, j) => sum(n, (k) => I.mul(G[k][i], slope(k, j))))
  const change = (i: number, j: number) =>
    isMap ? I.sub(sum(n, (k) => I.mul(slope(k, i), bent[k][j])), H[i][j]) : I.add(bent[i][j], bent[j][i]) // biome-ignore format: two cases
  const form = square(n, (i, j) => I.neg(I.add(change(i, j), I.mul(I.point(decay), H[i][j]))))
  if (hasPositivePivots(H) && hasPositivePivots(form)) return true
  const widths = box.map((side, i) => (i < n ? zero : side))
  const axis = widest(widths)
  if (halvings === 0 || widths[axis].lo === widths[axis].hi) return false
  return bisect(box, axis).every((half) => isDefiniteOn(problem, half, halvings - 1))
}

/** W > level on every face of the domain of the states. */
function checkFaces(problem: Problem, budget: Budget): void {
  const { domain, states, level } = problem
  const value = candidateOf(problem)
  const open = (box: Box) =>
    sharpened(value, box).bounds.lo > level ? undefined : widest(box.slice(0, states))
  domain.slice(0, states).forEach(({ lo, hi }, i) => {
    for (const side of [lo, hi])
      cover(domain.map((s, k) => (k === i ? I.point(side) : s)), budget, open) // biome-ignore format: one line
  })
}

interface Leaves {
  /** boxes that are proved otherwise */
  readonly isDone?: (box: Box) => boolean
  /** boxes so far within the set that nothing is claimed of the rate */
  readonly isBelow?: (value: I.Interval, rate: I.Interval) => boolean
  readonly budget: Budget
}

/**
 * Walks the bisection and proves W > level or its rate < 0 on each leaf, whatever kind it claims to be, bisecting further
 * where bounds are loose.
 */
function checkLeaves(problem: Problem, rateOver: Reading, { isDone, isBelow, budget }: Leaves): void {
  const value = candidateOf(problem)
  walk(problem.domain, problem.tree, (leaf) =>
    cover(leaf, budget, (box) => {
      if (isDone?.(box)) return undefined
      const level = sharpened(value, box).bounds
      if (level.lo > problem.level) return undefined
      const { bounds: rate, axis } = sharpened(rateOver, box)
      if (isBelow?.(level, rate)) return undefined
      if (!(rate.hi < 0)) return axis
      return isKept(problem, box) ? undefined : widest(box)
    }),
  )
}

/** W's rate < 0 where lower ≤ W ≤ level; below, f must at least be defined, or solutions end there. */
function checkBand(problem: Problem, lower: number, budget: Budget): void {
  const isBelow = (value: I.Interval, rate: I.Interval) => value.hi < lower && rate.lo <= rate.hi
  checkLeaves(problem, rateOf(problem), { isBelow, budget })
}

/** V and its rate along f, V̇ + κV, as exact polynomials in the states, the inputs and atoms. */
function exactRate(ring: ExactRing, { f, W, decay }: Problem, size: number) {
  const numbers = [0, 1].map((k) => ring.constant(k, true))
  const at = variables(Array.from({ length: size }, (_, i) => ring.variable(i)), 1, numbers) // biome-ignore format: one line
  const J = jetArithmetic(ring, size)
  const [[w, ...g]] = run(J, W, at)
  const terms = run(J, f, at).map(([v], i) => ring.mul(g[i] ?? numbers[0], v))
  return { w, rate: terms.reduce((s, v) => ring.add(s, v), ring.mul(ring.constant(decay, true), w)) }
}

const negative = (ring: ExactRing, p: Exact) => ring.sub(ring.constant(0, true), p)

/** V and −V̇ − κV are positive but at 0, and V is unbounded, as polynomials with exact coefficients. */
function checkGlobal(problem: Problem): string {
  const { states: n, level, domain } = problem
  demand(level === 0 && domain.length === 0, 'a global claim has no level and no domain')
  const ring = exactRing(n)
  const { w, rate } = exactRate(ring, problem, n)
  demand(isPositive(w, n, { isStrict: true, isUnbounded: true }), 'V is not shown positive and unbounded')
  demand(isPositive(negative(ring, rate), n, { isStrict: true }), 'V is not shown to fall')
  return 'the signs of the coefficients were proved again, exactly'
}

/** V̇ = m·Q with m an even monomial: Q < 0 says V̇ ≤ 0, wherever f and ∇V are defined; −1 where −V̇ is a sum of squares. */
function weakRate(problem: Problem): Reading {
  const { W, domain } = problem
  const ring = exactRing(domain.length)
  const { rate } = exactRate(ring, problem, domain.length)
  const isSquares = isPositive(negative(ring, rate), domain.length, {})
  const Q = isSquares ? ring.constant(-1, true) : withoutSquares(rate)
  return (box, order) => {
    const parts = [...over(W, box, 1)[0], ...motion(problem, box, 0).flat()]
    const isDefined = parts.every(({ lo, hi }) => lo <= hi)
    const arithmetic = jetArithmetic(intervals, box.length)
    return isDefined ? ring.evaluate(Q, arithmetic, variables(box, order, [zero, one])) : [I.never]
  }
}

/**
 * No solution leaves {x in domain: A(x) ≤ 0}, A affine: where a row or a side of the domain is an equality, its rate
 * a·f is negative, or with one coordinate eliminated has no terms but nonpositive ones (Nagumo; f is Lipschitz on a little
 * more than the domain). Rows that are equalities throughout have the rate 0, as a formula.
 */
function checkPolytope(problem: Problem, budget: Budget): string {
  const { f, W, domain, states: n, level, claim, proof } = problem
  demand(level === 0, 'a level out of range')
  const ring = exactRing(domain.length)
  const at = domain.map((_, i) => ring.variable(i))
  const scalars = jetArithmetic(ring, domain.length)
  const exactly = (program: Program, x: readonly Exact[]) => run(scalars, program, x.map((v) => [v])).map(([v]) => v) // biome-ignore format: one line
  const rows = exactly(W, at)
  const sidesOf = (x: readonly Exact[]) =>
    domain
      .slice(0, n)
      .flatMap(({ lo, hi }, i) => [
        ring.sub(x[i], ring.constant(hi, true)),
        ring.sub(ring.constant(lo, true), x[i]),
      ])
  const all = [...rows, ...sidesOf(at)]
  const equalities = claim.equalities ?? []
  demand(equalities.every((k) => isIndex(k, rows.length)), 'an equality without its row') // biome-ignore format: one line
  const isEqual = all.map((_, k) => equalities.includes(k))
  const witness = readNumbers(proof.witness, 'the witness', n).map((x) => ring.constant(x, false))
  const values = [...exactly(W, [...witness, ...at.slice(n)]), ...sidesOf(witness)].map((p) => ring.signOf(p))
  const isIn = values.every((sign, k) => sign === 0 || (sign === -1 && !isEqual[k]))
  demand(isIn, 'the witness is not in the set')
  const room = domain.map(({ lo, hi }) =>
    I.add({ lo, hi }, { lo: (lo - hi) / 2 ** 20, hi: (hi - lo) / 2 ** 20 }),
  )
  const isBounded = ({ lo, hi }: I.Interval) => Number.isFinite(hi - lo)
  cover(room, budget, (box) => (over(f, box, 1).flat().every(isBounded) ? undefined : widest(box)))
  const J = (box: Box) => jetArithmetic(intervals, box.length)
  const valueOver = (p: Exact, box: Box) => ring.evaluate(p, J(box), variables(box, 0, [zero, one]))[0]
  const isNonnegative = (p: Exact) => ring.hasSigns(p, (i) => i < domain.length && domain[i].lo >= 0)
  all.forEach((row, index) => {
    const normal = linearPart(row, n)
    demand(normal !== undefined, 'a row that is not affine')
    const k = normal.findIndex((a) => a.size > 0)
    // the coordinate that the row gives by the others
    const solved = ring.sub(at[k], ring.div(row, normal[k]))
    const fields = exactly(
      f,
      at.map((v, i) => (i === k ? solved : v)),
    )
    const outward = fields.reduce((s, v, i) => ring.add(s, ring.mul(normal[i], v)), ring.constant(0, true))
    if (isEqual[index] ? outward.size === 0 : isNonnegative(negative(ring, outward))) return
    demand(!isEqual[index], 'the rate of an equality is not shown to vanish')
    const rate: Reading = (box, order) =>
      motion(problem, box, order)
        .map((v, i) => J(box).mul([valueOver(normal[i], box)], v))
        .reduce((s, v) => J(box).add(s, v))
    cover(domain, budget, (box) => {
      const [own, given] = [box[k], valueOver(solved, box)]
      const side = { lo: Math.max(own.lo, given.lo), hi: Math.min(own.hi, given.hi) }
      if (side.lo > side.hi) return undefined
      const face = box.map((s, i) => (i === k ? side : s))
      const excesses = all.map((p) => valueOver(p, face))
      if (excesses.some((v, i) => v.lo > 0 || (isEqual[i] && v.hi < 0))) return undefined
      const { bounds, axis } = sharpened(rate, face)
      return bounds.hi < 0 ? undefined : axis
    })
  })
  return 'every face and the witness were proved again'
}
