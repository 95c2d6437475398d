import { compile, type Field, misuse, type Random, show } from '@separatrix/field/core'
import type { BoundLoss, Restored } from './loss.js'
import { valueAndGradient } from './valueAndGradient.js'

export interface SampledLossOptions<R extends Restored> {
  /** ℓ(t, z, θ) ≥ 0, scalar, on a sample z; its θ is the loss's */
  readonly integrand: Field
  /** writes a sample into z and returns its time */
  readonly draw: (random: Random, z: Float64Array) => number
  /** called before the samples of an evaluation are drawn, for samples that depend on one another */
  readonly begin?: (random: Random) => void
  /** samples per evaluation */
  readonly batch: number
  /** each sample is the one with the greatest ℓ of this many drawn: a mean that leans towards the worst; 1 */
  readonly worstOf?: number
  readonly restore: (theta: Float64Array) => R
}

/**
 * A Monte-Carlo loss: the mean of ℓ(t, z, θ) over `batch` fresh samples and its gradient in θ. The gradient
 * is asked for only at samples with ℓ ≠ 0, since ℓ ≥ 0 has slope 0 where it is 0. Standard error: that of a
 * mean, σ/√batch.
 */
export function sampledLoss<R extends Restored>({
  integrand,
  draw,
  begin,
  batch,
  worstOf = 1,
  restore,
}: SampledLossOptions<R>): BoundLoss<R> {
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw misuse({
      where: 'sampledLoss',
      expected: 'a positive batch size',
      got: show(batch),
      try: 'batch: 256',
    })
  if (!Number.isSafeInteger(worstOf) || worstOf < 1)
    throw misuse({
      where: 'sampledLoss',
      expected: 'a positive number of draws per sample',
      got: show(worstOf),
      try: 'worstOf: 8',
    })
  const value = compile(integrand)
  const both = compile(valueAndGradient(integrand))
  const p = integrand.theta.length
  const z = new Float64Array(integrand.stateSize)
  const worst = new Float64Array(integrand.stateSize)
  const single = new Float64Array(1)
  const out = new Float64Array(1 + p)
  return {
    theta: integrand.theta,
    layout: integrand.layout,
    evaluate(theta, random, gradient) {
      let total = 0
      gradient.fill(0)
      begin?.(random)
      for (let k = 0; k < batch; k++) {
        let [t, most] = [0, -1]
        for (let m = 0; m < worstOf; m++) {
          const time = draw(random, z)
          value(time, z, single, theta)
          if (!(single[0] > most) && !Number.isNaN(single[0])) continue
          t = time
          most = single[0]
          worst.set(z)
        }
        if (most === 0) continue
        both(t, worst, out, theta)
        total += out[0]
        for (let i = 0; i < p; i++) gradient[i] += out[1 + i]
      }
      for (let i = 0; i < p; i++) gradient[i] /= batch
      return total / batch
    },
    restore,
  }
}
