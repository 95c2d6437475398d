import type { StepState } from '../state.js'
import type { Trial } from './adaptiveAdvance.js'
import type { StepMap } from './fixedLoop.js'
import { trialSlot } from './trialClock.js'

/** The step of given size that a trial makes: whatever its error is, it is taken, unless its equations have no solution. */
export function equalStep(trial: Trial): StepMap {
  return (clock: Float64Array, state: StepState) => {
    trial.try(state, clock)
    if (!((clock[trialSlot.squaredError] as number) >= 0)) return false
    trial.accept(state, clock)
    return true
  }
}
