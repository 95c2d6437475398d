import { factorize, solveFactored } from '../implicit/lu.js'

type Matrix = readonly (readonly number[])[]

/**
 * Polynomials bᵢ(θ) of an interpolant through stage values, of order p ≤ 3: b(θ) = Σ_m w_m(θ) a_m with the rows
 * a_m of all stages but the first.
 *
 * A polynomial that takes slopes at the ends (Hermite's) multiplies what y is off by with hλ: on a relaxation
 * to cos t with λ = 10⁴ it misses by 10⁻² where the steps are good to 10⁻⁶. Values of stages do not. The weights
 * are the least ones that meet the order conditions Σbᵢ = θ, Σbᵢcᵢ = θ²/2, Σbᵢcᵢ² = θ³/3 up to p (the other one of
 * order 3 is half of the last, as stages are of order 2 where p is 3: Σaᵢⱼcⱼ = cᵢ²/2), and all of the last stage at
 * θ = 1: w(θ) = Mᵀ(MMᵀ)⁻¹(r(θ) − θᵖr(1)) + θᵖe_s.
 */
export function stageDense(a: Matrix, c: readonly number[], order: 1 | 2 | 3): Matrix {
  const s = c.length
  const times = (row: readonly number[], v: readonly number[]) =>
    row.reduce((sum, x, j) => sum + x * (v[j] as number), 0)
  const rows = a.slice(1)
  const M = Array.from({ length: order }, (_, k) =>
    rows.map((row) =>
      times(
        row,
        c.map((v) => v ** k),
      ),
    ),
  )
  const normal = Float64Array.from(M.flatMap((x) => M.map((y) => times(x, y))))
  const pivots = new Int32Array(order)
  factorize(normal, order, pivots)
  // weights for each power of θ
  const powers = Array.from({ length: order }, (_, k) => {
    const side = Float64Array.from(
      { length: order },
      (_, i) => ((i === k ? 1 : 0) - (k + 1 === order ? 1 : 0)) / (i + 1),
    )
    solveFactored(normal, order, pivots, side)
    return rows.map(
      (_, m) =>
        M.reduce((sum, row, i) => sum + (row[m] as number) * (side[i] as number), 0) +
        (k + 1 === order && m === rows.length - 1 ? 1 : 0),
    )
  })
  return Array.from({ length: s }, (_, i) =>
    powers.map((weights) => weights.reduce((sum, w, m) => sum + w * (rows[m]?.[i] ?? 0), 0)),
  )
}
