import type { BoxBounds } from './boxBounds.js'

/** When a box needs no further look: plain numbers, so that threads can share them. */
export interface Settling {
  /** V above this is of no interest; a counterexample lowers it */
  readonly above: number
  /** nor V below this, where R is defined */
  readonly below: number
  /** R < 0 counts only where V ≥ 0 */
  readonly isPositive: boolean
}

/** Whether R is negative on a box, in the sense that counts. */
export function isFalling(b: BoxBounds, { isPositive }: Settling): boolean {
  return b.rateHigh < 0 && (!isPositive || b.valueLow >= 0)
}

/** Whether a box lies off the levels of interest. */
export function isOff(b: BoxBounds, { above, below }: Settling): boolean {
  return b.valueLow > above || (b.valueHigh < below && b.rateLow <= b.rateHigh)
}
