import type { Optimizer, Rate } from './optimizer.js'
import { fraction, rateAt, zeros } from './settings.js'

export interface SgdOptions {
  readonly rate: Rate
  /** heavy-ball factor μ in [0, 1); 0 by default */
  readonly momentum?: number
  /** look ahead along the velocity (Sutskever et al. 2013) */
  readonly nesterov?: boolean
}

type SgdState = { step: number; readonly velocity: number[] }

/**
 * Stochastic gradient descent with momentum: v ← μv + g, θ ← θ − ηv; with Nesterov's look-ahead
 * θ ← θ − η(g + μv). Sutskever, Martens, Dahl & Hinton, ICML 2013, in the rate-outside form.
 * @example sgd({ rate: 0.01, momentum: 0.9 })
 */
export function sgd({ rate, momentum = 0, nesterov = false }: SgdOptions): Optimizer<SgdState> {
  fraction('sgd', 'momentum', momentum)
  rateAt('sgd', rate, 0)
  return {
    name: 'sgd',
    init: (theta) => ({ step: 0, velocity: zeros(theta.length) }),
    step(state, theta, gradient) {
      const eta = rateAt('sgd', rate, state.step)
      const { velocity } = state
      for (let i = 0; i < theta.length; i++) {
        velocity[i] = momentum * velocity[i] + gradient[i]
        theta[i] -= eta * (nesterov ? gradient[i] + momentum * velocity[i] : velocity[i])
      }
      state.step++
    },
  }
}
