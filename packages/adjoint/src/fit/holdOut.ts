import { misuse, show } from '@separatrix/field/core'
import type { Split } from './loss.js'
import { shuffleEpoch } from './minibatches.js'

/** Samples to train on and samples to validate on. */
export interface HeldOut<Sample> {
  readonly training: readonly Sample[]
  readonly validation: readonly Sample[]
}

/**
 * Sets samples aside: a seeded random part of them (at least one, and one stays), or data of its own, which
 * `read` reads.
 */
export function holdOut<Sample>(
  samples: readonly Sample[],
  split: Split | undefined,
  read: (data: unknown) => readonly Sample[],
): HeldOut<Sample> {
  if (split === undefined) return { training: samples, validation: [] }
  if ('data' in split) return { training: samples, validation: read(split.data) }
  const { fraction, seed } = split
  if (!(fraction > 0 && fraction < 1) || samples.length < 2)
    throw misuse({
      where: 'fit({ validation })',
      expected: 'a fraction between 0 and 1 of at least two samples',
      got: `${show(fraction)} of ${samples.length}`,
      try: 'fraction: 0.2',
      code: 'bad-validation',
    })
  const order = Int32Array.from(samples, (_, i) => i)
  // no epoch has this number
  shuffleEpoch(order, seed, -2)
  const count = Math.min(samples.length - 1, Math.max(1, Math.round(fraction * samples.length)))
  const held = new Set(order.subarray(0, count))
  return {
    training: samples.filter((_, i) => !held.has(i)),
    validation: samples.filter((_, i) => held.has(i)),
  }
}
