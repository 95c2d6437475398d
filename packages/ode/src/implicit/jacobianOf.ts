import { type CompiledField, compile, jacobian } from '@separatrix/field/core'
import { atClock, type Problem } from '../problem.js'
import { remember } from '../remember.js'

/** Writes ∂f/∂y at (clock[0], y) into J, row-major; returns how many evaluations of f it cost. */
export type JacobianFunction = (y: Float64Array, J: Float64Array) => number

/** Increment of a forward difference: √ε balances truncation and rounding (Dennis & Schnabel, §5.4). */
const increment = Math.sqrt(Number.EPSILON)

/** What compiled Jacobians are remembered under. */
const exact = {}

/** The exact Jacobian of a field's graph at the time in clock[0]; forward differences for a plain function. */
export function jacobianOf(problem: Problem, clock: Float64Array): JacobianFunction {
  const { field, theta, size: n } = problem
  if (field !== undefined) {
    const J = remember(field, exact, 'jacobian', () => compile(jacobian(field))) as CompiledField
    if (problem.timed)
      return (y, out) => {
        J(clock[0] as number, y, out, theta)
        return 0
      }
    return (y, out) => {
      J(0, y, out, theta)
      return 0
    }
  }
  const evaluate = atClock(problem, clock)
  const moved = new Float64Array(n)
  const before = new Float64Array(n)
  const after = new Float64Array(n)
  return (y, out) => {
    moved.set(y)
    evaluate(moved, before)
    for (let j = 0; j < n; j++) {
      const h = increment * Math.max(Math.abs(y[j] as number), 1e-5)
      moved[j] = (y[j] as number) + h
      const width = (moved[j] as number) - (y[j] as number)
      evaluate(moved, after)
      for (let i = 0; i < n; i++) out[i * n + j] = ((after[i] as number) - (before[i] as number)) / width
      moved[j] = y[j] as number
    }
    return n + 1
  }
}
