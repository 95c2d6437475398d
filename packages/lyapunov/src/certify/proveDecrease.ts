import { type BisectionTree, bisectionTree, leaf, midpoint } from './bisectionTree.js'
import { type Box, shareOf } from './box.js'
import { type BoxBounds, boxEvaluator, widestOf } from './boxBounds.js'
import { boxQueue } from './boxQueue.js'
import { confinement } from './confinement.js'
import type { RegionOptions } from './options.js'
import type { Readings } from './readings.js'
import { slideDown } from './searchCounterexample.js'
import type { Refutation } from './verdict.js'

export interface DecreaseOptions {
  /** boxes whose V lies above this are of no interest (the least V over the faces, or the level to be proved) */
  readonly ceiling: number
  readonly origin: Box
  /** the best counterexample known before */
  readonly refutation?: Refutation | undefined
  /** stop when the proved and the refuted level agree to this relative difference; 0: go on to the ceiling */
  readonly tolerance: number
  readonly maxBoxes: number
  readonly onProgress?: RegionOptions['onProgress'] | undefined
  readonly signal?: AbortSignal | undefined
}

export interface DecreaseResult {
  /** V̇ < 0 wherever V < proved, save at the origin */
  readonly proved: number
  readonly refutation?: Refutation | undefined
  readonly tree: BisectionTree
  readonly boxes: number
  /** of a map: a point of least V found that it leads out of the domain, and V there */
  readonly exit?: { readonly value: number; readonly point: Float64Array } | undefined
  /** why it ended before its goal, and the box that was next */
  readonly stuck?: { readonly reason: string; readonly box: Box } | undefined
}

/**
 * One best-first run over boxes by the lower bound of V: when the next box has key c, every point of the domain with
 * V < c lies in a box on which V̇ < 0 was proved, or in the origin box. A counterexample lowers the ceiling, so that the
 * run closes in on the critical level from both sides without bisection over levels.
 */
export function proveDecrease(readings: Readings, domain: Box, options: DecreaseOptions): DecreaseResult {
  const { n, size, rate, natural: valueAt } = readings
  const { origin, tolerance, maxBoxes, onProgress, signal } = options
  let refutation = options.refutation
  let exit: DecreaseResult['exit']
  const ceiling = () => Math.min(options.ceiling, refutation?.value[1] ?? Infinity, exit?.value ?? Infinity)
  const leads = confinement(readings, domain)
  const queue = boxQueue(size)
  const tree = bisectionTree()
  // where V < 0, V̇ < −κV lets V rise: another attractor may lie there
  const falls = (b: BoxBounds) => b.rateHigh < 0 && (rate === 0 || b.valueLow >= 0)
  const { bounds, evaluate } = boxEvaluator(readings, (b) => falls(b) || b.valueLow > ceiling())
  const [lo, hi] = [Float64Array.from(domain.lo), Float64Array.from(domain.hi)]
  const [parentLo, parentHi] = [new Float64Array(size), new Float64Array(size)]
  const [low, high] = [new Float64Array(2), new Float64Array(2)]
  let [boxes, settled] = [0, 0]
  let isNegative = false
  // least lower bound of V among boxes set aside as above the ceiling of their time
  let aside = Infinity

  const mark = (node: number, kind: number) => {
    settled += shareOf(lo, hi, domain)
    tree.mark(node, kind)
  }
  const look = (node: number, floor: number) => {
    boxes++
    if (isInside(lo, hi, origin)) return mark(node, leaf.origin)
    evaluate(lo, hi)
    const isFalling = falls(bounds)
    isNegative ||= rate > 0 && bounds.centreValueHigh < 0
    const way = isFalling ? leads(lo, hi) : 'open'
    if (isFalling && way === 'inside') return mark(node, leaf.decrease)
    const key = Number.isNaN(bounds.valueLow) ? Number.NEGATIVE_INFINITY : Math.max(floor, bounds.valueLow)
    if (key > ceiling()) {
      aside = Math.min(aside, key)
      return mark(node, leaf.outside)
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
    queue.push(lo, hi, { key, node, axis: isFalling ? widestOf(lo, hi) : bounds.axis })
  }

  const finish = (proved: number, reason?: string): DecreaseResult => ({
    proved,
    refutation,
    exit,
    tree,
    boxes,
    stuck: reason === undefined ? undefined : { reason, box: { lo: parentLo, hi: parentHi } },
  })

  look(0, Number.NEGATIVE_INFINITY)
  while (queue.size() > 0) {
    const least = queue.least()
    if (least > ceiling() || (tolerance > 0 && ceiling() - least <= tolerance * Math.abs(ceiling())))
      return finish(Math.min(least, aside))
    const { key, node, axis } = queue.pop(parentLo, parentHi)
    if (boxes >= maxBoxes) return finish(key, `${maxBoxes} boxes were not enough`)
    const middle = midpoint(parentLo[axis] as number, parentHi[axis] as number)
    if (!(middle > (parentLo[axis] as number) && middle < (parentHi[axis] as number)))
      return finish(key, 'a box cannot be split further: V̇ is 0 there to rounding, or undefined')
    const child = tree.split(node, axis)
    for (const half of [0, 1]) {
      lo.set(parentLo)
      hi.set(parentHi)
      if (half === 0) hi[axis] = middle
      else lo[axis] = middle
      look(child + half, key)
    }
    if (isNegative) return finish(key, 'V is negative somewhere, where no rate makes it fall')
    if ((boxes & 1023) < 2) {
      onProgress?.({ proved: key, refuted: ceiling(), boxes, settled })
      if (signal?.aborted) return finish(Math.min(queue.least(), aside, key), 'it was stopped')
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
