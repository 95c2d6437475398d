import type { ExplicitMethod } from '../explicit/tableau.js'

/** Resolution of the search, far finer than what a step is compared with. */
const resolution = 0.01

/** Growth that is rounding's: |R(0)| = 1. */
const rounding = 1e-12

/**
 * The length ℓ of the real stability interval: the least x > 0 with |R(−x)| > 1, where R(z) = 1 + z Σ bᵢ gᵢ with
 * gᵢ = 1 + z Σⱼ aᵢⱼ gⱼ (Hairer & Wanner, Solving ODEs II, §IV.2); to within .01. Every explicit method has one, for R is
 * a polynomial.
 */
export function stabilityInterval({ a, b }: ExplicitMethod): number {
  const growth = (z: number) => {
    const g: number[] = []
    const dot = (row: readonly number[]) => row.reduce((sum, v, j) => sum + v * (g[j] as number), 0)
    for (const row of a) g.push(1 + z * dot(row))
    return Math.abs(1 + z * dot(b))
  }
  let x = resolution
  while (growth(-x) <= 1 + rounding) x += resolution
  return x
}
