import type { Field, Random, ThetaBlock } from '@separatrix/field/core'
import type { Execution } from './execution.js'

/** What a loss gives back after training: at least the trained field. */
export interface Restored {
  readonly field: Field
}

/** Which samples to set aside for validation: a part, chosen by a seed, or data of their own. */
export type Split = { readonly fraction: number; readonly seed: number } | { readonly data: unknown }

/** Where a run is: what chooses the samples of a step. */
export interface Moment {
  /** steps done */
  readonly step: number
  readonly seed: number
}

/** The moment of a loss that is evaluated outside of {@link fit}. */
export const beginning: Moment = { step: 0, seed: 0 }

/**
 * A loss as a value. `bind` compiles it for a field and says which θ it acts on, which may be more than the
 * field's own (a Lyapunov function that is trained along).
 */
export interface Loss<R extends Restored = Restored> {
  readonly name: string
  /**
   * `data` is what {@link fit} was given under that name, for losses that compare with data; `execution` what it
   * was asked to run on, 'js' where nothing is said; `split` asks them to hold out samples.
   */
  bind(field: Field, data?: unknown, execution?: Execution, split?: Split): BoundLoss<R>
}

/** A loss ready to be evaluated. Nothing is allocated by `evaluate` per sample. */
export interface BoundLoss<R extends Restored = Restored> {
  readonly theta: Float64Array
  readonly layout: readonly ThetaBlock[]
  /** what evaluates it; 'js' where it says nothing */
  readonly execution?: Execution
  /**
   * The value at θ, its gradient ∂/∂θ written to `gradient` (length of θ); draws samples from `random`, or chooses
   * them by the moment.
   */
  evaluate(theta: Float64Array, random: Random, gradient: Float64Array, moment?: Moment): number
  /** the loss of the samples held out, without regularisation; losses of data have it */
  validate?(theta: Float64Array): number
  /** why the last value was not finite, where the loss knows */
  reason?(): string | undefined
  /** The fields that θ stands for. */
  restore(theta: Float64Array): R
}
