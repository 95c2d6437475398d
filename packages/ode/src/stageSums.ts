/** out = base + Σ_j weights[offset + j] stages[j], for j below `count`. */
export function addStages(
  out: Float64Array,
  base: Float64Array,
  weights: Float64Array,
  offset: number,
  stages: readonly Float64Array[],
  count: number,
): void {
  const n = out.length
  for (let i = 0; i < n; i++) out[i] = base[i] as number
  for (let j = 0; j < count; j++) {
    const weight = weights[offset + j] as number
    if (weight === 0) continue
    const stage = stages[j] as Float64Array
    for (let i = 0; i < n; i++) out[i] = (out[i] as number) + weight * (stage[i] as number)
  }
}

/**
 * Coefficients 1 … degree of y(t + θh) = y + Σᵢ bᵢ(θ) zᵢ into `out`, where row i of `polynomials` holds the
 * `degree` coefficients of bᵢ.
 */
export function writeStagePolynomial(
  polynomials: Float64Array,
  degree: number,
  stages: readonly Float64Array[],
  out: Float64Array,
  offset: number,
): void {
  const n = (stages[0] as Float64Array).length
  out.fill(0, offset, offset + degree * n)
  for (let j = 0; j < stages.length; j++) {
    const stage = stages[j] as Float64Array
    for (let k = 0; k < degree; k++) {
      const weight = polynomials[j * degree + k] as number
      const at = offset + k * n
      if (weight !== 0)
        for (let i = 0; i < n; i++) out[at + i] = (out[at + i] as number) + weight * (stage[i] as number)
    }
  }
}
