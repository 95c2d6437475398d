import { bisectionTree, leaf, midpoint } from './bisectionTree.js'
import { type Box, shareOf } from './box.js'
import { type BoxBounds, boxEvaluator } from './boxBounds.js'
import { boxQueue } from './boxQueue.js'
import type { RegionOptions } from './options.js'
import type { Readings } from './readings.js'

export interface BandOptions extends Pick<RegionOptions, 'onProgress' | 'signal'> {
  /** R < 0 is to be proved where lower ≤ V ≤ upper */
  readonly lower: number
  readonly upper: number
  readonly maxBoxes: number
  /** called with a box on all of which R > 0; what it returns ends the search */
  readonly onRising?: (lo: Float64Array, hi: Float64Array) => boolean
}

export interface BandResult {
  readonly boxes: number
  readonly leaves: number
  /** in preorder */
  readonly tree: readonly number[]
  /** why it is not proved, and where */
  readonly stuck?: { readonly reason: string; readonly box: Box }
  readonly isRising: boolean
}

/**
 * Proves R < 0 wherever V lies in a band, and that f is defined below it as well, or solutions end there: then the rate
 * is not NaN. Boxes are split in the order in which they came.
 */
export function proveBand(
  readings: Readings,
  domain: Box,
  { lower, upper, maxBoxes, onProgress, signal, onRising }: BandOptions,
): BandResult {
  const { size } = readings
  const queue = boxQueue(size)
  const tree = bisectionTree()
  const isOff = (b: BoxBounds) => b.valueLow > upper || (b.valueHigh < lower && b.rateLow <= b.rateHigh)
  const { bounds, evaluate } = boxEvaluator(readings, (b) => isOff(b) || b.rateHigh < 0)
  const [lo, hi] = [Float64Array.from(domain.lo), Float64Array.from(domain.hi)]
  const [parentLo, parentHi] = [new Float64Array(size), new Float64Array(size)]
  let [boxes, settled, isRising] = [0, 0, false]
  const finish = (reason?: string): BandResult => ({
    boxes,
    leaves: (tree.nodes() + 1) / 2,
    tree: tree.preorder(),
    isRising,
    ...(reason !== undefined && { stuck: { reason, box: { lo: parentLo, hi: parentHi } } }),
  })
  const mark = (node: number, kind: number) => {
    settled += shareOf(lo, hi, domain)
    tree.mark(node, kind)
  }
  const look = (node: number) => {
    boxes++
    evaluate(lo, hi)
    if (isOff(bounds)) return mark(node, leaf.outside)
    if (bounds.rateHigh < 0) return mark(node, leaf.decrease)
    if (bounds.rateLow > 0) isRising ||= onRising?.(lo, hi) === true
    queue.push(lo, hi, { key: boxes, node, axis: bounds.axis })
  }
  look(0)
  while (queue.size() > 0 && !isRising) {
    const { node, axis } = queue.pop(parentLo, parentHi)
    const middle = midpoint(parentLo[axis], parentHi[axis])
    if (signal?.aborted) return finish('it was stopped')
    if (!(middle > parentLo[axis] && middle < parentHi[axis])) return finish('a box cannot be split further')
    if (boxes >= maxBoxes) return finish(`${maxBoxes} boxes were not enough`)
    const child = tree.split(node, axis)
    for (const half of [0, 1]) {
      lo.set(parentLo)
      hi.set(parentHi)
      if (half === 0) hi[axis] = middle
      else lo[axis] = middle
      look(child + half)
    }
    if ((boxes & 1023) < 2) onProgress?.({ proved: 0, refuted: Infinity, boxes, settled })
  }
  return finish()
}
