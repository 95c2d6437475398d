import type { StepControl } from '../control/adaptive.js'
import { roughExp, roughLog } from '../control/power.js'
import { largestRejection, smallestLogError } from '../control/printControl.js'
import { slot } from '../state.js'
import { trialSlot } from './trialClock.js'

/** How a loop chooses the next step, by factors of the one just tried, which it writes into the clock. */
export interface StepPolicy {
  /** after an accepted step */
  accept(R: Float64Array, clock: Float64Array, last: boolean): void
  /** after a rejected one; the error may be infinite, NaN or missing */
  reject(clock: Float64Array): void
}

/** Newton's method failed with a matrix made for this very step: half of it, as in RADAU5. */
const unsolvedFactor = 0.5

/** The policy of a linear step controller. */
export const controlPolicy = (control: StepControl, errorOrder: number): StepPolicy => ({
  accept(R, clock, last) {
    clock[4] = acceptFactor(control, errorOrder, R, clock[3] as number, last)
  },
  reject(clock) {
    clock[4] = rejectFactor(control, errorOrder, clock[3] as number)
  },
})

/** Growth that is not worth another decomposition (RADAU5's QUOT2). */
export const smallestGrowth = 1.2

/** The same for methods that keep a decomposed matrix: steps that would hardly grow stay as they are. */
export function steadyPolicy(control: StepControl, errorOrder: number): StepPolicy {
  const { accept, reject } = controlPolicy(control, errorOrder)
  return {
    accept(R, clock, last) {
      accept(R, clock, last)
      const factor = clock[trialSlot.factor] as number
      if (factor < 1 || factor > smallestGrowth) return
      clock[trialSlot.factor] = 1
      R[slot.logRatio1] = 0
    },
    reject,
  }
}

/**
 * Factor for the step after an accepted one of the given mean squared error, updating the controller's
 * memory: the decisions of the printed loops, for those that are not printed.
 */
function acceptFactor(
  control: StepControl,
  errorOrder: number,
  R: Float64Array,
  squaredError: number,
  last: boolean,
): number {
  const k = errorOrder + 1
  const [b1, b2, b3] = control.beta
  const [a2, a3] = control.alpha
  const logError = 0.5 * roughLog(squaredError)
  const wanted =
    Math.log(control.safety) -
    (b1 / k) * logError -
    (b2 / k) * (R[slot.logError1] as number) -
    (b3 / k) * (R[slot.logError2] as number) -
    a2 * (R[slot.logRatio1] as number) -
    a3 * (R[slot.logRatio2] as number)
  let logFactor = Math.min(Math.max(wanted, Math.log(control.minFactor)), Math.log(control.maxFactor))
  if ((R[slot.streak] as number) > 0 && logFactor > 0) logFactor = 0
  R[slot.logError2] = R[slot.logError1] as number
  R[slot.logError1] = Math.max(logError, smallestLogError)
  R[slot.logRatio2] = R[slot.logRatio1] as number
  R[slot.logRatio1] = last ? 0 : logFactor
  return control.limiter ? 1 + Math.atan(roughExp(logFactor) - 1) : roughExp(logFactor)
}

/** Factor after a rejected step; an error that is not finite shrinks by the least factor. */
function rejectFactor(control: StepControl, errorOrder: number, squaredError: number): number {
  if (squaredError < 0) return unsolvedFactor
  if (!Number.isFinite(squaredError)) return control.minFactor
  const wanted = Math.log(control.safety) - (0.5 / (errorOrder + 1)) * roughLog(squaredError)
  return roughExp(Math.min(Math.max(wanted, Math.log(control.minFactor)), largestRejection))
}
