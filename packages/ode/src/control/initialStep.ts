import type { Tolerances } from './tolerances.js'

/** What {@link initialStep} starts from. */
export interface Start {
  readonly t: number
  readonly y: Float64Array
  /** f(t, y) */
  readonly derivative: Float64Array
  readonly direction: number
  readonly order: number
  /** largest magnitude allowed */
  readonly bound: number
}

/**
 * A first step from two evaluations: an explicit Euler step of size h₀ ≈ .01 |y|/|f| measures the second
 * derivative, and h solves h^(p+1) max(|f|, |y″|) = .01 (Hairer, Nørsett & Wanner, Solving ODEs I, §II.4,
 * "starting step size"). A trial value that is not finite leaves h₀. Returns a signed step; one evaluation.
 */
export function initialStep(
  f: (t: number, y: Float64Array, dydt: Float64Array) => void,
  { t, y, derivative, direction, order, bound }: Start,
  tolerances: Tolerances,
): number {
  const n = y.length
  const scale = y.map(
    (v, i) => (tolerances.atol[i] as number) + Math.abs(v) * (tolerances.rtol[i] as number) || 1,
  )
  const { weights } = tolerances
  const counted = weights === undefined ? n : weights.reduce((total, w) => total + w, 0)
  // components that do not count for the error do not choose the first step either
  const weigh = (i: number) => (weights === undefined ? 1 : (weights[i] as number))
  const norm = (v: Float64Array) =>
    Math.sqrt(v.reduce((total, c, i) => total + weigh(i) * (c / (scale[i] as number)) ** 2, 0) / counted)
  const [sizeOfY, sizeOfF] = [norm(y), norm(derivative)]
  // a derivative that is not finite gives a small step all the same, which is then rejected for what it is
  const isTelling = sizeOfY >= 1e-5 && sizeOfF >= 1e-5 && sizeOfF < Infinity
  const guess = isTelling ? (0.01 * sizeOfY) / sizeOfF : 1e-6
  const first = Math.min(guess, bound)
  const moved = y.map((v, i) => v + direction * first * (derivative[i] as number))
  const after = new Float64Array(n)
  f(t + direction * first, moved, after)
  const curvature = norm(after.map((v, i) => v - (derivative[i] as number))) / first
  if (!Number.isFinite(curvature)) return direction * first * 0.1
  const steepest = Math.max(sizeOfF, curvature)
  const second = steepest <= 1e-15 ? Math.max(1e-6, first * 1e-3) : (0.01 / steepest) ** (1 / (order + 1))
  return direction * Math.min(100 * first, second, bound)
}
