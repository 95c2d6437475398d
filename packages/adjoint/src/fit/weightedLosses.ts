import { blockSize, misuse, show, type ThetaBlock } from '@separatrix/field/core'
import { plainExecution } from './execution.js'
import type { BoundLoss, Loss, Restored } from './loss.js'

/** A loss and what it counts. */
export interface WeightedLoss<R extends Restored = Restored> {
  readonly loss: Loss<R>
  /** w ≥ 0; 1 */
  readonly weight?: number
}

/** All that several losses restore. */
type Together<L extends readonly WeightedLoss[]> = (
  L[number] extends infer E
    ? E extends WeightedLoss<infer R>
      ? (r: R) => void
      : never
    : never
) extends (r: infer R) => void
  ? R & Restored
  : never

/**
 * Several conditions at once: Σ wₖ ℓₖ(θ). Blocks of θ of one name are one block, so that a field, and a V or a barrier
 * that several conditions speak of, are trained once; those blocks have to start alike. Training gives back what each
 * loss gives back. Samples are drawn by the losses in their order.
 * @example
 * const field = network({ widths: [1, 4, 1], activation: 'tanh', seed: 0 })
 * const loss = weightedLosses([
 *   { loss: regressionLoss({ inputs: [[0], [1]], targets: [[0], [1]] }) },
 *   { loss: regressionLoss({ inputs: [[2]], targets: [[0]] }), weight: 0.1 },
 * ])
 * await fit({ field, loss, optimizer: adam({ rate: 1e-2 }), steps: 20, seed: 0 })
 */
export function weightedLosses<const L extends readonly WeightedLoss[]>(terms: L): Loss<Together<L>> {
  const where = 'weightedLosses'
  const bad = terms.find(({ weight = 1 }) => !(weight >= 0 && Number.isFinite(weight)))
  if (terms.length === 0 || bad !== undefined)
    throw misuse({
      where,
      expected: 'losses with weights ≥ 0',
      got: bad === undefined ? 'none' : show(bad.weight),
      try: '[{ loss, weight: 0.5 }, …]',
    })
  return {
    name: `${where}(${terms.map(({ loss }) => loss.name).join(', ')})`,
    bind(field, data, execution = plainExecution, split) {
      const parts = terms.map(({ loss, weight = 1 }) => {
        const bound = loss.bind(field, data, execution, split)
        return { bound, weight, own: bound.theta.slice(), slope: new Float64Array(bound.theta.length) }
      })
      const { theta, layout, places } = shareBlocks(parts.map(({ bound }) => bound))
      const take = (all: Float64Array, k: number) => {
        for (let i = 0; i < places[k].length; i++) parts[k].own[i] = all[places[k][i]]
        return parts[k].own
      }
      const isEverywhere = parts.every(
        ({ bound }) => (bound.execution ?? plainExecution).backend === execution.backend,
      )
      return {
        theta,
        layout,
        execution: isEverywhere ? execution : plainExecution,
        evaluate(all, random, gradient, moment) {
          let total = 0
          gradient.fill(0)
          parts.forEach(({ bound, weight, slope }, k) => {
            total += weight * bound.evaluate(take(all, k), random, slope, moment)
            for (let i = 0; i < slope.length; i++) gradient[places[k][i]] += weight * slope[i]
          })
          return total
        },
        restore: (all) =>
          Object.assign({}, ...parts.map(({ bound }, k) => bound.restore(take(all, k).slice()))),
      }
    },
  }
}

/** One θ for several, blocks of one name once, and where each entry of each went. */
function shareBlocks(bound: readonly BoundLoss[]) {
  const layout: ThetaBlock[] = []
  const values: number[] = []
  const places = bound.map(({ theta, layout: own }) => {
    const place = new Int32Array(theta.length)
    for (const block of own) {
      const size = blockSize(block)
      const part = theta.subarray(block.offset, block.offset + size)
      let shared = layout.find((b) => b.name === block.name)
      if (shared === undefined) {
        shared = { ...block, offset: values.length }
        layout.push(shared)
        values.push(...part)
      }
      const { offset, shape } = shared
      if (String(shape) !== String(block.shape) || !part.every((v, i) => Object.is(v, values[offset + i])))
        throw misuse({
          where: 'weightedLosses',
          expected: `one block ${block.name} that all losses share`,
          got: 'several with other shapes or values',
          try: 'another name for what is not the same',
        })
      for (let i = 0; i < size; i++) place[block.offset + i] = offset + i
    }
    return place
  })
  return { theta: Float64Array.from(values), layout, places }
}
