import type { Field } from '@separatrix/field/core'
import type { Method } from '@separatrix/ode'
import { isOver, noGradient, type PreparedSensitivity, solving, withGradient } from '../gradient.js'
import { derivativeFunctions } from '../steps/derivativeFunctions.js'
import { differentiateStep } from '../steps/differentiateStep.js'
import { eventDerivatives } from '../steps/eventDerivatives.js'
import { checkpointedSolve } from './checkpointedSolve.js'
import { lossOf, lossRows } from './lossRows.js'
import { recordSolve } from './recordSolve.js'
import { reverseSweep } from './reverseSweep.js'

/** Reverse differentiation of the steps that were taken: discretise, then optimise. */
export function discrete(field: Field, method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, 'pullback')
  const derivative = differentiateStep(method, functions, field)
  const derivatives = eventDerivatives(field)
  return (y0, span, options) => {
    const { checkpoints, theta = field.theta } = options
    const events = derivatives(options.events ?? [])
    const { solution, stretches, outputs, place, segments } =
      checkpoints === undefined
        ? recordSolve(field, y0, span, solving(options))
        : checkpointedSolve(field, y0, span, { ...solving(options), checkpoints })
    if (!isOver(solution)) return noGradient(solution, n, p)
    functions.theta.set(theta)
    const loss = lossOf(options.loss, solution)
    const rows = lossRows(outputs, loss, stretches.crossings, place)
    const sweep = { stretches, rows, loss, functions, derivative, events }
    const { lambda: dy0, mu, dt1 } = reverseSweep(sweep, segments)
    return withGradient(solution, { value: loss.value, dy0, mu, dt1 })
  }
}
