import type { Field, GpuDevice } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { EnsemblePlan } from './plan.js'
import type { Recorder } from './recorder.js'

/** What one way of stepping does between two kept times. */
export interface GpuRun {
  readonly plan: EnsemblePlan
  /** the plan's field; where each trajectory has its own θ, that is further states */
  readonly field: Field
  readonly method: ExplicitMethod
  readonly device: GpuDevice
  readonly recorder: Recorder
  readonly signal: AbortSignal | undefined
  /** states, and parameters of each trajectory */
  readonly rows: readonly Float32Array[]
}

/** Moves the rows from one time to the next; failures go to the recorder. */
export type GpuAdvance = (from: number, to: number) => Promise<void>
