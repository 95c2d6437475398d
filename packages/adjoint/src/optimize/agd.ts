import { type MatrixBlock, matrixBlock, norm } from './blocks.js'
import type { Optimizer } from './optimizer.js'
import { orthogonaliseBlock } from './orthogonaliseBlock.js'
import { positive } from './settings.js'

export interface AgdOptions {
  /** factor on the automatic rate; 1 */
  readonly gain?: number
  /**
   * matrices start 'orthogonal', √(d_k/d_{k−1}) times the orthogonal factor of the given ones, as the theory
   * assumes (the default), or as 'given'
   */
  readonly start?: 'orthogonal' | 'given'
}

type AgdState = { step: number; readonly blocks: readonly MatrixBlock[] }

/**
 * Automatic gradient descent, no rate to choose: W_k ← W_k − (η/L)·√(d_k/d_{k−1})·g_k/|g_k| with η = log((1 +
 * √(1 + 4G))/2) and G the mean over the L blocks of √(d_k/d_{k−1})·|g_k|. Bernstein, Mingard, Huang, Azizan &
 * Yue 2023, "Automatic Gradient Descent: Deep Learning without Hyperparameters", algorithm 1. The paper has
 * no biases; here a bias is a d × 1 matrix that acts on the constant 1, and starts as given. A block whose gradient
 * is 0 stays.
 * @example agd()
 */
export function agd({ gain = 1, start = 'orthogonal' }: AgdOptions = {}): Optimizer<AgdState> {
  positive('agd', 'gain', gain)
  return {
    name: 'agd',
    init(theta, layout) {
      const blocks = layout.map(matrixBlock)
      if (start === 'orthogonal')
        for (const block of blocks)
          if (block.matrix) orthogonaliseBlock(theta, block, Math.sqrt(block.rows / block.cols))
      return { step: 0, blocks }
    },
    step(state, theta, gradient) {
      const { blocks } = state
      let mean = 0
      for (const { start: from, rows, cols } of blocks)
        mean += (Math.sqrt(rows / cols) * norm(gradient, from, from + rows * cols)) / blocks.length
      const eta = gain * Math.log((1 + Math.sqrt(1 + 4 * mean)) / 2)
      for (const { start: from, rows, cols } of blocks) {
        const end = from + rows * cols
        const size = norm(gradient, from, end)
        if (size === 0) continue
        const factor = ((eta / blocks.length) * Math.sqrt(rows / cols)) / size
        for (let i = from; i < end; i++) theta[i] -= factor * gradient[i]
      }
      state.step++
    },
  }
}
