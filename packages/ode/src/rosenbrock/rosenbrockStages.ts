import { flatRows } from '../flatRows.js'
import { jacobianOf } from '../implicit/jacobianOf.js'
import { factorize, solveFactored } from '../implicit/lu.js'
import { timeDerivativeOf } from '../implicit/timeDerivativeOf.js'
import { trialSlot } from '../loops/trialClock.js'
import { atClock, type Problem } from '../problem.js'
import { addStages } from '../stageSums.js'
import { slot } from '../state.js'
import type { RosenbrockMethod } from './tableau.js'

/** The stages of one step of a Rosenbrock method, in arrays of their own. */
export interface RosenbrockStages {
  /** u₁ … u_s */
  readonly u: readonly Float64Array[]
  /** f at the last stage */
  readonly lastSlope: Float64Array
  /** y¹ */
  readonly next: Float64Array
  /** y has changed: the Jacobian there is not known */
  forget(): void
  /** computes the step from y with f(t, y) = slope; false where the matrix is singular */
  compute(y: Float64Array, slope: Float64Array, clock: Float64Array, R: Float64Array): boolean
}

/** Binds a Rosenbrock method to a problem; a step that is tried again with another h keeps its Jacobian. */
export function rosenbrockStages(method: RosenbrockMethod, problem: Problem): RosenbrockStages {
  const { size: n } = problem
  const { gamma } = method
  const s = method.m.length
  const [a, c] = [flatRows(method.a, s), flatRows(method.c, s)]
  const [m, alpha, gammas] = [method.m, method.alpha, method.gammas].map((list) =>
    Float64Array.from(list),
  ) as [Float64Array, Float64Array, Float64Array]
  /** time and span that f, ∂f/∂y and ∂f/∂t are evaluated with */
  const now = new Float64Array(2)
  const evaluate = atClock(problem, now)
  const jacobian = jacobianOf(problem, now)
  const timeDerivative = timeDerivativeOf(problem, now)
  const vectors = (count: number) => Array.from({ length: count }, () => new Float64Array(n))
  const u = vectors(s)
  const [point, value, drift, next] = vectors(4) as [Float64Array, Float64Array, Float64Array, Float64Array]
  const [J, W] = [new Float64Array(n * n), new Float64Array(n * n)]
  const pivots = new Int32Array(n)
  let known = false

  const derivatives = (y: Float64Array, slope: Float64Array, R: Float64Array) => {
    const count = jacobian(y, J) + timeDerivative(y, slope, drift)
    R[slot.evaluations] = (R[slot.evaluations] as number) + count
    R[slot.jacobians] = (R[slot.jacobians] as number) + 1
    known = true
  }

  return {
    u,
    lastSlope: value,
    next,
    forget() {
      known = false
    },
    compute(y, slope, clock, R) {
      const t = clock[trialSlot.time] as number
      const h = clock[trialSlot.step] as number
      now[0] = t
      now[1] = h
      if (!known) derivatives(y, slope, R)
      const diagonal = 1 / (h * gamma)
      for (let i = 0; i < n * n; i++) W[i] = -(J[i] as number)
      for (let i = 0; i < n; i++) W[i * n + i] = (W[i * n + i] as number) + diagonal
      R[slot.factorisations] = (R[slot.factorisations] as number) + 1
      if (!factorize(W, n, pivots)) return false
      for (let j = 0; j < s; j++) {
        const stage = u[j] as Float64Array
        if (j === 0) for (let i = 0; i < n; i++) value[i] = slope[i] as number
        else {
          addStages(point, y, a, j * s, u, j)
          now[0] = alpha[j] === 1 ? (clock[trialSlot.end] as number) : t + (alpha[j] as number) * h
          evaluate(point, value)
          R[slot.evaluations] = (R[slot.evaluations] as number) + 1
        }
        const weight = h * (gammas[j] as number)
        for (let i = 0; i < n; i++) {
          let sum = 0
          for (let k = 0; k < j; k++) sum += (c[j * s + k] as number) * ((u[k] as Float64Array)[i] as number)
          stage[i] = (value[i] as number) + sum / h + weight * (drift[i] as number)
        }
        solveFactored(W, n, pivots, stage)
      }
      addStages(next, y, m, 0, u, s)
      return true
    },
  }
}
