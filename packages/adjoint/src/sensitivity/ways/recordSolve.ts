import type { Field } from '@separatrix/field/core'
import { type Solution, type SolveOptions, solve, stepRecord } from '@separatrix/ode'
import type { Tape } from '../steps/tape.js'
import { type Segments, wholeTape } from './segments.js'
import { findStretches, type Stretches } from './stretches.js'

/** A solve, the times of its accepted steps, and their states in segments. */
export interface RecordedSolve {
  readonly solution: Solution
  readonly tape: Tape
  readonly stretches: Stretches
  readonly segments: Segments
}

/** A solve that kept all states, y[i·n …] at the start of step i. */
export interface FullRecord extends RecordedSolve {
  readonly y: Float64Array
}

/** Solves and keeps the accepted steps. Memory: n + 2 numbers a step. */
export function recordSolve(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: SolveOptions,
): FullRecord {
  const record = stepRecord(span[0], y0)
  const solution = solve(field, y0, span, { ...options, observers: [record] })
  const { t, h, y } = record.steps()
  const tape = { count: record.count(), ...crossBreakpoints(t, options.breakpoints), h }
  return {
    solution,
    tape,
    stretches: findStretches(tape, solution, options),
    y,
    segments: wholeTape(tape, y),
  }
}

/**
 * Steps end just before a breakpoint and the next start at it; a record has the former time only. The steps
 * that follow are what derivatives look at, on the far side of the jump.
 */
export function crossBreakpoints(
  times: Float64Array,
  breakpoints: ArrayLike<number> = [],
): Pick<Tape, 't' | 'end'> {
  const t = times.slice()
  for (let i = 0; i < t.length; i++)
    for (let k = 0; k < breakpoints.length; k++)
      if (Math.abs(t[i] - breakpoints[k]) <= 2 * Number.EPSILON * Math.abs(breakpoints[k]))
        t[i] = breakpoints[k]
  return { t, end: times.slice(1) }
}
