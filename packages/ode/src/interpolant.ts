import type { Problem } from './problem.js'

/** Where accepted steps are read from: a trace, or what a solution has stored. */
export interface Steps {
  readonly t: Float64Array
  readonly h: Float64Array
  readonly y: Float64Array
  /** empty where only t, h and y are known; the stages are then computed again, where the method can */
  readonly stages: Float64Array
}

/**
 * The solution within one step, for most methods a polynomial y(t + θh) = Σ_j q_j θ^j. `load` makes it that of
 * step i of `steps`; afterwards `coefficients` holds q row by row (degree + 1 rows of n), where it is one.
 */
export interface StepInterpolant {
  readonly order: number
  readonly coefficients: Float64Array | undefined
  load(steps: Steps, i: number): void
  /** value at t_i + θ h_i */
  evaluate(theta: number, out: Float64Array): void
}

/** Horner's rule over rows of coefficients. */
export function horner(coefficients: Float64Array, degree: number, theta: number, out: Float64Array): void {
  const n = out.length
  for (let i = 0; i < n; i++) {
    let value = coefficients[degree * n + i] as number
    for (let j = degree - 1; j >= 0; j--) value = value * theta + (coefficients[j * n + i] as number)
    out[i] = value
  }
}

/**
 * Cubic Hermite interpolation from both ends (Hairer, Nørsett & Wanner, Solving ODEs I, (II.6.7)): order 3,
 * two evaluations; what every method without an interpolant of its own falls back on.
 */
export function hermiteInterpolant({ size: n, vectorField, theta: parameters }: Problem): StepInterpolant {
  const q = new Float64Array(4 * n)
  const [y0, y1, f0, f1] = [0, 0, 0, 0].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  return {
    order: 3,
    coefficients: q,
    load(steps, i) {
      const h = steps.h[i] as number
      copy(steps.y, i * n, y0)
      copy(steps.y, (i + 1) * n, y1)
      vectorField(steps.t[i] as number, y0, f0, parameters)
      vectorField(steps.t[i + 1] as number, y1, f1, parameters)
      for (let k = 0; k < n; k++) {
        const [a, b] = [y0[k] as number, y1[k] as number]
        const [da, db] = [h * (f0[k] as number), h * (f1[k] as number)]
        q[k] = a
        q[n + k] = da
        q[2 * n + k] = 3 * (b - a) - 2 * da - db
        q[3 * n + k] = 2 * (a - b) + da + db
      }
    },
    evaluate: (theta, out) => horner(q, 3, theta, out),
  }
}

/** Entries from `offset` on. */
export function copy(from: Float64Array, offset: number, to: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] = from[offset + i] as number
}
