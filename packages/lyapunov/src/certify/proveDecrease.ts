import { type BisectionTree, bisectionTree, leaf, midpoint } from './bisectionTree.js'
import { type Box, shareOf } from './box.js'
import { widestOf } from './boxBounds.js'
import { boxQueue } from './boxQueue.js'
import type { BoxRound } from './boxRound.js'
import { confinement } from './confinement.js'
import { boxRound, type CrewOptions } from './crewRound.js'
import type { RegionOptions } from './options.js'
import type { Readings } from './readings.js'
import { slideDown } from './searchCounterexample.js'
import { isFalling, type Settling } from './settling.js'
import type { StopCheck } from './stopCheck.js'
import { unitsOf } from './unitsOf.js'
import type { Refutation } from './verdict.js'

export interface DecreaseOptions extends CrewOptions {
  /** boxes whose V lies above this are of no interest (the least V over the faces, or the level to be proved) */
  readonly ceiling: number
  readonly origin: Box
  /** the best counterexample known before */
  readonly refutation?: Refutation | undefined
  /** stop when the proved and the refuted level agree to this relative difference; 0: at what lies below the ceiling, or at it */
  readonly tolerance: number
  readonly maxBoxes: number
  readonly onProgress?: RegionOptions['onProgress'] | undefined
  readonly stop: StopCheck
}

export interface DecreaseResult {
  /** V̇ < 0 wherever V < proved, save at the origin */
  readonly proved: number
  readonly refutation?: Refutation | undefined
  readonly tree: BisectionTree
  readonly boxes: number
  /** that evaluated them */
  readonly threads: number
  /** of a map: a point of least V found that it leads out of the domain, and V there */
  readonly exit?: { readonly value: number; readonly point: Float64Array } | undefined
  /** why it ended before its goal, and the box that was next */
  readonly stuck?: { readonly reason: string; readonly box: Box } | undefined
}

/**
 * One best-first run over boxes by the lower bound of V: when the next box has key c, every point of the domain with
 * V < c lies in a box on which V̇ < 0 was proved, or in the origin box. A counterexample lowers the ceiling, so that the
 * run closes in on the critical level from both sides without bisection over levels. With threads, the boxes of least key
 * are halved and evaluated some at a time; what is concluded from them is concluded here, in their order.
 */
export function proveDecrease(readings: Readings, domain: Box, options: DecreaseOptions): DecreaseResult {
  const round = boxRound(readings, unitsOf(readings, domain), options)
  try {
    return search(readings, domain, { ...options, round })
  } finally {
    round.close()
  }
}

function search(
  readings: Readings,
  domain: Box,
  options: DecreaseOptions & { readonly round: BoxRound },
): DecreaseResult {
  const { n, size, rate, natural: valueAt } = readings
  const { origin, tolerance, maxBoxes, onProgress, stop, round } = options
  let refutation = options.refutation
  let exit: DecreaseResult['exit']
  const ceiling = () => Math.min(options.ceiling, refutation?.value[1] ?? Infinity, exit?.value ?? Infinity)
  const leads = confinement(readings, domain)
  const units = unitsOf(readings, domain)
  const queue = boxQueue(size)
  const tree = bisectionTree()
  // where V < 0, V̇ < −κV lets V rise: another attractor may lie there
  const settling = { above: Infinity, below: -Infinity, isPositive: rate > 0 } satisfies Settling
  const [parentLo, parentHi] = [new Float64Array(size), new Float64Array(size)]
  const [low, high] = [new Float64Array(2), new Float64Array(2)]
  const [nodes, floors] = [new Int32Array(round.capacity), new Float64Array(round.capacity)]
  let [boxes, settled, filled, reportAt] = [0, 0, 0, 1024]
  let isNegative = false
  // least lower bound of V among boxes set aside as above the ceiling of their time
  let aside = Infinity

  const mark = (node: number, slot: number, kind: number) => {
    settled += shareOf(round.lo[slot] as Float64Array, round.hi[slot] as Float64Array, domain)
    tree.mark(node, kind)
  }

  /** Puts the box into the next slot, unless it needs no evaluation. */
  const add = (node: number, floor: number) => {
    boxes++
    if (isInside(round.lo[filled] as Float64Array, round.hi[filled] as Float64Array, origin))
      return mark(node, filled, leaf.origin)
    nodes[filled] = node
    floors[filled++] = floor
  }

  const look = (slot: number) => {
    const [node, floor] = [nodes[slot] as number, floors[slot] as number]
    const [lo, hi] = [round.lo[slot] as Float64Array, round.hi[slot] as Float64Array]
    const bounds = round.read(slot)
    const isProved = isFalling(bounds, settling)
    isNegative ||= rate > 0 && bounds.centreValueHigh < 0
    const way = isProved ? leads(lo, hi) : 'open'
    if (isProved && way === 'inside') return mark(node, slot, leaf.decrease)
    const key = Number.isNaN(bounds.valueLow) ? Number.NEGATIVE_INFINITY : Math.max(floor, bounds.valueLow)
    if (key > ceiling()) {
      aside = Math.min(aside, key)
      return mark(node, slot, leaf.outside)
    }
    if (way === 'leaves') {
      const centre = lo.map((low, i) => midpoint(low, hi[i]))
      valueAt(centre, centre, low, high)
      if (high[0] < ceiling()) exit = { value: high[0], point: centre.slice(0, n) }
    }
    if (bounds.centreRateLow >= 0 && bounds.centreValueHigh < ceiling()) {
      const found = slideDown(readings, domain, bounds.centre)
      if (found !== undefined && found.value[1] < ceiling()) refutation = found
    }
    // where only the way out is open, the slopes of V̇ do not tell where to split
    queue.push(lo, hi, { key, node, axis: isProved ? widestOf(lo, hi, units) : bounds.axis })
  }

  const lookAtAll = () => {
    settling.above = ceiling()
    round.evaluate(filled, settling)
    for (let slot = 0; slot < filled; slot++) {
      settling.above = ceiling()
      look(slot)
    }
    filled = 0
  }

  const finish = (proved: number, reason?: string): DecreaseResult => ({
    proved,
    refutation,
    exit,
    tree,
    boxes,
    threads: round.threads(),
    stuck: reason === undefined ? undefined : { reason, box: { lo: parentLo, hi: parentHi } },
  })

  // a run for one level ends at the first point that refutes it
  const isClose = (least: number) =>
    least > ceiling() ||
    (tolerance > 0
      ? ceiling() - least <= tolerance * Math.abs(ceiling())
      : ceiling() < Math.min(options.ceiling, options.refutation?.value[1] ?? Infinity))
  const limit = () => (boxes >= maxBoxes ? `${maxBoxes} boxes were not enough` : stop(round.capacity))

  round.lo[0]?.set(domain.lo)
  round.hi[0]?.set(domain.hi)
  add(0, Number.NEGATIVE_INFINITY)
  lookAtAll()
  while (queue.size() > 0) {
    const first = queue.least()
    if (isClose(first)) return finish(Math.min(first, aside))
    for (let halves = 0; halves < round.capacity && queue.size() > 0; halves += 2) {
      if (halves > 0 && (isClose(queue.least()) || boxes >= maxBoxes)) break
      const { key, node, axis } = queue.pop(parentLo, parentHi)
      const reason = halves === 0 ? limit() : undefined
      if (reason !== undefined) return finish(key, reason)
      const middle = midpoint(parentLo[axis] as number, parentHi[axis] as number)
      if (!(middle > (parentLo[axis] as number) && middle < (parentHi[axis] as number))) {
        if (halves === 0)
          return finish(key, 'a box cannot be split further: V̇ is 0 there to rounding, or undefined')
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
        add(child + half, key)
      }
    }
    lookAtAll()
    if (isNegative) return finish(first, 'V is negative somewhere, where no rate makes it fall')
    if (boxes >= reportAt) {
      reportAt = boxes + 1024
      onProgress?.({ proved: first, refuted: ceiling(), boxes, settled })
      // where a synchronous caller can abort
      stop(Infinity)
    }
  }
  return finish(aside)
}

function isInside(lo: Float64Array, hi: Float64Array, outer: Box): boolean {
  for (let i = 0; i < lo.length; i++)
    if (!((lo[i] as number) >= (outer.lo[i] as number) && (hi[i] as number) <= (outer.hi[i] as number)))
      return false
  return true
}
