import { code, type StepState, slot } from '../state.js'
import { startTrace, type Trace, traceStep } from '../trace.js'
import type { StepPolicy } from './control.js'

/** One trial step of a method, for loops that are not printed. */
export interface Trial {
  /** before a run of steps: what is kept outside of the state is made to belong to it */
  begin?(state: StepState): void
  /**
   * Tries a step from the state and writes the mean squared scaled error into the clock: NaN where a value was
   * not finite, `unsolved` where there is none.
   */
  try(state: StepState, clock: Float64Array): void
  /** makes the trial the state: y, and the memory that belongs to it */
  accept(state: StepState, clock: Float64Array): void
  /** writes the stages of the trial at `offset` */
  writeStages(stages: Float64Array, offset: number): void
}

/** Consecutive rejections after which a step is given up: .2¹⁰⁰ of any step is below every clock. */
export const longestStreak = 100

/**
 * The loop of adaptive steps around any {@link Trial}; the same decisions as the printed loops. The clock is read by
 * position, see `trialSlot`: names of members count in what a page loads.
 */
export function adaptiveAdvance(
  trial: Trial,
  policy: StepPolicy,
): (state: StepState, trace: Trace, limit: number) => number {
  const clock = new Float64Array(5)
  return (state, trace, limit) => {
    const R = state.registers
    const n = state.y.length
    const { level, stageCount } = trace
    const [stop, direction] = [R[slot.stop] as number, R[slot.direction] as number]
    const [minStep, maxStep] = [R[slot.minStep] as number, R[slot.maxStep] as number]
    let accepted = 0
    R[slot.code] = code.running
    startTrace(trace, state)
    trial.begin?.(state)
    while (accepted < limit) {
      const [t, h0] = [R[slot.time] as number, R[slot.step] as number]
      const last = (t + 1.01 * h0 - stop) * direction >= 0
      const h = last ? stop - t : h0
      const end = last ? stop : t + h
      if (!last && (t + 0.1 * h0 === t || h0 * direction < minStep)) {
        R[slot.code] = code.underflow
        break
      }
      if ((R[slot.accepted] as number) + (R[slot.rejected] as number) >= (R[slot.maxSteps] as number)) {
        R[slot.code] = code.maxSteps
        break
      }
      clock[0] = t
      clock[1] = h
      clock[2] = end
      trial.try(state, clock)
      const squaredError = clock[3] as number
      if (!(squaredError >= 0 && squaredError <= 1)) {
        R[slot.nonFinite] = squaredError < 0 ? 2 : Number.isFinite(squaredError) ? 0 : 1
        policy.reject(clock)
        R[slot.step] = h * (clock[4] as number)
        R[slot.rejected] = (R[slot.rejected] as number) + 1
        R[slot.streak] = (R[slot.streak] as number) + 1
        if ((R[slot.streak] as number) <= longestStreak) continue
        R[slot.code] = code.underflow
        break
      }
      if (level === 'stages') trial.writeStages(trace.stages, accepted * stageCount * n)
      trial.accept(state, clock)
      R[slot.time] = end
      policy.accept(R, clock, last)
      const next = h * (clock[4] as number)
      R[slot.step] = last && next * direction <= h0 * direction ? h0 : next
      if ((R[slot.step] as number) * direction > maxStep) R[slot.step] = maxStep * direction
      // a step that was found by shrinking does not tell that the difficulty is over
      if (R[slot.streak] === 0) R[slot.nonFinite] = 0
      R[slot.streak] = 0
      R[slot.accepted] = (R[slot.accepted] as number) + 1
      traceStep(trace, accepted++, state, clock)
      if (last) {
        R[slot.code] = code.stop
        break
      }
    }
    return accepted
  }
}
