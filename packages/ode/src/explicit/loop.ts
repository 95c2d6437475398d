import type { CustomNorm } from '../control/tolerances.js'
import type { VectorFieldFunction } from '../problem.js'
import type { StepState } from '../state.js'
import type { Trace } from '../trace.js'

/** The compiled loop over adaptive steps; everything it touches comes in as an argument. */
export type AdaptiveLoop = (
  state: StepState,
  trace: Trace,
  limit: number,
  theta: Float64Array,
  rtol: Float64Array,
  atol: Float64Array,
  f: VectorFieldFunction,
  work: readonly Float64Array[],
  weights: Float64Array | undefined,
  norm: CustomNorm | undefined,
) => number

/** The compiled loop over `count` equal steps; the last ends at `end` unless that is NaN. */
export type FixedLoop = (
  state: StepState,
  trace: Trace,
  count: number,
  theta: Float64Array,
  f: VectorFieldFunction,
  work: readonly Float64Array[],
  h: number,
  end: number,
) => number
