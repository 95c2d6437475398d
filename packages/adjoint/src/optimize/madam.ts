import { blockSize } from '@separatrix/field/core'
import { norm } from './blocks.js'
import type { Optimizer, Rate } from './optimizer.js'
import { fraction, positive, rateAt, zeros } from './settings.js'

export interface MadamOptions {
  readonly rate: Rate
  readonly beta?: number
  /** bound on the normalised gradient; 10 */
  readonly gradientBound?: number
  /** bound on |w| as a multiple of the block's root mean square at the start; 3 */
  readonly weightBound?: number
}

type MadamState = {
  step: number
  readonly square: number[]
  readonly blocks: readonly { readonly start: number; readonly end: number; readonly limit: number }[]
}

/**
 * Madam, multiplicative updates: v ← βv + (1 − β)g², w ← w·exp(−η·clip(g/√v̂, ±10)·sign w), |w| ≤ 3·rms(w₀).
 * Signs never change, and entries that start at 0 (biases) stay there. Bernstein, Zhao, Meister, Liu,
 * Anandkumar & Yue, NeurIPS 2020, algorithm 1.
 * @example madam({ rate: 0.01 })
 */
export function madam({
  rate,
  beta = 0.999,
  gradientBound = 10,
  weightBound = 3,
}: MadamOptions): Optimizer<MadamState> {
  rateAt('madam', rate, 0)
  fraction('madam', 'beta', beta)
  positive('madam', 'gradientBound', gradientBound)
  positive('madam', 'weightBound', weightBound)
  return {
    name: 'madam',
    init: (theta, layout) => ({
      step: 0,
      square: zeros(theta.length),
      blocks: layout.map((block) => {
        const [start, end] = [block.offset, block.offset + blockSize(block)]
        return { start, end, limit: (weightBound * norm(theta, start, end)) / Math.sqrt(end - start) }
      }),
    }),
    step(state, theta, gradient) {
      const eta = rateAt('madam', rate, state.step)
      state.step++
      const { square, blocks } = state
      const unbias = 1 / (1 - beta ** state.step)
      for (const { start, end, limit } of blocks) {
        for (let i = start; i < end; i++) {
          const g = gradient[i]
          square[i] = beta * square[i] + (1 - beta) * g * g
          if (square[i] === 0) continue
          const pull = clip(g / Math.sqrt(square[i] * unbias), gradientBound)
          theta[i] = clip(theta[i] * Math.exp(-eta * pull * Math.sign(theta[i])), limit)
        }
      }
    },
  }
}

function clip(x: number, bound: number): number {
  return Math.min(bound, Math.max(-bound, x))
}
