import { type BoxBounds, boxEvaluator } from './boxBounds.js'
import type { BoxReadings } from './readings.js'
import { isFalling, isOff, type Settling } from './settling.js'

/**
 * Boxes that are evaluated together: the search fills slots, has them evaluated, and reads their bounds one by one, in
 * its own order. What it concludes is therefore the same whoever evaluated them.
 */
export interface BoxRound {
  /** slots */
  readonly capacity: number
  readonly lo: readonly Float64Array[]
  readonly hi: readonly Float64Array[]
  /** has the boxes of slots 0 … count − 1 evaluated as far as `settling` asks for */
  readonly evaluate: (count: number, settling: Settling) => void
  /** the bounds of one of them; overwritten by the next call */
  readonly read: (slot: number) => BoxBounds
  /** threads that evaluated boxes, the calling one included */
  readonly threads: () => number
  readonly close: () => void
}

/** The two halves of one box on the calling thread, each evaluated when it is read: `settling` may have changed meanwhile. */
export function pairRound(readings: BoxReadings, units: readonly number[]): BoxRound {
  let now: Settling = { above: Infinity, below: -Infinity, isPositive: false }
  const { bounds, evaluate } = boxEvaluator(readings, units, (b) => isFalling(b, now) || isOff(b, now))
  const sides = () => [0, 1].map(() => new Float64Array(readings.size))
  const [lo, hi] = [sides(), sides()]
  return {
    capacity: 2,
    lo,
    hi,
    evaluate(_count, settling) {
      now = settling
    },
    read(slot) {
      evaluate(lo[slot] as Float64Array, hi[slot] as Float64Array)
      return bounds
    },
    threads: () => 1,
    close() {},
  }
}
