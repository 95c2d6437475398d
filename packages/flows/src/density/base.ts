import { misuse, type Random, show } from '@separatrix/field/core'

/** A distribution that flows start from: samples, log density, and its gradient. */
export interface Base {
  readonly name: string
  readonly size: number
  draw(random: Random, z: Float64Array): void
  logProb(z: ArrayLike<number>): number
  /** writes ∇ log p(z) */
  score(z: ArrayLike<number>, out: Float64Array): void
}

/**
 * The standard normal N(0, I) on Rⁿ: log p(z) = −½|z|² − n/2·log 2π.
 * @example standardNormal(2)
 */
export function standardNormal(n: number): Base {
  if (!(Number.isInteger(n) && n > 0))
    throw misuse({ where: 'standardNormal', expected: 'a dimension', got: show(n), try: 'standardNormal(2)' })
  const constant = -(n / 2) * Math.log(2 * Math.PI)
  return {
    name: `standardNormal(${n})`,
    size: n,
    draw(random, z) {
      for (let i = 0; i < n; i++) z[i] = random.normal()
    },
    logProb(z) {
      let square = 0
      for (let i = 0; i < n; i++) square += z[i] * z[i]
      return constant - square / 2
    },
    score(z, out) {
      for (let i = 0; i < n; i++) out[i] = -z[i]
    },
  }
}
