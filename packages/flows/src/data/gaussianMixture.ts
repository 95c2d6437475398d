import { misuse, show } from '@separatrix/field/core'
import type { Density } from './source.js'

export interface GaussianMixtureOptions {
  /** rows c₁ … c_K */
  readonly means: readonly (readonly number[])[]
  /** s of every component N(c_k, s²I) */
  readonly deviation: number
  readonly name?: string
}

/** A mixture of equally likely round normals, and what it was made of. */
export interface GaussianMixture extends Density {
  readonly means: readonly (readonly number[])[]
  readonly deviation: number
}

/**
 * Equally likely round normals: p(x) = 1/K Σ N(x; c_k, s²I).
 * @example gaussianMixture({ means: [[-1, 0], [1, 0]], deviation: 0.3 }).logDensity([1, 0])
 */
export function gaussianMixture({
  means,
  deviation,
  name = 'gaussianMixture',
}: GaussianMixtureOptions): GaussianMixture {
  const size = means[0]?.length ?? 0
  if (size === 0 || !means.every((c) => c.length === size && c.every(Number.isFinite)) || !(deviation > 0))
    throw misuse({
      where: 'gaussianMixture',
      expected: 'means of one length and a positive deviation',
      got: `${show(means)}, ${show(deviation)}`,
      try: 'means: [[-1, 0], [1, 0]], deviation: 0.3',
    })
  const constant = -Math.log(means.length) - size * Math.log(deviation * Math.sqrt(2 * Math.PI))
  return {
    name,
    size,
    means,
    deviation,
    draw(random, x) {
      const c = means[random.integer(means.length)] as readonly number[]
      for (let i = 0; i < size; i++) x[i] = c[i] + deviation * random.normal()
    },
    logDensity(x) {
      const exponents = means.map(
        (c) => -c.reduce((sum, v, i) => sum + (x[i] - v) ** 2, 0) / (2 * deviation * deviation),
      )
      return constant + logSumExp(exponents)
    },
  }
}

/** log Σ e^v without overflow. */
export function logSumExp(values: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i])
  if (most === Number.NEGATIVE_INFINITY) return most
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += Math.exp(values[i] - most)
  return most + Math.log(sum)
}
