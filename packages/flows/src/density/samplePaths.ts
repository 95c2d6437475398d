import { makeArray, misuse, SeparatrixError, seededRandom, show } from '@separatrix/field/core'
import { ensemble } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { expectCount } from '../check/expectCount.js'
import { readCondition } from './condition.js'
import type { Flow, FlowBatchOptions, Given } from './flow.js'
import { standStill } from './standStill.js'

export interface SamplePathsOptions extends Given, FlowBatchOptions {
  readonly count: number
  readonly seed: number
  /** equal intervals of the span at whose ends points are kept; 24 */
  readonly frames?: number
}

/** Samples on their way. */
export interface SamplePaths {
  /** [frames + 1] */
  readonly t: Float64Array
  /** [frames + 1, count, n]: the base's draws first, `sample` of the same seed last */
  readonly x: NdArray<Float64Array>
}

/**
 * The trajectories of samples from the base to the model at equally spaced times, all at once: what pictures and
 * animations of a flow are drawn from.
 * @example
 * const flow = cnf({ field: withTime(network({ widths: [3, 8, 2], activation: 'tanh', seed: 0 })), method: rk4, step: 0.1 })
 * const { x } = await samplePaths(flow, { count: 50, seed: 0, frames: 10 })
 * x.shape // [11, 50, 2]
 */
export async function samplePaths(
  { field, base, span, solving, condition: m }: Flow,
  { count, seed, frames = 24, condition, ...batch }: SamplePathsOptions,
): Promise<SamplePaths> {
  expectCount('samplePaths', count, 'samples')
  expectCount('samplePaths(frames)', frames, 'frames')
  if (!Number.isFinite(seed))
    throw misuse({ where: 'samplePaths', expected: 'a seed', got: show(seed), try: 'seed: 0' })
  const n = field.outputSize
  const given = readCondition(condition, m, count)
  const random = seededRandom(seed)
  const starts = new Float64Array(count * (n + m))
  for (let i = 0; i < count; i++) {
    base.draw(random, starts.subarray(i * (n + m), i * (n + m) + n))
    starts.set(given.subarray(i * m, (i + 1) * m), i * (n + m) + n)
  }
  const [first, last] = span
  const t = Float64Array.from({ length: frames + 1 }, (_, k) =>
    k === frames ? last : first + ((last - first) * k) / frames,
  )
  const { y, status, message } = await ensemble(
    standStill(field, m),
    makeArray(starts, [count, n + m]),
    span,
    {
      backend: 'auto',
      ...batch,
      ...solving,
      saveAt: t,
    },
  )
  const bad = status.find((s) => s !== 'success')
  if (bad !== undefined)
    throw new SeparatrixError(
      `cnf-${bad}`,
      `samplePaths(${field.name}): expected solves over [${span}], got ${bad}. ${message} Try smaller weights or a smaller tolerance.`,
    )
  const x = new Float64Array((frames + 1) * count * n)
  for (let k = 0, at = 0; k <= frames; k++)
    for (let i = 0; i < count; i++) for (let j = 0; j < n; j++) x[at++] = y.get(k, i, j)
  return { t, x: makeArray(x, [frames + 1, count, n]) }
}
