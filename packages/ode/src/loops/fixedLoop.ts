import { code, type StepState, slot } from '../state.js'
import { startTrace, type Trace, traceStep } from '../trace.js'
import type { FixedSteps } from './fixedAdvance.js'

/**
 * One step from t = clock[0] of size h = clock[1] to clock[2], changing the state's y in place; false where
 * it could not be taken, y then being unchanged. The three numbers come in an array because a call that is
 * not inlined allocates every double among its arguments.
 */
export type StepMap = (clock: Float64Array, state: StepState) => boolean

/** What a step leaves behind for dense output, and what it does before a run of steps. */
export interface StepTrail {
  begin?(state: StepState): void
  writeStages(stages: Float64Array, offset: number): void
}

/** Equal steps of any one-step map. */
export function fixedLoop(step: StepMap, trail?: StepTrail): FixedSteps {
  const clock = new Float64Array(5)
  return (state: StepState, trace: Trace, count: number, h: number, end: number) => {
    const R = state.registers
    const base = R[slot.base] as number
    const index = R[slot.index] as number
    startTrace(trace, state)
    trail?.begin?.(state)
    for (let i = 0; i < count; i++) {
      clock[0] = base + (index + i) * h
      clock[1] = h
      clock[2] = base + (index + i + 1) * h
      if (i === count - 1 && !Number.isNaN(end)) clock[2] = end
      if (!step(clock, state)) {
        R[slot.code] = code.unsolved
        return i
      }
      if (trace.level === 'stages') trail?.writeStages(trace.stages, i * trace.stageCount * state.y.length)
      traceStep(trace, i, state, clock)
    }
    return count
  }
}
