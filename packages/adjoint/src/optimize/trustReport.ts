import { blockSize, type ThetaBlock } from '@separatrix/field/core'
import { norm } from './blocks.js'
import type { Optimizer, PlainData } from './optimizer.js'

/** How far a step went in every layer, relative to the layer. */
export interface TrustReport {
  /** steps done before this one */
  readonly step: number
  /** |ΔW|/|W| per block of θ; infinite for a block that was 0 and moved */
  readonly layers: readonly { readonly name: string; readonly relativeChange: number }[]
  /** Π(1 + |ΔW|/|W|) − 1 over the matrices: what bounds the relative change of the gradient */
  readonly bound: number
}

type TrustState<State extends PlainData> = {
  step: number
  readonly blocks: readonly {
    readonly name: string
    readonly start: number
    readonly end: number
    readonly matrix: boolean
  }[]
  readonly inner: State
}

/**
 * The optimiser, and after every step its relative change per layer. Deep relative trust models the relative
 * change of a network's gradient by Π(1 + |ΔW_l|/|W_l|) − 1; where this passes 1, a step has left the region where
 * its gradient means something. Bernstein, Vahdat, Yue & Liu, NeurIPS 2020, definition 1.
 * @example trustReport(adam({ rate: 1e-2 }), ({ bound }) => console.assert(bound < 1))
 */
export function trustReport<State extends PlainData>(
  optimizer: Optimizer<State>,
  report: (trust: TrustReport) => void,
): Optimizer<TrustState<State>> {
  let before = new Float64Array(0)
  return {
    name: optimizer.name,
    init: (theta, layout) => ({
      step: 0,
      blocks: layout.map(extent),
      inner: optimizer.init(theta, layout),
    }),
    step(state, theta, gradient, objective) {
      if (before.length !== theta.length) before = new Float64Array(theta.length)
      before.set(theta)
      optimizer.step(state.inner, theta, gradient, objective)
      let product = 1
      const layers = state.blocks.map(({ name, start, end, matrix }) => {
        const relativeChange = relative(before, theta, start, end)
        if (matrix) product *= 1 + relativeChange
        return { name, relativeChange }
      })
      report({ step: state.step, layers, bound: product - 1 })
      state.step++
    },
  }
}

function extent(block: ThetaBlock) {
  return {
    name: block.name,
    start: block.offset,
    end: block.offset + blockSize(block),
    matrix: block.shape.length > 1,
  }
}

function relative(before: Float64Array, after: Float64Array, start: number, end: number): number {
  let change = 0
  for (let i = start; i < end; i++) change += (after[i] - before[i]) ** 2
  return change === 0 ? 0 : Math.sqrt(change) / norm(before, start, end)
}
