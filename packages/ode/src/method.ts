import type { StepControl } from './control/adaptive.js'
import type { Tolerances } from './control/tolerances.js'
import type { StepInterpolant } from './interpolant.js'
import type { Problem } from './problem.js'
import type { StepState } from './state.js'
import type { Trace, TraceLevel } from './trace.js'

/**
 * How the loop was realised: `fused`: field, stages, error and step control in one generated function;
 * `specialised`: generated for one method and one function, which it calls; `vectors`: WebAssembly for one method
 * and one large field, loops along the state on 128-bit vectors; `loops`: plain loops.
 */
export type ExecutionPath = 'fused' | 'specialised' | 'vectors' | 'loops'

/** Step sizes: all equal, or chosen so that the error estimate meets tolerances. */
export type Stepping =
  | { readonly kind: 'fixed' }
  | {
      readonly kind: 'adaptive'
      readonly tolerances: Tolerances
      readonly control: StepControl
    }

/** What a kernel is made for. */
export interface KernelSettings {
  readonly stepping: Stepping
  readonly trace: TraceLevel
}

/** What each of two methods did that a solve changed between. */
export interface Shares {
  /** accepted steps of each by name */
  readonly shares: Readonly<Record<string, number>>
  /** how often it changed */
  readonly switches: number
}

/** A method bound to a problem: the loop over steps, and the polynomial through each. */
export interface Kernel {
  readonly path: ExecutionPath
  readonly stageCount: number
  readonly memorySize: number
  /**
   * Takes up to `limit` accepted steps towards the stop time, writing them to the trace; returns how many
   * and leaves the reason in the state's registers. Allocates nothing.
   */
  advance(state: StepState, trace: Trace, limit: number): number
  interpolant(): StepInterpolant
  /** of a method that changes between two: what each did */
  shares?(state: StepState): Shares
}

/**
 * A method of integration as a value. Its family's engine turns it and a problem into a {@link Kernel};
 * everything that drives, observes or differentiates a solve knows methods through this interface only.
 */
export interface Method {
  readonly name: string
  readonly family: string
  readonly order: number
  /** order of the embedded error estimate; undefined where there is none, so that the step is fixed */
  readonly errorOrder: number | undefined
  readonly source: string
  /** the trace level from which the interpolant works without evaluating the field again */
  readonly denseLevel: TraceLevel
  /** what a record must keep for dense output; 'stages' where they cannot be computed again; 'steps' unless said */
  readonly recordLevel?: TraceLevel
  kernel(problem: Problem, settings: KernelSettings): Kernel
}
