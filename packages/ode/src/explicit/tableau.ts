import type { Method } from '../method.js'

/**
 * Continuous extension y(t + θh) = y + h Σᵢ bᵢ(θ) kᵢ with bᵢ(θ) = Σⱼ b[i][j] θ^(j+1). `c` and `a` give stages
 * beyond the method's own, computed only where somebody looks into the step.
 */
export interface DenseOutput {
  readonly order: number
  readonly b: readonly (readonly number[])[]
  readonly c?: readonly number[]
  readonly a?: readonly (readonly number[])[]
}

/** An explicit Runge–Kutta method as its paper prints it. */
export interface TableauOptions {
  readonly name: string
  readonly order: number
  /** order of the embedded solution, where there is one */
  readonly errorOrder?: number
  readonly c: readonly number[]
  /** strictly lower triangular rows: a[i] has i entries */
  readonly a: readonly (readonly number[])[]
  readonly b: readonly number[]
  /** b − b̂: weights of the error estimate; sums to 0 */
  readonly bError?: readonly number[]
  /** a second estimate of lower order, combined as in DOP853: e = e₅²/√(e₅² + .01 e₃²) */
  readonly bErrorLow?: readonly number[]
  readonly dense?: DenseOutput
  readonly source: string
}

export interface ExplicitMethod extends Method {
  readonly family: 'explicit'
  readonly stages: number
  readonly c: readonly number[]
  readonly a: readonly (readonly number[])[]
  readonly b: readonly number[]
  readonly bError: readonly number[] | undefined
  readonly bErrorLow: readonly number[] | undefined
  readonly dense: DenseOutput | undefined
  /** first same as last: the last stage is f(t + h, y¹) */
  readonly fsal: boolean
}
