import { midpoint } from './bisectionTree.js'
import type { Box } from './box.js'
import type { Readings } from './readings.js'

/** Where a map leads from a box, given the domain: all within, or its centre certainly out of it. */
export type Confinement = (lo: Float64Array, hi: Float64Array) => 'inside' | 'open' | 'leaves'

/** In continuous time solutions cannot jump over the boundary of the domain: nothing has to be shown. */
export function confinement({ time, image, n, size }: Readings, domain: Box): Confinement {
  if (time === 'continuous') return () => 'inside'
  const [low, high, centre] = [new Float64Array(n), new Float64Array(n), new Float64Array(size)]
  return (lo, hi) => {
    image(lo, hi, low, high)
    if (low.every((v, i) => v >= domain.lo[i]) && high.every((v, i) => v <= domain.hi[i])) return 'inside'
    for (let i = 0; i < size; i++) centre[i] = midpoint(lo[i], hi[i])
    image(centre, centre, low, high)
    return low.some((v, i) => v > domain.hi[i] || high[i] < domain.lo[i]) ? 'leaves' : 'open'
  }
}
