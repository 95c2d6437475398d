import { compile, type Field, gradient, jacobian } from '@separatrix/field'

/**
 * The volume of {V ≤ level} for V(x) = xᵀPx: (level)^(n/2)·Ωₙ/√det P, Ωₙ that of the unit ball (Ω₀ = 1, Ω₁ = 2,
 * Ωₙ = Ωₙ₋₂·2π/n). A figure for a report, in floating point.
 */
export function ellipsoidVolume(V: Field, level: number): number {
  const n = V.stateSize
  const hessian = new Float64Array(n * n)
  compile(jacobian(gradient(V)))(0, new Float64Array(n), hessian)
  let volume = 1
  for (let k = n; k > 0; k -= 2) volume *= k === 1 ? 2 : (2 * Math.PI) / k
  // P = H/2; its determinant by elimination
  const m = hessian.map((v) => v / 2)
  for (let k = 0; k < n; k++) {
    const pivot = m[k * n + k]
    volume *= Math.sqrt(level / pivot)
    for (let i = k + 1; i < n; i++) {
      const factor = m[i * n + k] / pivot
      for (let j = k + 1; j < n; j++) m[i * n + j] -= factor * m[k * n + j]
    }
  }
  return volume
}
