import { positive } from './settings.js'

export interface StepRateOptions {
  readonly rate: number
  /** steps at each level */
  readonly every: number
  /** from level to level; 0.1 by default */
  readonly factor?: number
}

/**
 * A rate that falls in steps: η(k) = rate·factor^⌊k/every⌋. With a factor near 1 it is the exponential decay per
 * epoch that papers use.
 * @example sgd({ rate: stepRate({ rate: 0.1, every: 500 }) })
 */
export function stepRate({ rate, every, factor = 0.1 }: StepRateOptions): (step: number) => number {
  for (const [name, value] of Object.entries({ rate, every, factor })) positive('stepRate', name, value)
  return (k) => rate * factor ** Math.floor(k / every)
}
