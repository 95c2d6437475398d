/** The numbers of an explicit Runge–Kutta method. */
export interface StepMethod {
  readonly stages: number
  readonly c: readonly number[]
  readonly a: readonly (readonly number[])[]
  readonly b: readonly number[]
  readonly bError: readonly number[] | undefined
  readonly bErrorLow: readonly number[] | undefined
  readonly errorOrder: number | undefined
  /** the last stage is f(t + h, y¹) */
  readonly fsal: boolean
}

/** The step controller's numbers; see `adaptive` of the solvers. */
export interface StepController {
  readonly beta: readonly [number, number, number]
  readonly alpha: readonly [number, number]
  readonly safety: number
  readonly minFactor: number
  readonly maxFactor: number
  readonly limiter: boolean
}

/** How errors are scaled and made one number. */
export interface StepNorm {
  readonly uniform: boolean
  readonly norm: 'rms' | 'max'
  readonly weights: Float64Array | undefined
}

/** What is printed: steps of given size, or of sizes chosen by their errors. */
export type StepForm =
  | { readonly kind: 'fixed'; readonly stages: number; readonly keepsSlopes: boolean }
  | {
      readonly kind: 'adaptive'
      readonly tolerances: StepNorm
      readonly control: StepController
      readonly keepsSlopes: boolean
    }

/** What all engines of the solvers agree on: where registers stand, what codes mean, and the controller's constants. */
export interface StepConventions {
  readonly slotCount: number
  readonly slot: {
    readonly [K in
      | 'time'
      | 'step'
      | 'stop'
      | 'direction'
      | 'logError1'
      | 'logError2'
      | 'logRatio1'
      | 'logRatio2'
      | 'accepted'
      | 'rejected'
      | 'code'
      | 'streak'
      | 'base'
      | 'index'
      | 'maxSteps'
      | 'minStep'
      | 'maxStep'
      | 'nonFinite']: number
  }
  readonly code: { readonly stop: number; readonly underflow: number; readonly maxSteps: number }
  /** ln x ≈ word · logSlope − logOffset, of the upper word of the double x */
  readonly logSlope: number
  readonly logOffset: number
  readonly largestRejection: number
  readonly smallestLogError: number
  readonly longestStreak: number
}
