import type { Field } from '@separatrix/field/core'
import type { Method } from '@separatrix/ode'
import { isOver, noGradient, type PreparedSensitivity, solving, withGradient } from '../gradient.js'
import { derivativeFunctions } from '../steps/derivativeFunctions.js'
import { differentiateStep } from '../steps/differentiateStep.js'
import { eventDerivatives } from '../steps/eventDerivatives.js'
import { forwardSweep } from './forwardSweep.js'
import { lossOf, lossRows } from './lossRows.js'
import { recordSolve } from './recordSolve.js'

/** Forward sensitivities of the steps that were taken, then the chain rule through the loss. */
export function forward(field: Field, method: Method): PreparedSensitivity {
  const [n, p] = [field.stateSize, field.theta.length]
  const functions = derivativeFunctions(field, 'pushforward')
  const derivative = differentiateStep(method, functions, field)
  const derivatives = eventDerivatives(field)
  return (y0, span, options) => {
    const events = derivatives(options.events ?? [])
    const { solution, tape, stretches, outputs, place, y } = recordSolve(field, y0, span, solving(options))
    if (!isOver(solution)) return noGradient(solution, n, p)
    functions.theta.set(options.theta ?? field.theta)
    const loss = lossOf(options.loss, solution)
    const rows = lossRows(outputs, loss, stretches.crossings, place)
    const all = forwardSweep({ stretches, rows, loss, functions, derivative, events }, tape, y)
    const [dy0, mu, dt1] = [all.slice(0, n), all.slice(n, n + p + 1), all[n + p + 1]]
    return withGradient(solution, { value: loss.value, dy0, mu, dt1 })
  }
}
