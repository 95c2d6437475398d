import type { GpuMode } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import type { Ending } from '../drive.js'
import type { Event } from '../events/event.js'
import type { StepOptions } from '../prepare.js'
import type { ThreadPool } from './threadPool.js'

export type EnsembleBackend = 'js' | 'wasm' | 'threads' | 'gpu'

/** Rows of numbers, one for each trajectory. */
export type Rows = NdArray | readonly ArrayLike<number>[]

/** All trajectories at one time: entry k of trajectory i is `columns[k][i]`; NaN where it failed before. */
export interface Snapshot {
  readonly t: number
  readonly columns: readonly (Float64Array | Float32Array)[]
}

/** Makes something small of a snapshot; the columns are views that change afterwards. */
export type Reduction<R> = (snapshot: Snapshot) => R

export interface EnsembleOptions<R = never>
  extends Omit<StepOptions, 'theta' | 'weights' | 'minStep' | 'maxStep' | 'firstStep'> {
  /**
   * 'js': the loop of `solve`, one trajectory after another; 'wasm': vectors of 2 doubles or 4 singles; 'threads':
   * the same on worker threads; 'gpu': gpu.js (an optional peer, `npm install gpu.js`) in single precision, one thread
   * a trajectory and component; 'auto': the cheapest of the first three by {@link estimateCosts}, and in `reason` why
   */
  readonly backend: EnsembleBackend | 'auto'
  /** default 'double', on 'gpu' 'single'; 'single' is about twice as fast and good to some 1e-6 a unit of time */
  readonly precision?: 'double' | 'single'
  /** times to keep, in order; every one ends a step. Default 'end' */
  readonly saveAt?: ArrayLike<number> | 'end'
  /** parameters in place of the field's own: [p], or one row for each trajectory [batch, p] */
  readonly theta?: ArrayLike<number> | Rows
  /** called at every time of `saveAt`, instead of keeping all states */
  readonly reduce?: Reduction<R>
  /**
   * zeros of functions of the state, as in `solve`, with resets and ends; on 'js' only. A trajectory that one of them
   * ended keeps its last state
   */
  readonly events?: readonly Event[]
  /** number of worker threads, or a pool that is kept; default one for each processor */
  readonly threads?: number | ThreadPool
  /** which of gpu.js's devices, for 'gpu'; default the best that is there */
  readonly device?: GpuMode
  readonly signal?: AbortSignal
}

export type EnsembleStatus = Extract<
  Ending,
  | 'success'
  | 'terminated'
  | 'zeno'
  | 'sliding'
  | 'step-underflow'
  | 'max-steps'
  | 'non-finite'
  | 'newton-failed'
  | 'cancelled'
>

/** What an ensemble met of one event. */
export interface EventSummary {
  readonly name: string
  /** time of the first crossing of each trajectory, NaN where there was none */
  readonly first: Float64Array
  /** crossings of each trajectory */
  readonly count: Float64Array
}

export interface EnsembleSolution<R = never> {
  /** the times of `saveAt`, or the end */
  readonly t: Float64Array
  /** [times, batch, n]; with `reduce` [1, batch, n], the last states only. NaN after a trajectory failed */
  readonly y: NdArray<Float64Array>
  /** what `reduce` returned, for each time */
  readonly reduced: readonly R[]
  /** how each trajectory ended */
  readonly status: readonly EnsembleStatus[]
  /** how many ended how, in words */
  readonly message: string
  /** accepted and rejected steps of each trajectory */
  readonly accepted: Float64Array
  readonly rejected: Float64Array
  /** one for each of `events` */
  readonly events: readonly EventSummary[]
  /** what really ran */
  readonly backend: EnsembleBackend
  readonly device: string
  readonly precision: 'double' | 'single'
  /** why 'auto' chose as it did; empty when the caller chose */
  readonly reason: string
}
