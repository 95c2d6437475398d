import { type CompiledField, compile, jacobian } from '@separatrix/field/core'
import { atClock, type Problem } from '../problem.js'
import { remember } from '../remember.js'

/** Writes ∂f/∂t at (clock[0], y), where f = `slope`, into `out`; returns how many evaluations of f it cost. */
export type TimeDerivative = (y: Float64Array, slope: Float64Array, out: Float64Array) => number

/** Increment of a forward difference: √ε balances truncation and rounding (Dennis & Schnabel, §5.4). */
const increment = Math.sqrt(Number.EPSILON)

/** What compiled derivatives are remembered under. */
const exact = {}

/**
 * ∂f/∂t by the field's graph, 0 where it does not use t; a forward difference for a plain function, of a width
 * that is small beside both t and the span of a step, clock[1].
 */
export function timeDerivativeOf(problem: Problem, clock: Float64Array): TimeDerivative {
  const { field, theta, size: n } = problem
  if (!problem.timed)
    return (_y, _slope, out) => {
      out.fill(0)
      return 0
    }
  if (field !== undefined) {
    const derivative = remember(field, exact, 'time', () =>
      compile(jacobian(field, { wrt: 'time' })),
    ) as CompiledField
    return (y, _slope, out) => {
      derivative(clock[0] as number, y, out, theta)
      return 0
    }
  }
  const moved = new Float64Array(1)
  const evaluate = atClock(problem, moved)
  return (y, slope, out) => {
    const [t, h] = [clock[0] as number, clock[1] as number]
    moved[0] = t + increment * Math.sign(h) * Math.max(Math.abs(t), Math.abs(h))
    const width = (moved[0] as number) - t
    evaluate(y, out)
    for (let i = 0; i < n; i++) out[i] = ((out[i] as number) - (slope[i] as number)) / width
    return 1
  }
}
