import { jacobianOf } from '../implicit/jacobianOf.js'
import { factorize, solveFactored } from '../implicit/lu.js'
import { hermiteInterpolant } from '../interpolant.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop, type StepMap } from '../loops/fixedLoop.js'
import type { Method } from '../method.js'
import { atClock, type Problem } from '../problem.js'
import { slot } from '../state.js'

/** Newton iterations with one Jacobian; it is renewed once before the step is given up. */
const mostIterations = 20

/**
 * The implicit midpoint rule y¹ = y + h f(t + h/2, (y + y¹)/2): order 2, A-stable, symplectic, and keeps
 * quadratic invariants, for which the stage equation z = h f(y + z/2) is solved down to rounding. Newton's
 * method with one exact Jacobian per step (differences for a plain function).
 */
export const implicitMidpoint: Method = Object.freeze({
  name: 'implicitMidpoint',
  family: 'implicit',
  order: 2,
  errorOrder: undefined,
  denseLevel: 'steps',
  source: 'Hairer, Lubich & Wanner, Geometric Numerical Integration, (II.1.7)',
  kernel: (problem: Problem) => ({
    path: 'loops',
    stageCount: 0,
    memorySize: problem.size,
    interpolant: () => hermiteInterpolant(problem),
    advance: fixedAdvance(fixedLoop(midpointStep(problem))),
  }),
} satisfies Method)

function midpointStep(problem: Problem): StepMap {
  const { size: n } = problem
  /** middle time, h */
  const clock = new Float64Array(2)
  const evaluate = atClock(problem, clock)
  const jacobian = jacobianOf(problem, clock)
  const z = new Float64Array(n)
  const middle = new Float64Array(n)
  const residual = new Float64Array(n)
  const matrix = new Float64Array(n * n)
  const pivots = new Int32Array(n)

  /** I − h/2 J at the midpoint y + z/2, decomposed */
  const renew = (y: Float64Array, R: Float64Array): boolean => {
    const half = 0.5 * (clock[1] as number)
    for (let i = 0; i < n; i++) middle[i] = (y[i] as number) + 0.5 * (z[i] as number)
    R[slot.evaluations] = (R[slot.evaluations] as number) + jacobian(middle, matrix)
    for (let i = 0; i < n * n; i++) matrix[i] = -half * (matrix[i] as number)
    for (let i = 0; i < n; i++) matrix[i * n + i] = (matrix[i * n + i] as number) + 1
    R[slot.jacobians] = (R[slot.jacobians] as number) + 1
    R[slot.factorisations] = (R[slot.factorisations] as number) + 1
    return factorize(matrix, n, pivots)
  }

  /** Newton's iteration until the correction is rounding: tiny, or small and no longer shrinking. */
  const iterate = (y: Float64Array, R: Float64Array): boolean => {
    const h = clock[1] as number
    let previous = Number.POSITIVE_INFINITY
    for (let k = 0; k < mostIterations; k++) {
      for (let i = 0; i < n; i++) middle[i] = (y[i] as number) + 0.5 * (z[i] as number)
      evaluate(middle, residual)
      R[slot.evaluations] = (R[slot.evaluations] as number) + 1
      R[slot.iterations] = (R[slot.iterations] as number) + 1
      for (let i = 0; i < n; i++) residual[i] = h * (residual[i] as number) - (z[i] as number)
      solveFactored(matrix, n, pivots, residual)
      let change = 0
      let scale = 0
      for (let i = 0; i < n; i++) {
        z[i] = (z[i] as number) + (residual[i] as number)
        change = Math.max(change, Math.abs(residual[i] as number))
        scale = Math.max(scale, Math.abs(y[i] as number), Math.abs(z[i] as number))
      }
      if (!Number.isFinite(change)) return false
      if (change <= 0.5 * Number.EPSILON * scale) return true
      if (change >= 0.5 * previous && change <= 64 * Number.EPSILON * scale) return true
      if (change > 2 * previous) return false
      previous = change
    }
    return false
  }

  return (step, { y, memory, registers: R }) => {
    const h = step[1] as number
    clock[0] = (step[0] as number) + 0.5 * h
    clock[1] = h
    // the last increment, scaled to this step, predicts the next; memory is zero at the start
    for (let i = 0; i < n; i++) z[i] = h * (memory[i] as number)
    let solved = renew(y, R) && iterate(y, R)
    if (!solved) {
      evaluate(y, z)
      for (let i = 0; i < n; i++) z[i] = h * (z[i] as number)
      solved = renew(y, R) && iterate(y, R)
    }
    if (!solved) return false
    for (let i = 0; i < n; i++) {
      memory[i] = (z[i] as number) / h
      y[i] = (y[i] as number) + (z[i] as number)
    }
    return true
  }
}
