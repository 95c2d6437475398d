import type { ExplicitMethod } from '@separatrix/ode'

/**
 * All stages that a step and its dense output are made of, as one explicit scheme: kᵢ = f(t + cᵢh, y + h Σⱼ
 * a[i][j] kⱼ), y¹ = y + h Σ bᵢkᵢ, y(t + σh) = y + h Σ wᵢ(σ)kᵢ.
 */
export interface StageTable {
  readonly stages: number
  /** stages that y¹ needs: all of the method's, but for a last one that is f(t + h, y¹) */
  readonly own: number
  readonly c: readonly number[]
  readonly a: readonly (readonly number[])[]
  readonly b: readonly number[]
  /** writes w(σ) */
  weights(sigma: number, out: Float64Array): void
  /** writes w′(σ) */
  slopes(sigma: number, out: Float64Array): void
}

/** The stages of a method, those of its dense output included. */
export function stageTable({ stages, c, a, b, fsal, dense }: ExplicitMethod): StageTable {
  const extra = dense?.c?.length ?? 0
  const polynomials = dense?.b ?? []
  return {
    stages: stages + extra,
    own: fsal ? stages - 1 : stages,
    c: [...c, ...(dense?.c ?? [])],
    a: [...a, ...(dense?.a ?? [])],
    b: [...b, ...Array.from({ length: extra }, () => 0)],
    weights(sigma, out) {
      polynomials.forEach((polynomial, i) => {
        let w = 0
        for (let j = polynomial.length - 1; j >= 0; j--) w = (w + polynomial[j]) * sigma
        out[i] = w
      })
    },
    slopes(sigma, out) {
      polynomials.forEach((polynomial, i) => {
        let w = 0
        for (let j = polynomial.length - 1; j >= 0; j--) w = w * sigma + (j + 1) * polynomial[j]
        out[i] = w
      })
    },
  }
}
