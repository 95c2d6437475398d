import type { Optimizer, PlainData } from './optimizer.js'
import { fraction } from './settings.js'

export interface AveragedOptions {
  /** β, below 1: the mean reaches back over some 1/(1 − β) steps; 0.999 by default */
  readonly decay?: number
}

type AveragedState<State> = { step: number; readonly sum: number[]; readonly inner: State }

/**
 * The optimiser with its θ averaged: after each step s ← βs + (1 − β)θ, and what a run gives back (and looks at on
 * samples held out) is s/(1 − βᵗ), an exponential mean of the last θ. The steps are those of the optimiser alone. It
 * takes the noise of minibatches out of θ; a rate that falls to 0 does much the same. Kingma & Ba, ICLR 2015, section
 * 7.2, after Polyak & Juditsky, SIAM J. Control Optim. 30 (1992). A method that keeps θ on a surface (Nero) gets a mean
 * that is off it.
 * @example averaged(adam({ rate: 1e-3 }), { decay: 0.999 })
 */
export function averaged<State extends PlainData>(
  optimizer: Optimizer<State>,
  { decay = 0.999 }: AveragedOptions = {},
): Optimizer<AveragedState<State>> {
  fraction('averaged', 'decay', decay)
  return {
    name: `averaged(${optimizer.name})`,
    init: (theta, layout) => ({
      step: 0,
      inner: optimizer.init(theta, layout),
      sum: Array.from(theta, () => 0),
    }),
    step(state, theta, gradient, objective) {
      optimizer.step(state.inner, theta, gradient, objective)
      state.step++
      const { sum } = state
      for (let i = 0; i < theta.length; i++) sum[i] = decay * sum[i] + (1 - decay) * theta[i]
    },
    answer({ step, sum }, theta) {
      if (step === 0) return
      const weight = 1 - decay ** step
      for (let i = 0; i < theta.length; i++) theta[i] = sum[i] / weight
    },
  }
}
