import type { Field, Random, ThetaBlock } from '@separatrix/field/core'
import type { Execution } from './execution.js'

/** What a loss gives back after training: at least the trained field. */
export interface Restored {
  readonly field: Field
}

/**
 * A loss as a value. `bind` compiles it for a field and says which θ it acts on, which may be more than the
 * field's own (a Lyapunov function that is trained along).
 */
export interface Loss<R extends Restored = Restored> {
  readonly name: string
  /**
   * `data` is what {@link fit} was given under that name, for losses that compare with data; `execution` what it
   * was asked to run on, 'js' where nothing is said.
   */
  bind(field: Field, data?: unknown, execution?: Execution): BoundLoss<R>
}

/** A loss ready to be evaluated. Nothing is allocated by `evaluate` per sample. */
export interface BoundLoss<R extends Restored = Restored> {
  readonly theta: Float64Array
  readonly layout: readonly ThetaBlock[]
  /** what evaluates it; 'js' where it says nothing */
  readonly execution?: Execution
  /** The value at θ, its gradient ∂/∂θ written to `gradient` (length of θ); draws samples from `random`. */
  evaluate(theta: Float64Array, random: Random, gradient: Float64Array): number
  /** why the last value was not finite, where the loss knows */
  reason?(): string | undefined
  /** The fields that θ stands for. */
  restore(theta: Float64Array): R
}
