import { makeArray, misuse, seededRandom, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import { expectNumber } from '../check/expectNumber.js'
import { expectSource } from '../check/expectSource.js'
import type { Density, Source } from './source.js'

/**
 * Samples [count, size] of a distribution, the same for the same seed. `size` is needed only for a source
 * that does not say its own.
 * @example drawPoints(checkerboard, { count: 100, seed: 0 }).get(99, 1)
 */
export function drawPoints(
  source: Source | Density,
  { count, seed, size }: { readonly count: number; readonly seed: number; readonly size?: number },
): NdArray<Float64Array> {
  expectSource('drawPoints', source)
  expectNumber('drawPoints', 'seed', seed)
  const n = size ?? ('size' in source ? source.size : Number.NaN)
  if (!(Number.isSafeInteger(count) && count >= 0 && Number.isSafeInteger(n) && n > 0))
    throw misuse({
      where: 'drawPoints',
      expected: 'a count and the length of a point',
      got: `count ${show(count)}, size ${show(n)}`,
      try: '{ count: 100, seed: 0, size: 2 }',
    })
  const random = seededRandom(seed)
  const data = new Float64Array(count * n)
  for (let i = 0; i < count; i++) source.draw(random, data.subarray(i * n, (i + 1) * n))
  return makeArray(data, [count, n])
}
