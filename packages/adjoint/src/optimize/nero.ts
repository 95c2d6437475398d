import { type MatrixBlock, matrixBlock, norm } from './blocks.js'
import type { Optimizer, Rate } from './optimizer.js'
import { fraction, rateAt, zeros } from './settings.js'

export interface NeroOptions {
  readonly rate: Rate
  /** averaging factor of the squared row gradients; 0.999 */
  readonly beta?: number
}

type NeroState = {
  step: number
  readonly blocks: readonly (MatrixBlock & { readonly scale: number; readonly square: number[] })[]
}

/**
 * Nero, per neuron (row wᵢ of a matrix, or entry of a vector): v ← βv + (1 − β)|gᵢ|², wᵢ ← wᵢ − η s gᵢ/√v̂,
 * after which rows of matrices are centred and brought to unit length; s is the block's mean row norm at the
 * start (0.01 if that is 0). `init` centres and normalises too. Rows of one entry are left free, since a
 * centred one is 0. Liu, Bernstein, Meister & Yue, ICML 2021, algorithm 1.
 * @example nero({ rate: 0.01 })
 */
export function nero({ rate, beta = 0.999 }: NeroOptions): Optimizer<NeroState> {
  rateAt('nero', rate, 0)
  fraction('nero', 'beta', beta)
  return {
    name: 'nero',
    init(theta, layout) {
      const blocks = layout.map(matrixBlock).map((block) => {
        constrain(theta, block)
        return { ...block, scale: meanRowNorm(theta, block), square: zeros(block.rows) }
      })
      return { step: 0, blocks }
    },
    step(state, theta, gradient) {
      const eta = rateAt('nero', rate, state.step)
      state.step++
      const unbias = 1 / (1 - beta ** state.step)
      for (const block of state.blocks) {
        const { start, rows, cols, scale, square } = block
        for (let r = 0; r < rows; r++) {
          const from = start + r * cols
          const size = norm(gradient, from, from + cols)
          square[r] = beta * square[r] + (1 - beta) * size * size
          if (square[r] === 0) continue
          const factor = (eta * scale) / Math.sqrt(square[r] * unbias)
          for (let i = from; i < from + cols; i++) theta[i] -= factor * gradient[i]
        }
        constrain(theta, block)
      }
    },
  }
}

/** Rows of mean 0 and length 1. A row that centring annihilates is left as it is. */
function constrain(theta: Float64Array, { start, rows, cols, matrix }: MatrixBlock): void {
  if (!matrix || cols < 2) return
  for (let r = 0; r < rows; r++) {
    const [from, to] = [start + r * cols, start + (r + 1) * cols]
    let mean = 0
    for (let i = from; i < to; i++) mean += theta[i] / cols
    let square = 0
    for (let i = from; i < to; i++) square += (theta[i] - mean) ** 2
    if (square === 0) continue
    for (let i = from; i < to; i++) theta[i] = (theta[i] - mean) / Math.sqrt(square)
  }
}

function meanRowNorm(theta: Float64Array, { start, rows, cols }: MatrixBlock): number {
  let total = 0
  for (let r = 0; r < rows; r++) total += norm(theta, start + r * cols, start + (r + 1) * cols)
  return total > 0 ? total / rows : 0.01
}
