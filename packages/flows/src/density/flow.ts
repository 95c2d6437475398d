import type { Field } from '@separatrix/field/core'
import type { EnsembleOptions, SolveOptions } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import type { Base } from './base.js'
import type { Points } from './points.js'
import type { TraceRule } from './traceRule.js'

/** A log density that may be an estimate. */
export interface LogProbEstimate {
  readonly logProb: Float64Array
  /** of the mean over probes, 0 for the exact trace; it knows nothing of the solver's error */
  readonly standardError: Float64Array
}

/** What a conditional flow is asked about: one row for all points, or a row for each. */
export interface Given {
  readonly condition?: readonly number[] | Float64Array | Points
}

/** The questions that a flow answers, at once or, where `Answer` is a promise, later. */
interface Answers<Wrapped extends boolean> {
  /** samples [count, n], the same for the same seed */
  sample(count: number, seed: number, given?: Given): Answer<Wrapped, NdArray<Float64Array>>
  logProb(x: Points, given?: Given): Answer<Wrapped, Float64Array>
  logProbEstimate(x: Points, given?: Given): Answer<Wrapped, LogProbEstimate>
  sampleWithLogProb(
    count: number,
    seed: number,
    given?: Given,
  ): Answer<Wrapped, { readonly x: NdArray<Float64Array> } & LogProbEstimate>
  /** per point the distance between x and what becomes of it back and forth through the flow */
  inverseError(x: Points, given?: Given): Answer<Wrapped, Float64Array>
}

type Answer<Wrapped extends boolean, T> = Wrapped extends true ? Promise<T> : T

/** The same flow, all points at once: on vectors, threads or whatever {@link ensemble} runs on. */
export type BatchedFlow = Answers<true>

/** Where a batch runs; 'auto' by default. */
export type FlowBatchOptions = Pick<EnsembleOptions, 'precision' | 'threads' | 'device' | 'signal'> & {
  readonly backend?: EnsembleOptions['backend']
}

/** A distribution on Rⁿ as the image of a base under a flow. All methods throw where a solve ends early. */
export interface Flow extends Answers<false> {
  readonly field: Field
  readonly base: Base
  /** the velocity alone or with its volume, for solves of one's own */
  readonly volume: Field
  readonly span: readonly [number, number]
  readonly trace: TraceRule
  /** length of the condition */
  readonly condition: number
  /** method and steps, as given */
  readonly solving: Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'>
  /** points all at once, from about fifty points on the faster way; answers are promises */
  batched(options?: FlowBatchOptions): BatchedFlow
}
