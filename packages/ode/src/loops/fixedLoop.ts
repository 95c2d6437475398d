import { code, type StepState, slot } from '../state.js'
import { startTrace, type Trace, traceStep } from '../trace.js'
import type { FixedSteps } from './fixedAdvance.js'

/** One step of size h from (t, y), in place; false where it could not be taken, y then being unchanged. */
export type StepMap = (t: number, h: number, end: number, state: StepState) => boolean

/** Equal steps of any one-step map. */
export function fixedLoop(step: StepMap): FixedSteps {
  return (state: StepState, trace: Trace, count: number, h: number, end: number) => {
    const R = state.registers
    const [base, index] = [R[slot.base] as number, R[slot.index] as number]
    startTrace(trace, state)
    for (let i = 0; i < count; i++) {
      const t = base + (index + i) * h
      const tEnd = i === count - 1 && !Number.isNaN(end) ? end : base + (index + i + 1) * h
      if (!step(t, h, tEnd, state)) {
        R[slot.code] = code.unsolved
        return i
      }
      traceStep(trace, i, state, h, tEnd)
    }
    return count
  }
}
