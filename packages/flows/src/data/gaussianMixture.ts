import { misuse, show } from '@separatrix/field/core'
import type { Base } from '../density/base.js'
import { logSumExp } from './logSumExp.js'

export interface GaussianMixtureOptions {
  /** rows c₁ … c_K */
  readonly means: readonly (readonly number[])[]
  /** s of every component N(c_k, s²I) */
  readonly deviation: number
  readonly name?: string
}

/** A mixture of equally likely round normals, and what it was made of; flows may start from it. */
export interface GaussianMixture extends Base {
  readonly means: readonly (readonly number[])[]
  readonly deviation: number
}

/**
 * Equally likely round normals: p(x) = 1/K Σ N(x; c_k, s²I).
 * @example gaussianMixture({ means: [[-1, 0], [1, 0]], deviation: 0.3 }).logProb([1, 0])
 */
export function gaussianMixture({
  means,
  deviation,
  name = 'gaussianMixture',
}: GaussianMixtureOptions): GaussianMixture {
  const size = means?.[0]?.length ?? 0
  if (
    size === 0 ||
    !means.every((c) => c.length === size && c.every(Number.isFinite)) ||
    !(deviation > 0 && Number.isFinite(deviation))
  )
    throw misuse({
      where: 'gaussianMixture',
      expected: 'means of one length and a positive deviation',
      got: `${show(means)}, ${show(deviation)}`,
      try: 'means: [[-1, 0], [1, 0]], deviation: 0.3',
    })
  const constant = -Math.log(means.length) - size * Math.log(deviation * Math.sqrt(2 * Math.PI))
  const variance = deviation * deviation
  const exponents = (x: ArrayLike<number>) =>
    means.map((c) => -c.reduce((sum, v, i) => sum + (x[i] - v) ** 2, 0) / (2 * variance))
  return {
    name,
    size,
    means,
    deviation,
    draw(random, x) {
      const c = means[random.integer(means.length)] as readonly number[]
      for (let i = 0; i < size; i++) x[i] = c[i] + deviation * random.normal()
    },
    logProb: (x) => constant + logSumExp(exponents(x)),
    score(x, out) {
      const logs = exponents(x)
      const all = logSumExp(logs)
      out.fill(0)
      means.forEach((c, k) => {
        const share = Math.exp(logs[k] - all)
        for (let i = 0; i < size; i++) out[i] += (share * (c[i] - x[i])) / variance
      })
    },
  }
}
