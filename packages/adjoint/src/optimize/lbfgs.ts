import type { Objective, Optimizer } from './optimizer.js'
import { positive } from './settings.js'

export interface LbfgsOptions {
  /** pairs (s, y) kept; 10 */
  readonly memory?: number
  /** length tried first in each line search, 1 being the quasi-Newton step */
  readonly rate?: number
}

type Pair = { readonly s: number[]; readonly y: number[]; readonly curvature: number }
type LbfgsState = { step: number; readonly pairs: Pair[] }

/** Armijo and curvature constants: Nocedal & Wright 2006, section 3.1, for quasi-Newton directions. */
const [decrease, curvatureFactor] = [1e-4, 0.9]
/** Halving 40 times spans twelve orders of magnitude; a search that needs more has met rounding. */
const longestSearch = 40

/**
 * Limited-memory BFGS: the two-loop recursion over the last pairs s = Δθ, y = Δg, then a line search by
 * bracketing for the weak Wolfe conditions. Meant for losses without randomness; it asks for the loss several
 * times a step, always on that step's sample. Where no step length decreases the loss, θ stays and the memory
 * is cleared. Nocedal & Wright 2006, algorithm 7.4; the search is that of Lewis & Overton, Math. Program. 141
 * (2013), algorithm 2.6.
 * @example lbfgs()
 */
export function lbfgs({ memory = 10, rate = 1 }: LbfgsOptions = {}): Optimizer<LbfgsState> {
  positive('lbfgs', 'memory', memory)
  positive('lbfgs', 'rate', rate)
  return {
    name: 'lbfgs',
    init: () => ({ step: 0, pairs: [] }),
    step(state, theta, gradient, objective) {
      const { pairs } = state
      let direction = quasiNewton(pairs, gradient)
      if (!(dot(direction, gradient) < 0)) {
        pairs.length = 0
        direction = Array.from(gradient, (g) => -g)
      }
      // without curvature the length of the gradient means nothing: start with a step of length at most
      // `rate`
      const first =
        pairs.length === 0 ? rate * Math.min(1, 1 / Math.sqrt(dot(direction, direction) || 1)) : rate
      const found = lineSearch({ theta, gradient, direction, objective }, first)
      if (found === undefined) {
        pairs.length = 0
      } else {
        const s = Array.from(found.theta, (v, i) => v - theta[i])
        const y = Array.from(found.gradient, (v, i) => v - gradient[i])
        const curvature = dot(s, y)
        if (curvature > 1e-12 * Math.sqrt(dot(s, s) * dot(y, y))) pairs.push({ s, y, curvature })
        if (pairs.length > memory) pairs.shift()
        theta.set(found.theta)
      }
      state.step++
    },
  }
}

/** −H·g by the two-loop recursion. */
function quasiNewton(pairs: readonly Pair[], gradient: Float64Array): number[] {
  const q = Array.from(gradient)
  const alphas: number[] = []
  for (let k = pairs.length - 1; k >= 0; k--) {
    const { s, y, curvature } = pairs[k]
    alphas[k] = dot(s, q) / curvature
    for (let i = 0; i < q.length; i++) q[i] -= alphas[k] * y[i]
  }
  const last = pairs.at(-1)
  const scale = last === undefined ? 1 : last.curvature / dot(last.y, last.y)
  for (let i = 0; i < q.length; i++) q[i] *= scale
  pairs.forEach(({ s, y, curvature }, k) => {
    const beta = dot(y, q) / curvature
    for (let i = 0; i < q.length; i++) q[i] += (alphas[k] - beta) * s[i]
  })
  return q.map((v) => -v)
}

interface Search {
  readonly theta: Float64Array
  readonly gradient: Float64Array
  readonly direction: readonly number[]
  readonly objective: Objective
}

function lineSearch({ theta, gradient, direction, objective }: Search, first: number) {
  const slope = dot(direction, gradient)
  const trial = new Float64Array(theta.length)
  const trialGradient = new Float64Array(theta.length)
  let [low, high, length] = [0, Number.POSITIVE_INFINITY, first]
  let best: { theta: Float64Array; gradient: Float64Array } | undefined
  for (let k = 0; k < longestSearch; k++) {
    for (let i = 0; i < theta.length; i++) trial[i] = theta[i] + length * direction[i]
    const value = objective.evaluate(trial, trialGradient)
    if (!(value <= objective.value + decrease * length * slope)) {
      high = length
    } else {
      if (value < objective.value) best = { theta: trial.slice(), gradient: trialGradient.slice() }
      if (dot(direction, trialGradient) >= curvatureFactor * slope) return best
      low = length
    }
    length = high === Number.POSITIVE_INFINITY ? 2 * low : (low + high) / 2
  }
  return best
}

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < x.length; i++) total += x[i] * y[i]
  return total
}
