import type { ReverseLoop } from './reverseLoop.js'

/**
 * Output times that lie in one step: entries first … last − 1 of all outputs. `positions` are relative, σ =
 * (tₛ − t)/h; `values` holds a vector of the state's length per output, cotangents going back and tangents
 * going forward.
 */
export interface StepOutputs {
  readonly positions: Float64Array
  readonly values: Float64Array
  first: number
  last: number
}

/**
 * The map (y, θ) ↦ (y¹, outputs) of one step as it was taken, differentiated at constant h and σ; θ is
 * followed by a shift of t (see {@link DerivativeFunctions}). Every family of methods has its own; sweeps know
 * only this.
 */
export interface StepDerivative {
  /**
   * Goes to the step from t by h that led from y[at …] to the state after it; later calls refer to it. `end`
   * is t + h as the solver has it: just before a breakpoint, where t + h may round to the far side of the
   * jump.
   */
  enter(t: number, h: number, end: number, y: Float64Array, at: number): void
  /** λ: in ∂L/∂y¹, out ∂L/∂y; adds ∂L/∂θ to μ. */
  pullback(lambda: Float64Array, mu: Float64Array, outputs: StepOutputs): void
  /** dy: in the tangent of y, out that of y¹, along dθ; writes the outputs' tangents. */
  pushforward(dy: Float64Array, dtheta: Float64Array, outputs: StepOutputs): void
  /** the interpolant's derivative in time at t + σh, which moves an output against its step */
  slope(sigma: number, out: Float64Array): void
  /** the same as entering and pulling back steps without outputs one by one, where there is a faster way */
  readonly pullbackSteps?: ReverseLoop
}
