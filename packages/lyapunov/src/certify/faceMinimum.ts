import { midpoint } from './bisectionTree.js'
import type { Box } from './box.js'
import { boxEvaluator, widestOf } from './boxBounds.js'
import { boxQueue } from './boxQueue.js'
import type { Readings } from './readings.js'
import type { StopCheck } from './stopCheck.js'
import { unitsOf } from './unitsOf.js'

/** Bounds of the least V over the faces of a domain; `boxes` were looked at. */
export interface FaceMinimum {
  readonly lower: number
  readonly upper: number
  readonly at: Float64Array
  readonly boxes: number
  /** why it ended early */
  readonly stopped?: string | undefined
}

/**
 * Encloses min V over the boundary of the domain, by branch and bound on its 2n faces, until the bounds agree to
 * `tolerance` or the lower one passes `enough`.
 */
export function faceMinimum(
  readings: Readings,
  domain: Box,
  {
    enough,
    tolerance,
    maxBoxes,
    stop,
  }: {
    readonly enough: number
    readonly tolerance: number
    readonly maxBoxes: number
    readonly stop: StopCheck
  },
): FaceMinimum {
  const { n, size } = readings
  const units = unitsOf(readings, domain)
  const queue = boxQueue(size)
  const { bounds, evaluate } = boxEvaluator(readings, units, () => false, 'V')
  const [lo, hi, at] = [new Float64Array(size), new Float64Array(size), new Float64Array(n)]
  let [upper, boxes] = [Infinity, 0]
  const look = (floor: number) => {
    boxes++
    evaluate(lo, hi)
    if (bounds.centreValueHigh < upper) {
      upper = bounds.centreValueHigh
      at.set(bounds.centre.subarray(0, n))
    }
    const key = Number.isNaN(bounds.valueLow) ? -Infinity : Math.max(floor, bounds.valueLow)
    if (key <= upper) queue.push(lo, hi, { key, node: 0, axis: widestOf(lo, hi, units) })
    else least = Math.min(least, key)
  }
  // the least bound among boxes that were dropped as above `upper`
  let least = Infinity
  for (let i = 0; i < n; i++)
    for (const side of [domain.lo, domain.hi]) {
      lo.set(domain.lo)
      hi.set(domain.hi)
      // V does not depend on what is uncertain
      for (let k = n; k < size; k++) hi[k] = lo[k] as number
      lo[i] = hi[i] = side[i] as number
      look(-Infinity)
    }
  let stopped: string | undefined
  const [parentLo, parentHi] = [new Float64Array(size), new Float64Array(size)]
  while (queue.size() > 0 && boxes < maxBoxes) {
    const key = queue.least()
    stopped = stop()
    if (stopped !== undefined || key > enough || upper - key <= tolerance * Math.abs(upper)) break
    const { axis } = queue.pop(parentLo, parentHi)
    const middle = midpoint(parentLo[axis] as number, parentHi[axis] as number)
    if (!(middle > (parentLo[axis] as number) && middle < (parentHi[axis] as number)))
      return { lower: key, upper, at, boxes }
    for (const half of [0, 1]) {
      lo.set(parentLo)
      hi.set(parentHi)
      if (half === 0) hi[axis] = middle
      else lo[axis] = middle
      look(key)
    }
  }
  return { lower: Math.min(queue.least(), least), upper, at, boxes, stopped }
}
