import { compile, jacobian } from '@separatrix/field/core'
import type { Problem } from '../problem.js'
import { remember } from '../remember.js'

/** Writes ∂f/∂y at (t, y) into J, row-major; returns how many evaluations of f it cost. */
export type JacobianFunction = (t: number, y: Float64Array, J: Float64Array) => number

/** Increment of a forward difference: √ε balances truncation and rounding (Dennis & Schnabel, §5.4). */
const increment = Math.sqrt(Number.EPSILON)

/** What compiled Jacobians are remembered under. */
const exact = {}

/** The exact Jacobian of a field's graph; forward differences for a plain function. */
export function jacobianOf(problem: Problem): JacobianFunction {
  const { field, theta, vectorField, size: n } = problem
  if (field !== undefined) {
    const J = remember(field, exact, 'jacobian', () => compile(jacobian(field))) as ReturnType<typeof compile>
    return (t, y, out) => {
      J(t, y, out, theta)
      return 0
    }
  }
  const [moved, before, after] = [new Float64Array(n), new Float64Array(n), new Float64Array(n)]
  return (t, y, out) => {
    moved.set(y)
    vectorField(t, moved, before, theta)
    for (let j = 0; j < n; j++) {
      const h = increment * Math.max(Math.abs(y[j] as number), 1e-5)
      moved[j] = (y[j] as number) + h
      const width = (moved[j] as number) - (y[j] as number)
      vectorField(t, moved, after, theta)
      for (let i = 0; i < n; i++) out[i * n + j] = ((after[i] as number) - (before[i] as number)) / width
      moved[j] = y[j] as number
    }
    return n + 1
  }
}
