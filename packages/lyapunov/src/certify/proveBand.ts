import { bisectionTree, leaf, midpoint } from './bisectionTree.js'
import { type Box, shareOf } from './box.js'
import { boxQueue } from './boxQueue.js'
import type { BoxRound } from './boxRound.js'
import { boxRound, type CrewOptions } from './crewRound.js'
import type { RegionOptions } from './options.js'
import type { Readings } from './readings.js'
import { isFalling, isOff } from './settling.js'
import type { StopCheck } from './stopCheck.js'
import { unitsOf } from './unitsOf.js'

export interface BandOptions extends Pick<RegionOptions, 'onProgress'>, CrewOptions {
  /** R < 0 is to be proved where lower ≤ V ≤ upper */
  readonly lower: number
  readonly upper: number
  readonly maxBoxes: number
  readonly stop: StopCheck
  /** called with a box on all of which R > 0; what it returns ends the search */
  readonly onRising?: (lo: Float64Array, hi: Float64Array) => boolean
}

export interface BandResult {
  readonly boxes: number
  readonly leaves: number
  /** that evaluated them */
  readonly threads: number
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
export function proveBand(readings: Readings, domain: Box, options: BandOptions): BandResult {
  const round = boxRound(readings, unitsOf(readings, domain), options)
  try {
    return search(readings, domain, { ...options, round })
  } finally {
    round.close()
  }
}

function search(
  { size }: Readings,
  domain: Box,
  { lower, upper, maxBoxes, onProgress, stop, onRising, round }: BandOptions & { readonly round: BoxRound },
): BandResult {
  const queue = boxQueue(size)
  const tree = bisectionTree()
  const settling = { above: upper, below: lower, isPositive: false }
  const nodes = new Int32Array(round.capacity)
  const [parentLo, parentHi] = [new Float64Array(size), new Float64Array(size)]
  let [boxes, settled, filled, reportAt] = [0, 0, 0, 1024]
  let isRising = false
  const finish = (reason?: string): BandResult => ({
    boxes,
    leaves: (tree.nodes() + 1) / 2,
    threads: round.threads(),
    tree: tree.preorder(),
    isRising,
    ...(reason !== undefined && { stuck: { reason, box: { lo: parentLo, hi: parentHi } } }),
  })
  const look = (slot: number) => {
    const [lo, hi] = [round.lo[slot] as Float64Array, round.hi[slot] as Float64Array]
    const node = nodes[slot] as number
    const mark = (kind: number) => {
      settled += shareOf(lo, hi, domain)
      tree.mark(node, kind)
    }
    const bounds = round.read(slot)
    boxes++
    if (isOff(bounds, settling)) return mark(leaf.outside)
    if (isFalling(bounds, settling)) return mark(leaf.decrease)
    if (bounds.rateLow > 0) isRising ||= onRising?.(lo, hi) === true
    queue.push(lo, hi, { key: boxes, node, axis: bounds.axis })
  }
  const lookAtAll = () => {
    round.evaluate(filled, settling)
    for (let slot = 0; slot < filled; slot++) look(slot)
    filled = 0
  }
  round.lo[0]?.set(domain.lo)
  round.hi[0]?.set(domain.hi)
  filled = 1
  lookAtAll()
  while (queue.size() > 0 && !isRising) {
    while (filled < round.capacity && queue.size() > 0) {
      const { key, node, axis } = queue.pop(parentLo, parentHi)
      const middle = midpoint(parentLo[axis], parentHi[axis])
      const reason =
        boxes + filled >= maxBoxes
          ? `${maxBoxes} boxes were not enough`
          : middle > parentLo[axis] && middle < parentHi[axis]
            ? stop(filled === 0 ? round.capacity : 0)
            : 'a box cannot be split further'
      if (reason !== undefined && filled === 0) return finish(reason)
      if (reason !== undefined) {
        queue.push(parentLo, parentHi, { key, node, axis })
        break
      }
      const child = tree.split(node, axis)
      for (const half of [0, 1]) {
        const [lo, hi] = [round.lo[filled] as Float64Array, round.hi[filled] as Float64Array]
        lo.set(parentLo)
        hi.set(parentHi)
        if (half === 0) hi[axis] = middle
        else lo[axis] = middle
        nodes[filled++] = child + half
      }
    }
    lookAtAll()
    if (boxes >= reportAt) {
      reportAt = boxes + 1024
      onProgress?.({ proved: 0, refuted: Infinity, boxes, settled })
      // where a synchronous caller can abort
      stop(Infinity)
    }
  }
  return finish()
}
