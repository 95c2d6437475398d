import { compile, compileGradient, type Field, misuse, type Random, show } from '@separatrix/field/core'
import { type Execution, plainExecution } from './execution.js'
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
  /** 'js' by default */
  readonly execution?: Execution
}

/**
 * A Monte-Carlo loss: the mean of ℓ(t, z, θ) over `batch` fresh samples and its gradient in θ. The gradient
 * is asked for only at samples with ℓ ≠ 0, since ℓ ≥ 0 has slope 0 where it is 0. Standard error: that of a
 * mean, σ/√batch. On 'wasm' the whole batch runs in vectors, on the same samples.
 */
export function sampledLoss<R extends Restored>({
  integrand,
  draw,
  begin,
  batch,
  worstOf = 1,
  restore,
  execution = plainExecution,
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
  const samples = {
    integrand,
    draw: worstOf === 1 ? draw : drawWorst(integrand, draw, worstOf),
    begin,
    batch,
  }
  return {
    theta: integrand.theta,
    layout: integrand.layout,
    execution,
    evaluate: execution.backend === 'js' ? oneByOne(samples) : allAtOnce(samples, execution),
    restore,
  }
}

interface Samples extends Pick<SampledLossOptions<Restored>, 'integrand' | 'begin' | 'batch'> {
  readonly draw: (random: Random, z: Float64Array, theta: Float64Array) => number
}

/** Draws several samples and keeps the one with the greatest loss, or the first at which it is no number. */
function drawWorst(integrand: Field, draw: Samples['draw'], count: number): Samples['draw'] {
  const value = compile(integrand)
  const candidate = new Float64Array(integrand.stateSize)
  const single = new Float64Array(1)
  return (random, z, theta) => {
    let [t, most] = [0, -Infinity]
    for (let m = 0; m < count && !Number.isNaN(most); m++) {
      const time = draw(random, candidate, theta)
      value(time, candidate, single, theta)
      if (single[0] <= most) continue
      t = time
      most = single[0]
      z.set(candidate)
    }
    return t
  }
}

function oneByOne({ integrand, draw, begin, batch }: Samples): BoundLoss['evaluate'] {
  const value = compile(integrand)
  const both = compile(valueAndGradient(integrand))
  const p = integrand.theta.length
  const z = new Float64Array(integrand.stateSize)
  const single = new Float64Array(1)
  const out = new Float64Array(1 + p)
  return (theta, random, gradient) => {
    let total = 0
    gradient.fill(0)
    begin?.(random)
    for (let k = 0; k < batch; k++) {
      const t = draw(random, z, theta)
      value(t, z, single, theta)
      if (single[0] === 0) continue
      both(t, z, out, theta)
      total += out[0]
      for (let i = 0; i < p; i++) gradient[i] += out[1 + i]
    }
    for (let i = 0; i < p; i++) gradient[i] /= batch
    return total / batch
  }
}

function allAtOnce(
  { integrand, draw, begin, batch }: Samples,
  { precision }: Execution,
): BoundLoss['evaluate'] {
  const compiled = compileGradient(integrand, { batch, precision })
  const z = new Float64Array(integrand.stateSize)
  return (theta, random, gradient) => {
    begin?.(random)
    for (let k = 0; k < batch; k++) compiled.put(k, draw(random, z, theta), z)
    return compiled.evaluate(theta, gradient)
  }
}
