import { type Box, bounds, prove, walk, widest } from './boxes.js'
import { candidate, motion, rate } from './formulas.js'
import { intervals, isBounded, point, power } from './interval.js'
import { isKept } from './leaves.js'
import { polynomials } from './polynomial.js'
import { demand, isIndex } from './program.js'
import { type Json, type Problem, readNumbers } from './readCertificate.js'
import { type Formula, number, type Ring } from './ring.js'
import { lazySeries, type Series, series } from './series.js'
import { weighted } from './weighted.js'

const mostOrder = 24

/** V > 0 and V̇ + κV < 0 (or what a map asks for) on the origin box but at 0, each by weights of its own. */
export function checkBlowUp(problem: Problem, origin: Box): void {
  const { isSmooth, domain, states: n, proof } = problem
  demand(isSmooth.candidate && isSmooth.system, 'a blow-up of what has kinks')
  const parts = (x: Box) => [candidate(problem), rate(problem)].map((g) => g(intervals, x))
  const isDefined = (x: Box) => [...parts(x), ...motion(problem)(intervals, x)].every(isBounded)
  // what is undefined at 0 itself would be halved in vain
  prove([...origin, ...domain.slice(n)], { left: 1000 }, (box) =>
    isDefined(box) && isKept(problem, box) ? undefined : widest(box),
  )
  const { value, rate: change } = proof.blowUp as Readonly<Record<string, Json>>
  checkPositive(problem, origin, value, candidate(problem))
  checkPositive(problem, origin, change, (r, x) => r.neg(rate(problem)(r, x)))
}

/**
 * g > 0 on the box but at 0: in each chart xᵢ = ±r^wᵢ, xⱼ = r^wⱼyⱼ, |yⱼ| ≤ 1, Taylor's theorem gives g = r^b·(a mean of
 * ∂ᵣᵇg/b! between 0 and r), as the coefficients of lower orders in g(r^w₁y₁, …) vanish, exactly.
 */
function checkPositive({ domain, states: n, budget }: Problem, origin: Box, json: Json, g: Formula): void {
  const weights = readNumbers(json.weights, 'the weights', n)
  const [b, R] = readNumbers([json.order, json.radius], 'an order and a radius', 2)
  demand(
    [b, ...weights].every((w) => isIndex(w - 1, mostOrder)),
    'weights or an order out of range',
  )
  const isWithin = origin.every(({ lo, hi }, i) => Math.max(-lo, hi) <= power(point(R), weights[i]).lo)
  demand(R > 0 && isWithin, 'the origin box is not within the charts')
  /** the coefficient of t^k in g(t^w₁y₁, …), about t = 0 or t₀ + t */
  const along = <T>(r: Ring<T>, t: Series<T>, y: readonly T[]) => {
    const x = y.map((v, i) => ({ from: i < n ? weights[i] : 0, value: lazySeries(0, 0, () => v) }))
    const { from, value } = g(weighted(series(r), t), x)
    demand(from <= b, 'another order')
    return { from, at: (k: number) => (k - from <= value.to ? value.at(k - from) : number(r, 0)) }
  }
  const P = polynomials(domain.length, 2000)
  const lower = along(P, lazySeries(1, 1, () => number(P, 1)), domain.map((_, i) => P.variable(i))) // biome-ignore format: one line
  for (let k = lower.from; k < b; k++) demand(lower.at(k).size === 0, 'a lower order is not shown to vanish')
  const trees = json.trees as readonly (readonly number[])[]
  demand(
    Array.isArray(trees) && trees.length === 2 * n && trees.every(Array.isArray),
    'other charts than two per axis',
  )
  // series take the square of their length
  const own = { left: Math.ceil(budget.left / (1 + b) ** 2) }
  const root = [{ lo: 0, hi: R }, ...weights.slice(1).map(() => ({ lo: -1, hi: 1 })), ...domain.slice(n)]
  trees.forEach((tree, chart) => {
    const [axis, sign] = [chart >> 1, chart % 2 === 0 ? 1 : -1]
    const leading: Formula = (r, [t, ...y]) => {
      const line = lazySeries(0, 1, (k) => (k === 0 ? t : number(r, 1)))
      return along(r, line, [...y.slice(0, axis), number(r, sign), ...y.slice(axis)]).at(b)
    }
    walk(root, tree, (leaf) =>
      prove(leaf, own, (box) => {
        const { lo, axis: widest } = bounds(leading, box, leaf)
        return lo > 0 ? undefined : widest
      }),
    )
  })
}
