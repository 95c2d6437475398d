import { misuse, show } from '@separatrix/field/core'
import { type Points, readPoints } from '../density/points.js'
import type { Source } from './flowMatching.js'

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

// biome-ignore lint/suspicious/noApproximativeNumericConstant: the authors divide by these four digits, not by √2
const shrinkage = 1.414

/**
 * Eight normals on a circle, as FFJORD draws them: (cₖ + ½ε)/1.414 with cₖ = 4(cos, sin)(kπ/4). Entropy
 * 2.8327 nats, the least mean of −log p that a model can reach. Grathwohl et al., ICLR 2019.
 */
export const eightGaussians: Source = {
  draw(random, x) {
    const angle = (random.integer(8) * Math.PI) / 4
    x[0] = (4 * Math.cos(angle) + 0.5 * random.normal()) / shrinkage
    x[1] = (4 * Math.sin(angle) + 0.5 * random.normal()) / shrinkage
  },
}

/**
 * The checkerboard: x₁ = 4U − 2, x₂ = U − 2·{0, 1} + (⌊x₁⌋ mod 2), both doubled: uniform on eight of sixteen
 * squares of side 2. Entropy log 32. Grathwohl et al., ICLR 2019.
 */
export const checkerboard: Source = {
  draw(random, x) {
    const first = 4 * random.uniform() - 2
    const odd = Math.abs(Math.floor(first)) % 2
    x[0] = 2 * first
    x[1] = 2 * (random.uniform() - 2 * random.integer(2) + odd)
  },
}
