import type { Rate } from './optimizer.js'
import { positive } from './settings.js'

/**
 * Starts a rate gently: (k + 1)/(steps + 1) of it at the first steps, then the rate itself, which does not see the
 * steps of the warm-up. Goyal et al. 2017, section 2.2 (gradual warm-up).
 * @example adam({ rate: warmUp(100, cosineRate({ rate: 1e-2, steps: 1000 })) })
 */
export function warmUp(steps: number, rate: Rate): (step: number) => number {
  positive('warmUp', 'steps', steps)
  const at = typeof rate === 'number' ? () => rate : rate
  return (k) => (k < steps ? (at(0) * (k + 1)) / (steps + 1) : at(k - steps))
}
