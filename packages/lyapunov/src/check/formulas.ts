import type { Problem } from './readCertificate.js'
import { along, type Formula, type Formulas, minus, number } from './ring.js'

/** The field in the states, the equilibrium and the inputs: of a map in the deviation, less the equilibrium itself. */
export const motion =
  ({ f, states: n, isMap, isMoved }: Problem): Formulas =>
  (r, x) => {
    if (!isMoved) return f(r, x)
    const y = f(r, [...x.slice(0, n).map((v, i) => r.add(v, x[n + i])), ...x.slice(2 * n)])
    return isMap ? y.map((v, i) => minus(r, v, x[n + i])) : y
  }

/** The function whose set {W ≤ level} is claimed: V, or −B. */
export const candidate =
  ({ V, claim }: Problem): Formula =>
  (r, x) => {
    const [value] = V(r, x)
    return claim.property === 'invariant-set' ? r.neg(value) : value
  }

/** The derivative of g along solutions. */
export const lie =
  (problem: Problem, g: Formula): Formula =>
  (r, x) =>
    along(r, x, motion(problem)(r, x), g).slopes[0] ?? number(r, 0)

/** What is to be negative: Ẇ + κW, or W∘f − W + κW of a map. */
export const rate =
  (problem: Problem): Formula =>
  (r, x) => {
    const W = candidate(problem)
    const f = motion(problem)(r, x)
    const { value, slopes } = along(r, x, problem.isMap ? [] : f, W)
    const change = problem.isMap ? minus(r, W(r, f), value) : (slopes[0] ?? number(r, 0))
    return r.add(change, r.mul(number(r, problem.decay), value))
  }
