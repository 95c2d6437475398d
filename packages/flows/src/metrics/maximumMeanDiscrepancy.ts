import { misuse, show } from '@separatrix/field/core'
import { type Points, readPoints } from '../density/points.js'
import { squaredDistances, widthOf } from './wasserstein.js'

/**
 * The squared maximum mean discrepancy with kernel k = e^{−|x − y|²/2h²}, unbiased: mean k(x, x′) + mean k(y, y′) −
 * 2 mean k(x, y), without equal pairs. It is 0 on average for two samples of one distribution, and may be
 * negative. Gretton et al., JMLR 13 (2012), eq. 3. OT-Flow's kernel e^{−|x − y|²} is h = 1/√2. O(n²).
 * @example maximumMeanDiscrepancy([[0], [1]], [[0], [1]], { bandwidth: 1 })
 */
export function maximumMeanDiscrepancy(
  x: Points,
  y: Points,
  { bandwidth }: { readonly bandwidth: number },
): number {
  const n = widthOf(x)
  const where = 'maximumMeanDiscrepancy'
  const [a, b] = [readPoints(where, x, n), readPoints(where, y, n)]
  const [rows, columns] = [a.length / n, b.length / n]
  if (!(bandwidth > 0 && rows >= 2 && columns >= 2))
    throw misuse({
      where,
      expected: 'a positive bandwidth and two points a sample',
      got: `${show(bandwidth)}, ${rows} and ${columns} points`,
      try: 'bandwidth: 1',
    })
  const kernelSum = (p: Float64Array, q: Float64Array) =>
    squaredDistances(p, q, n).reduce((sum, d) => sum + Math.exp(-d / (2 * bandwidth * bandwidth)), 0)
  // a point's kernel with itself is 1
  const within = (p: Float64Array, count: number) => (kernelSum(p, p) - count) / (count * (count - 1))
  return within(a, rows) + within(b, columns) - (2 * kernelSum(a, b)) / (rows * columns)
}
