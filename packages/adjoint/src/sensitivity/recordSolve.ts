import type { Field } from '@separatrix/field/core'
import { type Solution, type SolveOptions, solve, stepRecord } from '@separatrix/ode'
import type { Tape } from './stepDerivative.js'

/** Solves and keeps the accepted steps. Memory: n + 2 numbers a step. */
export function recordSolve(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: SolveOptions,
): { readonly solution: Solution; readonly tape: Tape } {
  const record = stepRecord(span[0], y0)
  const solution = solve(field, y0, span, {
    ...options,
    observers: [...(options.observers ?? []), record],
  })
  return { solution, tape: { count: record.count(), ...record.steps() } }
}
