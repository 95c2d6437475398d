import { misuse, show } from '@separatrix/field/core'

/**
 * Bits per dimension of integers 0 … levels − 1 from the log density of (integer + U)/levels: −(log p/D − log
 * levels)/log 2. A uniform density on [0, 1]^D gives exactly log₂ levels. Other preprocessing gives other numbers:
 * a logit transform, or 5 bits, must be said beside them. Theis, van den Oord & Bethge, ICLR 2016, section 3.1.
 * @example bitsPerDimension(0, { dimensions: 784, levels: 256 }) // 8
 */
export function bitsPerDimension(
  logProb: number,
  { dimensions, levels }: { readonly dimensions: number; readonly levels: number },
): number {
  for (const value of [dimensions, levels])
    if (!(Number.isInteger(value) && value > 0))
      throw misuse({
        where: 'bitsPerDimension',
        expected: 'positive whole numbers of dimensions and levels',
        got: show(value),
        try: '{ dimensions: 784, levels: 256 }',
      })
  if (Number.isNaN(logProb))
    throw misuse({
      where: 'bitsPerDimension',
      expected: 'a log density',
      got: show(logProb),
      try: 'the mean of flow.logProb(x)',
    })
  return -(logProb / dimensions - Math.log(levels)) / Math.log(2)
}
