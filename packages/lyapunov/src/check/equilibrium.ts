import { type Box, hessian, isDefinite, linearized, type Matrix, product, square, sum } from './boxes.js'
import { candidate, motion } from './formulas.js'
import { add, centre, intervals, isBounded, mul, neg, one, point, sub, zero } from './interval.js'
import { isKept } from './leaves.js'
import { polynomials } from './polynomial.js'
import { demand } from './program.js'
import { type Problem, readNumbers } from './readCertificate.js'
import { jets, number, variables } from './ring.js'

/** f(0) = 0, V(0) = 0 and ∇V(0) = 0, exactly; an equilibrium that is not 0 by an operator. */
export function checkEquilibrium(problem: Problem): void {
  const { f, domain, states: n, isMoved } = problem
  const isInside = domain.slice(0, n).every(({ lo, hi }) => lo < 0 && hi > 0)
  demand(isInside, 'the origin is not inside')
  const at = domain.map((side, i) => (i < n ? zero : side))
  // networks at 0 are long sums of constants: what cancels there does so by the shortest formulas
  const P = polynomials(domain.length, 40)
  const x = domain.map((_, i) => (i < n ? number(P, 0) : P.variable(i)))
  const V = candidate(problem)
  const { value, slopes } = V(jets(P, x.length), variables(P, x))
  const vanishes = [value, ...slopes].every((p) => p === undefined || p.size === 0)
  const parts = linearized((r, y) => [V(r, y)], at).flat()
  demand(vanishes && parts.every(isBounded), 'V or its gradient is not shown to vanish at the origin')
  if (isMoved) checkKrawczyk(problem)
  else {
    const isStill = f(P, x).every((p) => p.size === 0) && f(intervals, at).every(isBounded)
    demand(isStill, 'f is not shown to vanish at the origin')
  }
}

/**
 * Exactly one zero of f (of a map: of f(x) − x) in the box X about the equilibrium, by Krawczyk's operator: c − Y·f(c) +
 * (I − Y·Df(X))(X − c) lies in the interior of X. The field in the deviation, at 0, is that f.
 */
function checkKrawczyk(problem: Problem): void {
  const { domain, states: n, isMap, proof } = problem
  const y = readNumbers(proof.preconditioner, 'the preconditioner', n * n)
  const X = domain.slice(n, 2 * n)
  const c = X.map((side) => point(centre(side)))
  const at = (x: Box) => linearized(motion(problem), [...X.map(() => zero), ...x, ...domain.slice(2 * n)])
  const [atCentre, overBox] = [at(c), at(X)]
  demand(overBox.flat().every(isBounded), 'the field is not defined about the equilibrium')
  const identity = square(n, (i, j) => (i === j ? one : zero))
  // motion is a function of the deviation, then of the equilibrium: f(x* + x), of a map less x*
  const Df = square(n, (i, j) => overBox[i][1 + j])
  const D = isMap ? square(n, (i, j) => sub(Df[i][j], identity[i][j])) : Df
  const YD = product(square(n, (i, j) => point(y[j * n + i])), D) // biome-ignore format: one line
  X.forEach((side, i) => {
    const moved = sum(n, (k) => mul(point(y[i * n + k]), atCentre[k][0]))
    const spread = sum(n, (j) => mul(sub(identity[i][j], YD[i][j]), sub(X[j], c[j])))
    const image = add(sub(c[i], moved), spread)
    demand(image.lo > side.lo && image.hi < side.hi, 'the box is not shown to hold exactly one equilibrium')
  })
}

/** The Hessian of V at the origin is positive definite. */
export function checkHessian(problem: Problem): void {
  const { domain, states: n } = problem
  const at = domain.map((side, i) => (i < n ? zero : side))
  const H = hessian(candidate(problem), at, n)
  demand(isDefinite(H), 'the Hessian of V at the origin is not shown positive definite')
}

/**
 * Whether V > 0 and V̇ + κV < 0 on a box but at 0: on all segments from 0 to it f = J·x and ∇V = H·x, with rows of J and H
 * in the enclosed Df and Hess V, and H and −(HᵀJ + JᵀH + κH) are positive definite; of a map, which leads into the domain,
 * H and (1 − κ)H − JᵀGJ with G in the Hessian of V over the image.
 */
export function fallsAboutOrigin(problem: Problem, box: Box): boolean {
  const { states: n, decay, isMap } = problem
  const star = box.map(({ lo, hi }, i) => (i < n ? { lo: Math.min(lo, 0), hi: Math.max(hi, 0) } : { lo, hi }))
  const V = candidate(problem)
  const f = linearized(motion(problem), star)
  // nothing is known of slopes where a function has no value
  if (!isKept(problem, star) || !f.every(([v]) => v.lo <= v.hi)) return false
  const J = square(n, (i, j) => f[i][1 + j])
  const H = hessian(V, star, n)
  const form = (change: (i: number, j: number) => Matrix[number][number]) =>
    square(n, (i, j) => neg(add(change(i, j), mul(point(decay), H[i][j]))))
  if (!isDefinite(H)) return false
  if (isMap) {
    const G = hessian(V, [...f.map(([v]) => v), ...star.slice(n)], n)
    const JGJ = product(J, product(G, J))
    return isDefinite(form((i, j) => sub(JGJ[i][j], H[i][j])))
  }
  const HJ = product(H, J)
  return isDefinite(form((i, j) => add(HJ[i][j], HJ[j][i])))
}
