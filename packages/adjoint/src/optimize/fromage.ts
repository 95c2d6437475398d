import { blockSize, type ThetaBlock } from '@separatrix/field/core'
import { norm, range } from './blocks.js'
import type { Optimizer, Rate } from './optimizer.js'
import { positive, rateAt } from './settings.js'

export interface FromageOptions {
  readonly rate: Rate
  /** keeps every block's norm below this multiple of its first norm; unbounded by default */
  readonly bound?: number
}

type FromageState = {
  step: number
  readonly blocks: readonly { readonly start: number; readonly end: number; readonly limit: number | null }[]
}

/**
 * Fromage, per block W: W ← (W − η g·|W|/|g|) / √(1 + η²); a plain step W − ηg where a norm is 0. A relative
 * step: one rate serves many depths. Bernstein, Vahdat, Yue & Liu, NeurIPS 2020, algorithm 1.
 * @example fromage({ rate: 0.01 })
 */
export function fromage({ rate, bound }: FromageOptions): Optimizer<FromageState> {
  rateAt('fromage', rate, 0)
  if (bound !== undefined) positive('fromage', 'bound', bound)
  return {
    name: 'fromage',
    init: (theta, layout) => ({ step: 0, blocks: layout.map((block) => limits(theta, block, bound)) }),
    step(state, theta, gradient) {
      const eta = rateAt('fromage', rate, state.step)
      const shrink = 1 / Math.sqrt(1 + eta * eta)
      for (const { start, end, limit } of state.blocks) {
        const [size, slope] = [norm(theta, start, end), norm(gradient, start, end)]
        const scale = size > 0 && slope > 0 ? (eta * size) / slope : eta
        for (let i = start; i < end; i++) theta[i] = shrink * (theta[i] - scale * gradient[i])
        if (limit !== null) shorten(theta, { start, end }, limit)
      }
      state.step++
    },
  }
}

function limits(theta: Float64Array, block: ThetaBlock, bound: number | undefined) {
  const [start, end] = range(block.offset, blockSize(block))
  return { start, end, limit: bound === undefined ? null : bound * norm(theta, start, end) }
}

function shorten(
  theta: Float64Array,
  { start, end }: { readonly start: number; readonly end: number },
  limit: number,
): void {
  const size = norm(theta, start, end)
  // a block that starts at zero (a bias) has limit 0 and would never move
  if (limit === 0 || size <= limit) return
  for (let i = start; i < end; i++) theta[i] *= limit / size
}
