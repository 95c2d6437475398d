import type { Field } from '@separatrix/field/core'
import type { Method } from '@separatrix/ode'
import { lossOf, noGradient, type PreparedSensitivity, solving } from '../gradient.js'
import { derivativeFunctions } from '../steps/derivativeFunctions.js'
import { differentiateStep } from '../steps/differentiateStep.js'
import { forwardSweep } from './forwardSweep.js'
import { outputTimes } from './outputTimes.js'
import { recordSolve } from './recordSolve.js'

/** Forward sensitivities of the steps that were taken, then the chain rule through the loss. */
export function forward(field: Field, method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, 'pushforward')
  const derivative = differentiateStep(method, functions, field)
  return (y0, span, options) => {
    const { solution, tape, y } = recordSolve(field, y0, span, solving(options))
    if (solution.status !== 'success') return noGradient(solution, n, p)
    functions.theta.set(options.theta ?? field.theta)
    const { value, cotangents } = lossOf(options.loss, solution)
    const tangents = forwardSweep({ ...tape, y }, derivative, outputTimes(solution.t, tape), { n, p })
    const all = Float64Array.from(tangents, (values) =>
      values.reduce((sum, v, i) => sum + v * cotangents[i], 0),
    )
    const { stats, status, message } = solution
    return { value, dy0: all.slice(0, n), dtheta: all.slice(n), stats, status, message }
  }
}
