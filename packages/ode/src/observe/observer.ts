import type { StepInterpolant } from '../interpolant.js'
import type { StepState } from '../state.js'
import type { Trace, TraceLevel } from '../trace.js'

/** Accepted steps that were taken since the last call: the first `count` of the trace. */
export interface StepRun {
  readonly trace: Trace
  readonly count: number
  /** the polynomial through a step; shared, so load it before use */
  readonly interpolant: () => StepInterpolant
  readonly state: StepState
}

/**
 * Somebody who watches accepted steps: output, progress, recordings for adjoints. What it is shown is
 * overwritten by the next call.
 * @example
 * const ends: number[] = []
 * const decay = (_t, y, dydt) => { dydt[0] = -y[0] }
 * solve(decay, [1], [0, 1], { method: rk4, step: .1, observers: [{ level: 'steps', observe: ({ trace, count }) => {
 *   for (let i = 1; i <= count; i++) ends.push(trace.t[i]) } }] })
 */
export interface StepObserver {
  /** how much of the steps it needs to see */
  readonly level: TraceLevel
  observe(run: StepRun): void
}
