import type { Method } from '../method.js'

/** Continuous extension y(t + θh) = y + h Σᵢ bᵢ(θ) kᵢ with bᵢ(θ) = Σⱼ b[i][j] θ^(j+1). */
export interface DiagonalDense {
  readonly order: number
  readonly b: readonly (readonly number[])[]
}

/** A diagonally implicit Runge–Kutta method with an explicit first stage, as its paper prints it. */
export interface DiagonalOptions {
  readonly name: string
  readonly order: number
  /** order of the embedded solution, or of the method where that is lower */
  readonly errorOrder: number
  readonly c: readonly number[]
  /** lower triangular rows: a[0] = [0], and γ on the diagonal of the others */
  readonly a: readonly (readonly number[])[]
  /** b − b̂: weights of the error estimate; sums to 0 */
  readonly bError: readonly number[]
  /** through the values of the stages unless given, of order 3 at most */
  readonly dense?: DiagonalDense
  readonly source: string
}

export interface DiagonalMethod extends Method, Omit<DiagonalOptions, 'errorOrder' | 'dense'> {
  readonly family: 'diagonallyImplicit'
  readonly errorOrder: number
  /** the last row of a: y¹ is the last stage */
  readonly b: readonly number[]
  readonly gamma: number
  readonly dense: DiagonalDense
}
