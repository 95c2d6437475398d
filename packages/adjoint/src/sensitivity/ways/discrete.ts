import type { Field } from '@separatrix/field/core'
import type { Method } from '@separatrix/ode'
import { lossOf, noGradient, type PreparedSensitivity, solving } from '../gradient.js'
import { derivativeFunctions } from '../steps/derivativeFunctions.js'
import { differentiateStep } from '../steps/differentiateStep.js'
import { checkpointedSolve } from './checkpointedSolve.js'
import { outputTimes } from './outputTimes.js'
import { recordSolve } from './recordSolve.js'
import { reverseSweep } from './reverseSweep.js'

/** Reverse differentiation of the steps that were taken: discretise, then optimise. */
export function discrete(field: Field, method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, 'pullback')
  const derivative = differentiateStep(method, functions, field)
  return (y0, span, options) => {
    const { checkpoints, loss, theta = field.theta } = options
    const { solution, tape, segments } =
      checkpoints === undefined
        ? recordSolve(field, y0, span, solving(options))
        : checkpointedSolve(field, y0, span, { ...solving(options), checkpoints })
    if (solution.status !== 'success') return noGradient(solution, n, p)
    functions.theta.set(theta)
    const { value, cotangents } = lossOf(loss, solution)
    const outputs = outputTimes(solution.t, tape)
    const [dy0, dtheta] = [new Float64Array(n), new Float64Array(p)]
    reverseSweep({ ...tape, segments }, derivative, outputs, cotangents, { lambda: dy0, mu: dtheta })
    const { stats, status, message } = solution
    return { value, dy0, dtheta, stats, status, message }
  }
}
