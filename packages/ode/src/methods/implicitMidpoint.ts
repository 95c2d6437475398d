import { jacobianOf } from '../implicit/jacobianOf.js'
import { factorize, solveFactored } from '../implicit/lu.js'
import { hermiteInterpolant } from '../interpolant.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop, type StepMap } from '../loops/fixedLoop.js'
import type { Method } from '../method.js'
import type { Problem } from '../problem.js'
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
  const { vectorField, theta, size: n } = problem
  const jacobian = jacobianOf(problem)
  const [z, middle, slope, residual] = Array.from({ length: 4 }, () => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const matrix = new Float64Array(n * n)
  const pivots = new Int32Array(n)

  /** I − h/2 J at the midpoint y + z/2, decomposed */
  const renew = (t: number, h: number, y: Float64Array, R: Float64Array): boolean => {
    for (let i = 0; i < n; i++) middle[i] = (y[i] as number) + 0.5 * (z[i] as number)
    R[slot.evaluations] = (R[slot.evaluations] as number) + jacobian(t, middle, matrix)
    for (let i = 0; i < n * n; i++) matrix[i] = -0.5 * h * (matrix[i] as number)
    for (let i = 0; i < n; i++) matrix[i * n + i] = (matrix[i * n + i] as number) + 1
    R[slot.jacobians] = (R[slot.jacobians] as number) + 1
    R[slot.factorisations] = (R[slot.factorisations] as number) + 1
    return factorize(matrix, n, pivots)
  }

  /** Newton's iteration until the correction is rounding: tiny, or small and no longer shrinking. */
  const iterate = (t: number, h: number, y: Float64Array, R: Float64Array): boolean => {
    let previous = Number.POSITIVE_INFINITY
    for (let k = 0; k < mostIterations; k++) {
      for (let i = 0; i < n; i++) middle[i] = (y[i] as number) + 0.5 * (z[i] as number)
      vectorField(t, middle, slope, theta)
      R[slot.evaluations] = (R[slot.evaluations] as number) + 1
      R[slot.iterations] = (R[slot.iterations] as number) + 1
      for (let i = 0; i < n; i++) residual[i] = h * (slope[i] as number) - (z[i] as number)
      solveFactored(matrix, n, pivots, residual)
      let [change, scale] = [0, 0]
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

  return (t, h, _end, { y, memory, registers: R }) => {
    const middleTime = t + 0.5 * h
    // the last increment, scaled to this step, predicts the next; memory is zero at the start
    for (let i = 0; i < n; i++) z[i] = h * (memory[i] as number)
    let solved = renew(middleTime, h, y, R) && iterate(middleTime, h, y, R)
    if (!solved) {
      vectorField(t, y, slope, theta)
      for (let i = 0; i < n; i++) z[i] = h * (slope[i] as number)
      solved = renew(middleTime, h, y, R) && iterate(middleTime, h, y, R)
    }
    if (!solved) return false
    for (let i = 0; i < n; i++) {
      memory[i] = (z[i] as number) / h
      y[i] = (y[i] as number) + (z[i] as number)
    }
    return true
  }
}
