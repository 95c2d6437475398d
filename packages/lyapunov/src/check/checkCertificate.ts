import { checkBlowUp } from './blowUp.js'
import { type Box, bounds, prove, replaced, widest } from './boxes.js'
import { checkEquilibrium, checkHessian, fallsAboutOrigin } from './equilibrium.js'
import { candidate } from './formulas.js'
import { type Interval, intervals, point, zero } from './interval.js'
import { checkFaces, checkLeaves } from './leaves.js'
import { checkPolytope } from './polytope.js'
import { demand } from './program.js'
import { checkQuadratic } from './quadratic.js'
import { type Problem, readBox, readCertificate, readNumbers } from './readCertificate.js'
import { checkGlobal, checkWeakly } from './signs.js'

export interface CheckResult {
  readonly valid: boolean
  readonly reason: string
}

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
    const [check, parts] = properties[problem.claim.property as keyof typeof properties]
    check(problem)
    return { valid: true, reason: `${parts} were proved again` }
  } catch (error) {
    return { valid: false, reason: error instanceof Error ? error.message : 'malformed' }
  }
}

/** How each property is proved again, and what that was. */
const properties = {
  'region-of-attraction': [checkRegion, 'every leaf, the boundary and the origin'],
  stability: [checkStability, 'every leaf, the boundary and the origin'],
  'reach-avoid-stay': [checkReach, 'every leaf, the boundary and the boxes of the claim'],
  'invariant-set': [checkInvariantSet, 'every leaf, the boundary and the witness'],
  'invariant-polytope': [checkPolytope, 'every face and the witness'],
  'global-asymptotic-stability': [checkGlobal, 'the signs of the coefficients, exactly,'],
} as const

function checkRegion(problem: Problem): void {
  demand(problem.level > 0, 'a level out of range')
  checkEquilibrium(problem)
  if (problem.proof.radii !== undefined) checkQuadratic(problem)
  else {
    if (!problem.isMap) checkFaces(problem)
    const origin = readBox(problem.proof.origin, 'the origin box', problem.states)
    demand(
      origin.every(({ lo, hi }) => lo < 0 && hi > 0),
      'the origin is not inside',
    )
    const isWithin = (box: Box) => origin.every(({ lo, hi }, i) => box[i].lo >= lo && box[i].hi <= hi)
    if (problem.proof.blowUp !== undefined) {
      checkBlowUp(problem, origin)
      checkLeaves(problem, { isSettled: isWithin })
      return
    }
    // what is not definite at 0 itself would be halved in vain
    const centre = problem.domain.map((side, i) => (i < problem.states ? zero : side))
    prove(centre, problem.budget, (box) => (fallsAboutOrigin(problem, box) ? undefined : widest(box)))
    checkLeaves(problem, { atOrigin: (box) => isWithin(box) && fallsAboutOrigin(problem, box) })
  }
}

function checkStability(problem: Problem): void {
  demand(problem.level > 0, 'a level out of range')
  checkEquilibrium(problem)
  checkHessian(problem)
  checkFaces(problem)
  checkWeakly(problem)
}

/** W = −B ≤ 0 at the witness, W > 0 on the faces, and Ẇ < 0 where W = 0. */
function checkInvariantSet(problem: Problem): void {
  const { domain, states, proof, level } = problem
  demand(level === 0, 'a level out of range')
  const witness = readNumbers(proof.witness, 'the witness', states)
  const value = candidate(problem)(intervals, [...witness.map(point), ...domain.slice(states)])
  const isInside = witness.every((x, i) => x > domain[i].lo && x < domain[i].hi)
  demand(isInside && value.hi <= 0, 'the witness is not in the set')
  checkFaces(problem)
  checkLeaves(problem, { inner: 0 })
}

/** V̇ < 0 between two levels, V above the upper one on what is to be avoided, and the start and the goal as named. */
function checkReach(problem: Problem): void {
  const { claim, domain, states: n, level, budget } = problem
  const inner = claim.inner as number
  demand(Number.isFinite(inner) && inner < level, 'an inner level out of range')
  const V = candidate(problem)
  const show = (box: Box, holds: (value: Interval) => boolean) =>
    prove([...box, ...domain.slice(n)], budget, (part) =>
      holds(bounds(V, part)) ? undefined : widest(part.slice(0, n)),
    )
  checkFaces(problem)
  for (const box of (claim.avoid ?? []) as readonly unknown[])
    show(readBox(box, 'a box to avoid', n), ({ lo }) => lo > level)
  if (claim.initial !== undefined) {
    const initial = readBox(claim.initial, 'the initial box', n)
    const isWithin = initial.every(({ lo, hi }, i) => lo >= domain[i].lo && hi <= domain[i].hi)
    demand(isWithin, 'the initial box is not within the domain')
    show(initial, ({ hi }) => hi <= level)
  }
  const goal = claim.goal === undefined ? [] : readBox(claim.goal, 'the goal', n)
  goal.forEach(({ lo, hi }, i) => {
    // beside the goal, on either side along each axis
    const own = domain[i]
    for (const side of [
      { lo: own.lo, hi: Math.min(own.hi, lo) },
      { lo: Math.max(own.lo, hi), hi: own.hi },
    ])
      if (side.lo <= side.hi) show(replaced(domain.slice(0, n), i, side), (v) => v.lo > inner)
  })
  checkLeaves(problem, { inner })
}
