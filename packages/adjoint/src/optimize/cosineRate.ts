import { positive } from './settings.js'

export interface CosineRateOptions {
  readonly rate: number
  /** steps until `end` is reached, where the rate stays */
  readonly steps: number
  /** rate/100 by default */
  readonly end?: number
}

/**
 * A rate that falls along half a cosine: η(k) = end + (rate − end)(1 + cos(πk/steps))/2. Loshchilov & Hutter,
 * SGDR, ICLR 2017, eq. 5, without restarts.
 * @example adam({ rate: cosineRate({ rate: 1e-2, steps: 1000 }) })
 */
export function cosineRate({ rate, steps, end = rate / 100 }: CosineRateOptions): (step: number) => number {
  for (const [name, value] of Object.entries({ rate, steps, end })) positive('cosineRate', name, value)
  return (k) => (k >= steps ? end : end + ((rate - end) * (1 + Math.cos((Math.PI * k) / steps))) / 2)
}
