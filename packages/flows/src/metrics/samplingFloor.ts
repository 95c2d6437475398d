import { expectCount } from '../check/expectCount.js'
import { drawPoints } from '../data/drawPoints.js'
import type { Density } from '../data/source.js'
import type { Points } from '../density/points.js'
import { type Estimate, estimate } from './estimate.js'

export interface SamplingFloorOptions {
  /** points a sample, as many as are compared otherwise */
  readonly count: number
  /** pairs of samples */
  readonly repeats: number
  readonly seed: number
}

/**
 * What a distance between samples says of two samples of the *same* distribution: the best that any model can
 * reach with so many points. Its deviation over repeats is that of one comparison.
 * @example samplingFloor(wasserstein2, moons('torchcfm'), { count: 64, repeats: 3, seed: 0 }).mean
 */
export function samplingFloor(
  distance: (x: Points, y: Points) => number,
  density: Density,
  { count, repeats, seed }: SamplingFloorOptions,
): Estimate & { readonly deviation: number } {
  expectCount('samplingFloor(repeats)', repeats, 'repeats')
  expectCount('samplingFloor(count)', count)
  const values = Array.from({ length: repeats }, (_, k) =>
    distance(
      drawPoints(density, { count, seed: seed + 2 * k }),
      drawPoints(density, { count, seed: seed + 2 * k + 1 }),
    ),
  )
  const { mean, standardError } = estimate(values)
  return { mean, standardError, deviation: standardError * Math.sqrt(repeats) }
}
