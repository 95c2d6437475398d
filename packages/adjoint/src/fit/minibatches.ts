import { misuse, seededRandom, show, shuffle } from '@separatrix/field/core'
import type { Moment } from './loss.js'

/** The samples of a step: positions among all. */
export type Minibatches = (moment: Moment) => Int32Array

/**
 * Shares `count` samples out into batches, shuffled afresh in every epoch; what an epoch leaves over (count mod
 * batch samples, others every time) waits for the next. A function of seed and step alone, so that a run that
 * resumes sees what it would have seen. `batch` undefined, or at least `count`: all samples, in their order.
 */
export function minibatches(where: string, count: number, batch: number | undefined): Minibatches {
  if (batch !== undefined && !(Number.isSafeInteger(batch) && batch > 0))
    throw misuse({ where, expected: 'a positive batch', got: show(batch), try: 'batch: 64' })
  const order = Int32Array.from({ length: count }, (_, i) => i)
  if (batch === undefined || batch >= count) return () => order
  const perEpoch = Math.floor(count / batch)
  let shuffled: { readonly epoch: number; readonly seed: number } | undefined
  return ({ step, seed }) => {
    const epoch = Math.floor(step / perEpoch)
    if (shuffled?.epoch !== epoch || shuffled.seed !== seed) {
      shuffleEpoch(order, seed, epoch)
      shuffled = { epoch, seed }
    }
    const from = (step % perEpoch) * batch
    return order.subarray(from, from + batch)
  }
}

/** The order of an epoch. */
export function shuffleEpoch(order: Int32Array, seed: number, epoch: number): void {
  // consecutive epochs of one seed, and equal epochs of consecutive seeds, are far apart in the generator's seeds
  shuffle(order, seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(epoch + 1, 0x85ebca6b)))
}
