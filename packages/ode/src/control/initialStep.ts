import type { Problem } from '../problem.js'
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
  { vectorField, theta }: Problem,
  { t, y, derivative, direction, order, bound }: Start,
  { rtol, atol, weights }: Tolerances,
): number {
  const n = y.length
  const scale = new Float64Array(n)
  for (let i = 0; i < n; i++)
    scale[i] = (atol[i] as number) + Math.abs(y[i] as number) * (rtol[i] as number) || 1
  const sizeOfY = scaledNorm(y, scale, weights)
  const sizeOfF = scaledNorm(derivative, scale, weights)
  // a derivative that is not finite gives a small step all the same, which is then rejected for what it is
  const isTelling = sizeOfY >= 1e-5 && sizeOfF >= 1e-5 && sizeOfF < Infinity
  const guess = isTelling ? (0.01 * sizeOfY) / sizeOfF : 1e-6
  const first = Math.min(guess, bound)
  const moved = new Float64Array(n)
  for (let i = 0; i < n; i++) moved[i] = (y[i] as number) + direction * first * (derivative[i] as number)
  const after = new Float64Array(n)
  vectorField(t + direction * first, moved, after, theta)
  for (let i = 0; i < n; i++) after[i] = (after[i] as number) - (derivative[i] as number)
  const curvature = scaledNorm(after, scale, weights) / first
  if (!Number.isFinite(curvature)) return direction * first * 0.1
  const steepest = Math.max(sizeOfF, curvature)
  const second = steepest <= 1e-15 ? Math.max(1e-6, first * 1e-3) : (0.01 / steepest) ** (1 / (order + 1))
  return direction * Math.min(100 * first, second, bound)
}

/** Root mean square; components that do not count for the error do not choose the first step either. */
function scaledNorm(v: Float64Array, scale: Float64Array, weights: Float64Array | undefined): number {
  let [total, count] = [0, 0]
  for (let i = 0; i < v.length; i++) {
    const weight = weights?.[i] ?? 1
    total += weight * ((v[i] as number) / (scale[i] as number)) ** 2
    count += weight
  }
  return Math.sqrt(total / count)
}
