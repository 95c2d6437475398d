import type { Dataset } from './source.js'

/**
 * The checkerboard: x₁ = 4U − 2, x₂ = U − 2·{0, 1} + (⌊x₁⌋ mod 2), both doubled: uniform on eight of sixteen
 * squares of side 2, entropy log 32. The remainder is Python's, which is not negative. Grathwohl et al.,
 * ICLR 2019. (flow_matching's notebook divides by .45 and draws 1/32 beside it; the density is then .0253.)
 */
export const checkerboard: Dataset = {
  name: 'checkerboard',
  size: 2,
  entropy: { value: Math.log(32), error: 0 },
  draw(random, x) {
    const first = 4 * random.uniform() - 2
    const odd = Math.abs(Math.floor(first)) % 2
    x[0] = 2 * first
    x[1] = 2 * (random.uniform() - 2 * random.integer(2) + odd)
  },
  logProb(x) {
    const [column, row] = [Math.floor(x[0] / 2), Math.floor(x[1] / 2)]
    const inside = column >= -2 && column < 2 && row >= -2 && row < 2
    return inside && (column - row) % 2 === 0 ? -Math.log(32) : Number.NEGATIVE_INFINITY
  },
}
