import type { Optimizer, Rate } from './optimizer.js'
import { fraction, positive, rateAt, zeros } from './settings.js'

export interface AdamOptions {
  readonly rate: Rate
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
}

export type AdamState = { step: number; readonly mean: number[]; readonly square: number[] }

/**
 * Adam: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², θ ← θ − η m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 −
 * β₂ᵗ). Kingma & Ba, ICLR 2015, algorithm 1, whose defaults these are.
 * @example adam({ rate: 1e-2 })
 */
export function adam(options: AdamOptions): Optimizer<AdamState> {
  return adamLike('adam', options, 0)
}

export interface AdamwOptions extends AdamOptions {
  /** λ of θ ← (1 − ηλ)θ, applied apart from the gradient; 0.01 by default */
  readonly weightDecay?: number
}

/**
 * Adam with decoupled weight decay: θ ← θ − η(m̂/(√v̂ + ε) + λθ). Loshchilov & Hutter, ICLR 2019, algorithm
 * 2.
 * @example adamw({ rate: 1e-3, weightDecay: 1e-2 })
 */
export function adamw({ weightDecay = 0.01, ...options }: AdamwOptions): Optimizer<AdamState> {
  return adamLike('adamw', options, fraction('adamw', 'weightDecay', weightDecay))
}

function adamLike(
  name: string,
  { rate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
  weightDecay: number,
): Optimizer<AdamState> {
  fraction(name, 'beta1', beta1)
  fraction(name, 'beta2', beta2)
  positive(name, 'epsilon', epsilon)
  rateAt(name, rate, 0)
  return {
    name,
    init: (theta) => ({ step: 0, mean: zeros(theta.length), square: zeros(theta.length) }),
    step(state, theta, gradient) {
      const eta = rateAt(name, rate, state.step)
      state.step++
      const { mean, square } = state
      const unbiasMean = 1 / (1 - beta1 ** state.step)
      const unbiasSquare = 1 / (1 - beta2 ** state.step)
      const keep = 1 - eta * weightDecay
      for (let i = 0; i < theta.length; i++) {
        const g = gradient[i]
        mean[i] = beta1 * mean[i] + (1 - beta1) * g
        square[i] = beta2 * square[i] + (1 - beta2) * g * g
        theta[i] =
          keep * theta[i] - (eta * mean[i] * unbiasMean) / (Math.sqrt(square[i] * unbiasSquare) + epsilon)
      }
    },
  }
}
