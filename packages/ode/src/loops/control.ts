import type { StepControl } from '../control/adaptive.js'
import { exp2, log2 } from '../control/power.js'
import { smallestLogError } from '../control/printControl.js'
import { slot } from '../state.js'

/**
 * Factor for the step after an accepted one of squared error `sum`/`count`, updating the controller's
 * memory: the arithmetic of the printed loops, for those that are not printed.
 */
export function acceptFactor(
  control: StepControl,
  errorOrder: number,
  R: Float64Array,
  squaredError: number,
  last: boolean,
): number {
  const k = errorOrder + 1
  const [b1, b2, b3] = control.beta
  const [a2, a3] = control.alpha
  const logError = 0.5 * log2(squaredError)
  const [least, most] = [Math.log2(control.minFactor), Math.log2(control.maxFactor)]
  const held = (x: number) => Math.min(Math.max(x, least), most)
  let logFactor =
    Math.log2(control.safety) -
    (b1 / k) * logError -
    (b2 / k) * (R[slot.logError1] as number) -
    (b3 / k) * (R[slot.logError2] as number) -
    a2 * (R[slot.logRatio1] as number) -
    a3 * (R[slot.logRatio2] as number)
  logFactor = control.limiter ? Math.log2(1 + Math.atan(exp2(held(logFactor)) - 1)) : held(logFactor)
  if ((R[slot.streak] as number) > 0 && logFactor > 0) logFactor = 0
  R[slot.logError2] = R[slot.logError1] as number
  R[slot.logError1] = Math.max(logError, smallestLogError)
  R[slot.logRatio2] = R[slot.logRatio1] as number
  R[slot.logRatio1] = last ? 0 : logFactor
  return exp2(logFactor)
}

/** Factor after a rejected step; an error that is not finite shrinks by the least factor. */
export function rejectFactor(control: StepControl, errorOrder: number, squaredError: number): number {
  if (!Number.isFinite(squaredError)) return control.minFactor
  const wanted = Math.log2(control.safety) - (0.5 / (errorOrder + 1)) * log2(squaredError)
  return exp2(Math.min(Math.max(wanted, Math.log2(control.minFactor)), -0.1))
}
