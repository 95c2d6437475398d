import type { Field } from '@separatrix/field/core'
import { type Solution, type SolveOptions, solve, stepRecord } from '@separatrix/ode'
import type { Tape } from '../steps/tape.js'
import type { Crossing } from './crossings.js'
import { type OutputTimes, outputTimes, placeInSteps } from './outputTimes.js'
import { type Segments, wholeTape } from './segments.js'
import { findStretches, type Stretches } from './stretches.js'

/** A solve, its outputs and cuts among its steps, and these in segments. */
export interface RecordedSolve {
  readonly solution: Solution
  readonly stretches: Stretches
  readonly outputs: OutputTimes
  /** where a crossing lies among the steps */
  place(crossing: Crossing): { readonly step: number; readonly position: number }
  readonly segments: Segments
}

/** A solve that kept all states, y[i·n …] at the start of step i. */
export interface FullRecord extends RecordedSolve {
  readonly tape: Tape
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
  return { solution, tape, y, ...placed(solution, tape, options), segments: wholeTape(tape, y) }
}

/** Where outputs and events lie among the steps of a tape. */
export function placed(
  solution: Solution,
  tape: Tape,
  options: SolveOptions,
): Pick<RecordedSolve, 'stretches' | 'outputs' | 'place'> {
  return {
    stretches: findStretches(tape, solution, options),
    outputs: outputTimes(solution, tape, options.saveAt),
    place: ({ t }) => placeInSteps(tape, t),
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
