import type { EventRecord } from '@separatrix/ode'
import type { NdArray } from 'ndarray'

/** Crossings of events in the order of time, as a loss sees them; also ∂L/∂ of each, when it is written. */
export interface LossCrossings {
  /** when */
  readonly t: Float64Array
  /** [crossings, n]: the state before resets */
  readonly y: NdArray<Float64Array>
  /** [crossings, n]: the state after */
  readonly after: NdArray<Float64Array>
}

/** What a loss may look at beside the outputs. */
export interface LossEvents extends LossCrossings {
  /** which event each crossing is of, and its direction */
  readonly records: readonly EventRecord[]
}

/**
 * A function of a solution's outputs y (NdArray [times, n]): its value, and its gradient ∂L/∂y written to dy,
 * of the same shape and zero when `gradient` is called. Where a solve has events, their times and states may
 * be used as well.
 * @example
 * const last = (y: NdArray) => y.shape[0] - 1
 * const endpoint = { value: (y) => y.get(last(y), 0), gradient: (y, dy) => dy.set(last(y), 0, 1) }
 * const landing = { value: (_y, { t }) => t[0], gradient: (_y, _dy, _events, d) => { d.t[0] = 1 } }
 */
export interface SolutionLoss {
  value(y: NdArray<Float64Array>, events: LossEvents): number
  gradient(
    y: NdArray<Float64Array>,
    dy: NdArray<Float64Array>,
    events: LossEvents,
    devents: LossCrossings,
  ): void
  /** writes ∇²L·dy to `out`, of the shape of y and zero before; for {@link hessianVector} only */
  hessianVector?(y: NdArray<Float64Array>, dy: NdArray<Float64Array>, out: NdArray<Float64Array>): void
}

/** A loss that looks at outputs only, as batches of trajectories have it. */
export interface OutputLoss {
  value(y: NdArray<Float64Array>): number
  gradient(y: NdArray<Float64Array>, dy: NdArray<Float64Array>): void
}
