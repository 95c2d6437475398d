import { type Box, linearized } from './boxes.js'
import { candidate, motion, rate } from './formulas.js'
import { isBounded } from './interval.js'
import { isPositive } from './isPositive.js'
import { checkLeaves } from './leaves.js'
import { polynomials } from './polynomial.js'
import { demand, readField } from './program.js'
import type { Problem } from './readCertificate.js'
import { type Formula, number } from './ring.js'

/** V and −V̇ − κV are positive but at 0, and V is unbounded, as polynomials with exact coefficients. */
export function checkGlobal(problem: Problem): void {
  const { states: n, level } = problem
  demand(level === 0, 'a global claim has no level')
  const P = polynomials(n, 2000)
  const x = Array.from({ length: n }, (_, i) => P.variable(i))
  const [V, change] = [candidate(problem)(P, x), rate(problem)(P, x)]
  demand(P.hasNoAtoms(), 'a global claim about what is no polynomial')
  demand(isPositive(V, { strictIn: n, isUnbounded: true }), 'V is not shown positive and unbounded')
  demand(isPositive(P.neg(change), { strictIn: n }), 'V is not shown to fall')
}

/**
 * V̇ ≤ 0 in {V ≤ level}, where that is 0 on whole curves: −V̇ is nonnegative by its signs, or V̇ = S²·Q as polynomials in
 * the states, the inputs and values of functions, Q being negative on the leaves; wherever f and ∇V are Lipschitz.
 */
export function checkWeakly(problem: Problem): void {
  const { states: n, domain, proof } = problem
  // the theorem is about smooth V and Lipschitz f
  demand(problem.isSmooth.candidate, 'a candidate that is not smooth')
  const parts = (box: Box) => linearized((r, x) => [candidate(problem)(r, x), ...motion(problem)(r, x)], box)
  const needs = (box: Box) => parts(box).flat().every(isBounded)
  const P = polynomials(domain.length)
  const x = domain.map((_, i) => P.variable(i))
  const change = rate(problem)(P, x)
  if (proof.factor === undefined) {
    demand(isPositive(P.neg(change), {}), 'V is not shown not to rise')
    checkLeaves(problem, { needs, falls: (r) => number(r, -1) })
    return
  }
  const [S, Q] = [proof.factor, proof.quotient].map((json): Formula => {
    const { formulas } = readField(json, 'a factor', [n, domain.length - n, 1])
    return (r, y) => formulas(r, y)[0]
  })
  const difference = P.add(change, P.neg(P.mul(P.power(S(P, x), 2), Q(P, x))))
  demand(difference.size === 0, 'the derivative of V is not the product of its factors')
  checkLeaves(problem, { needs, falls: Q })
}
