import { code, type StepState, slot } from '../state.js'
import type { Trace } from '../trace.js'

/**
 * Takes `count` steps of size h from t = base + index·h and returns how many succeeded; the last ends at
 * `end` unless that is NaN. One that stops short says why in the state's `code`.
 */
export type FixedSteps = (state: StepState, trace: Trace, count: number, h: number, end: number) => number

/** A remainder within this part of a step is the step itself: what i·h loses to rounding, with room. */
const remainderTolerance = 1e-9

/**
 * Plans equal steps: full ones at t = base + i·h, and at the end of a stretch one of whatever remains, so
 * that the stop time is met exactly.
 */
export function fixedAdvance(steps: FixedSteps): (state: StepState, trace: Trace, limit: number) => number {
  return (state, trace, limit) => {
    const R = state.registers
    const taken = R[slot.accepted] as number
    const allowed = Math.min(limit, (R[slot.maxSteps] as number) - taken)
    const [t, h, stop] = [R[slot.time] as number, R[slot.step] as number, R[slot.stop] as number]
    R[slot.code] = code.running
    if (allowed < 1) {
      R[slot.code] = code.maxSteps
      return 0
    }
    const remaining = (stop - t) / h
    const last = remaining <= 1 + remainderTolerance
    const whole = !last || Math.abs(remaining - 1) <= remainderTolerance
    if (!whole) {
      R[slot.base] = t
      R[slot.index] = 0
    }
    const count = last ? 1 : Math.min(allowed, Math.ceil(remaining - remainderTolerance) - 1)
    const done = steps(state, trace, count, whole ? h : stop - t, last ? stop : Number.NaN)
    R[slot.index] = (R[slot.index] as number) + done
    R[slot.accepted] = taken + done
    if (done === count && last) {
      R[slot.time] = stop
      R[slot.code] = code.stop
    } else if (done > 0) R[slot.time] = (R[slot.base] as number) + (R[slot.index] as number) * h
    return done
  }
}
