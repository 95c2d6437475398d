import type { EventDerivative } from '../steps/eventDerivatives.js'
import type { Crossing } from './crossings.js'
import type { CrossingCotangent } from './lossRows.js'

/** What {@link pullResets} pulls back through. */
export interface PulledResets {
  readonly n: number
  readonly theta: Float64Array
  readonly events: readonly EventDerivative[]
  /** the loss's own share in the crossing */
  readonly on: CrossingCotangent
}

/** λ and μ of the state after all resets of a crossing become those of the state before. */
export function pullResets(
  { n, theta, events, on }: PulledResets,
  crossing: Crossing,
  lambda: Float64Array,
  mu: Float64Array,
): void {
  for (let m = 0; m < n; m++) lambda[m] += on.after[m]
  const resets = crossing.events.flatMap((k) => events[k].reset ?? [])
  const states = [crossing.y]
  for (const reset of resets) states.push(reset.value(crossing.t, states[states.length - 1], theta).slice())
  for (let k = resets.length - 1; k >= 0; k--) {
    const pulled = resets[k].pull(crossing.t, states[k], lambda, theta)
    for (let m = 0; m < n; m++) lambda[m] = pulled[m]
    for (let j = 0; j < mu.length; j++) mu[j] += pulled[n + j]
  }
  for (let m = 0; m < n; m++) lambda[m] += on.y[m]
}
