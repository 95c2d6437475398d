import type { ExplicitMethod } from '@separatrix/ode'

/**
 * All stages that a step and its dense output are made of, as one explicit scheme: kᵢ = f(t + cᵢh, y + h Σⱼ a[i][j] kⱼ),
 * y¹ = y + h Σ bᵢkᵢ, y(t + σh) = y + h Σ wᵢ(σ)kᵢ.
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
}

/**
 * The stages of a method, those of its dense output included. A method without dense output has the cubic Hermite
 * polynomial through both ends and their slopes, whose last stage is f(t + h, y¹).
 */
export function stageTable(method: ExplicitMethod): StageTable {
  return method.dense === undefined ? hermiteTable(method) : denseTable(method, method.dense)
}

function denseTable(
  { stages, c, a, b, fsal }: ExplicitMethod,
  dense: NonNullable<ExplicitMethod['dense']>,
): StageTable {
  const extra = dense.c?.length ?? 0
  return {
    stages: stages + extra,
    own: fsal ? stages - 1 : stages,
    c: [...c, ...(dense.c ?? [])],
    a: [...a, ...(dense.a ?? [])],
    b: [...b, ...Array.from({ length: extra }, () => 0)],
    weights(sigma, out) {
      dense.b.forEach((polynomial, i) => {
        let w = 0
        for (let j = polynomial.length - 1; j >= 0; j--) w = (w + polynomial[j]) * sigma
        out[i] = w
      })
    },
  }
}

function hermiteTable({ stages, c, a, b, fsal }: ExplicitMethod): StageTable {
  const last = fsal ? stages - 1 : stages
  return {
    stages: last + 1,
    own: last,
    c: fsal ? c : [...c, 1],
    a: fsal ? a : [...a, b],
    b: fsal ? b : [...b, 0],
    weights(sigma, out) {
      const rest = 1 - sigma
      const end = sigma * sigma * (1 + 2 * rest)
      for (let i = 0; i <= last; i++) out[i] = end * (b[i] ?? 0)
      out[0] += sigma * rest * rest
      out[last] -= sigma * sigma * rest
    },
  }
}
