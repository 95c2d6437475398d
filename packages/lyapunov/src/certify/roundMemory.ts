import type { BoxEvaluator } from './boxBounds.js'
import type { Settling } from './settling.js'

/** Integers that threads share, by position. */
export const word = {
  /** boxes of this round that nobody has taken yet */
  left: 0,
  /** boxes of this round that are evaluated */
  done: 1,
  /** counts rounds: idle threads wait for it to change */
  round: 2,
  /** 1 when there is nothing more to do */
  stop: 3,
  /** characters of a failure's message, 0 without one */
  failure: 4,
  /** threads that have helped */
  helpers: 5,
  /** 1 while the calling thread waits for `done` */
  waiting: 6,
} as const

/** A round in shared memory: words, the settling, the boxes of all slots, and what was found of them. */
export interface RoundMemory {
  readonly buffer: SharedArrayBuffer
  readonly words: Int32Array
  readonly message: Uint16Array
  readonly settling: Float64Array
  readonly lo: readonly Float64Array[]
  readonly hi: readonly Float64Array[]
  readonly results: readonly Float64Array[]
}

/** Numbers found of a box before its centre: the bounds of V and R, those at the centre, the axis. */
const found = 7
const messageLength = 400

export function roundMemory(size: number, capacity: number, buffer?: SharedArrayBuffer): RoundMemory {
  const header = 64 + 2 * messageLength
  const numbers = 3 + capacity * (3 * size + found)
  const shared = buffer ?? new SharedArrayBuffer(header + 8 * numbers)
  const row = (start: number, length: number) => (_: unknown, i: number) =>
    new Float64Array(shared, header + 8 * (start + i * length), length)
  const rows = (start: number, length: number) => Array.from({ length: capacity }, row(start, length))
  return {
    buffer: shared,
    words: new Int32Array(shared, 0, 16),
    message: new Uint16Array(shared, 64, messageLength),
    settling: new Float64Array(shared, header, 3),
    lo: rows(3, size),
    hi: rows(3 + capacity * size, size),
    results: rows(3 + 2 * capacity * size, size + found),
  }
}

export function writeSettling({ settling }: RoundMemory, { above, below, isPositive }: Settling): void {
  settling[0] = above
  settling[1] = below
  settling[2] = Number(isPositive)
}

/** The settling of the open round, in an object that is used again. */
export function settlingReader({ settling }: RoundMemory): () => Settling {
  const now = { above: 0, below: 0, isPositive: false }
  return () => {
    now.above = settling[0] as number
    now.below = settling[1] as number
    now.isPositive = settling[2] === 1
    return now
  }
}

/**
 * Takes boxes of the open round and evaluates them until none is left; returns how many. One word says how many are left,
 * and who lowers it from k to k − 1 has box k − 1: a thread that comes late to a round takes a box of the next one or none.
 */
export function takeBoxes(
  { words, lo, hi, results }: RoundMemory,
  { evaluate, bounds }: BoxEvaluator,
): number {
  let taken = 0
  for (;;) {
    const left = Atomics.load(words, word.left)
    if (left <= 0) return taken
    if (Atomics.compareExchange(words, word.left, left, left - 1) !== left) continue
    const slot = left - 1
    evaluate(lo[slot] as Float64Array, hi[slot] as Float64Array)
    const out = results[slot] as Float64Array
    out[0] = bounds.valueLow
    out[1] = bounds.valueHigh
    out[2] = bounds.rateLow
    out[3] = bounds.rateHigh
    out[4] = bounds.centreValueHigh
    out[5] = bounds.centreRateLow
    out[6] = bounds.axis
    for (let i = 0; i < bounds.centre.length; i++) out[found + i] = bounds.centre[i] as number
    Atomics.add(words, word.done, 1)
    if (Atomics.load(words, word.waiting) === 1) Atomics.notify(words, word.done)
    taken++
  }
}

/** Reads what {@link takeBoxes} found. */
export function readResult(out: Float64Array, to: BoxEvaluator['bounds']): void {
  to.valueLow = out[0] as number
  to.valueHigh = out[1] as number
  to.rateLow = out[2] as number
  to.rateHigh = out[3] as number
  to.centreValueHigh = out[4] as number
  to.centreRateLow = out[5] as number
  to.axis = out[6] as number
  for (let i = 0; i < to.centre.length; i++) to.centre[i] = out[found + i] as number
}

export function writeFailure({ words, message }: RoundMemory, text: string): void {
  const cut = text.slice(0, messageLength) || 'no reason given'
  for (let i = 0; i < cut.length; i++) message[i] = cut.charCodeAt(i)
  Atomics.store(words, word.failure, cut.length)
  Atomics.notify(words, word.done)
}

/** The message of a thread that failed, if one did. */
export function readFailure({ words, message }: RoundMemory): string | undefined {
  const length = Atomics.load(words, word.failure)
  return length === 0 ? undefined : String.fromCharCode(...message.subarray(0, length))
}
