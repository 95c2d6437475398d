import { misuse, show } from '@separatrix/field/core'
import { type Points, readPoints } from '../density/points.js'
import type { Source } from './source.js'

/**
 * Given points as a distribution: each draw is one of them, uniformly and with replacement.
 * @example points([[0, 1], [2, 3]])
 */
export function points(data: Points): Source {
  const n = 'shape' in data ? data.shape[1] : data[0]?.length
  if (!(n > 0))
    throw misuse({
      where: 'points',
      expected: 'at least one point',
      got: show(data),
      try: 'points([[0, 1]])',
    })
  const rows = readPoints('points', data, n)
  return {
    draw(random, x) {
      const i = random.integer(rows.length / n)
      for (let k = 0; k < n; k++) x[k] = rows[i * n + k]
    },
  }
}
