import type { Method } from '../method.js'

/**
 * Continuous extension y(t + θh) = y + Σᵢ bᵢ(θ) uᵢ with bᵢ(θ) = Σⱼ b[i][j] θ^(j+1).
 */
export interface RosenbrockDense {
  readonly order: number
  readonly b: readonly (readonly number[])[]
}

/** A Rosenbrock method in the form in which codes print it (Hairer & Wanner, Solving ODEs II, (IV.7.25)). */
export interface RosenbrockOptions {
  readonly name: string
  readonly order: number
  /** order of the embedded solution */
  readonly errorOrder: number
  /** the diagonal γ */
  readonly gamma: number
  /** αᵢ: stage i looks at f at t + αᵢh */
  readonly alpha: readonly number[]
  /** γᵢ = Σⱼ γᵢⱼ: weights of ∂f/∂t */
  readonly gammas: readonly number[]
  /** strictly lower triangular rows */
  readonly a: readonly (readonly number[])[]
  readonly c: readonly (readonly number[])[]
  readonly m: readonly number[]
  /** m − m̂: weights of the error estimate */
  readonly mError: readonly number[]
  readonly dense: RosenbrockDense
  readonly source: string
}

export interface RosenbrockMethod extends Method, Omit<RosenbrockOptions, 'errorOrder'> {
  readonly family: 'rosenbrock'
  readonly errorOrder: number
  /** the last stage looks at f(t + h, y¹), where the next step starts */
  readonly fsal: boolean
}

/** α, Γ and b of k_i = f(y + h Σ αᵢⱼkⱼ) + hJ Σ γᵢⱼkⱼ, y¹ = y + h Σ bᵢkᵢ. */
export interface StandardForm {
  readonly alpha: readonly (readonly number[])[]
  readonly gamma: readonly (readonly number[])[]
  readonly b: readonly number[]
  readonly bError: readonly number[]
}

/** Undoes uᵢ = h Σ γᵢⱼkⱼ: Γ = (I/γ − C)⁻¹, α = aΓ, b = mΓ. */
export function standardForm({ gamma, a, c, m, mError }: RosenbrockOptions): StandardForm {
  const s = m.length
  const at = (row: readonly number[] | undefined, j: number) => row?.[j] ?? 0
  // column by column: (I/γ − C) Γ = I by forward substitution
  const rows = m.map(() => new Array<number>(s).fill(0))
  for (let j = 0; j < s; j++)
    for (let i = j; i < s; i++) {
      let sum = i === j ? 1 : 0
      for (let k = j; k < i; k++) sum += at(c[i], k) * at(rows[k], j)
      ;(rows[i] as number[])[j] = gamma * sum
    }
  const times = (row: readonly number[]) =>
    rows.map((_, j) => row.reduce((sum, v, k) => sum + v * at(rows[k], j), 0))
  return { alpha: a.map(times), gamma: rows, b: times(m), bError: times(mError) }
}
