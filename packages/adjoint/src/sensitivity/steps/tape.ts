/**
 * The accepted steps of a solve: step i leads from t[i] to end[i] with step size h[i]. The end is the start
 * of the next step, but at a breakpoint, which the step ends just before.
 */
export interface Tape {
  readonly count: number
  /** count + 1 times */
  readonly t: Float64Array
  readonly end: Float64Array
  readonly h: Float64Array
}
