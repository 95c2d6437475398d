import { factorize, solveFactored } from '../implicit/lu.js'

type Matrix = readonly (readonly number[])[]

/**
 * Butcher's coefficients of the collocation method with nodes c: aᵢⱼ = ∫₀^cᵢ ℓⱼ, bⱼ(θ) = ∫₀^θ ℓⱼ, with Lagrange's
 * polynomials ℓⱼ; row j of `dense` holds the coefficients of bⱼ(θ) from θ¹ on, and b = b(1).
 * Source: Hairer, Nørsett & Wanner, Solving ODEs I, theorem II.7.7.
 */
export function collocationTableau(c: readonly number[]): {
  readonly a: Matrix
  readonly b: readonly number[]
  readonly dense: Matrix
} {
  const s = c.length
  const powers = Float64Array.from(
    { length: s * s },
    (_, at) => (c[Math.floor(at / s)] as number) ** (at % s),
  )
  const pivots = new Int32Array(s)
  factorize(powers, s, pivots)
  const dense = c.map((_, j) => {
    // ℓⱼ(cᵢ) = δᵢⱼ
    const coefficients = Float64Array.from({ length: s }, (_, i) => (i === j ? 1 : 0))
    solveFactored(powers, s, pivots, coefficients)
    return Array.from(coefficients, (v, k) => v / (k + 1))
  })
  const at = (theta: number) => dense.map((row) => row.reduce((sum, v, k) => sum + v * theta ** (k + 1), 0))
  return { a: c.map(at), b: at(1), dense }
}
