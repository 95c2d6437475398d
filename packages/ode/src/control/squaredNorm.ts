import type { Tolerances } from './tolerances.js'

/**
 * Square of the norm of scaled errors e_i/(atol_i + rtol_i max(|y_i|, |y¹_i|)): their weighted mean square, the
 * largest, or what a function makes of them. A step is accepted where it is at most 1.
 */
export function squaredNorm(
  { rtol, atol, weights, norm, custom }: Tolerances,
  error: Float64Array,
  y: Float64Array,
  next: Float64Array,
): number {
  if (custom !== undefined) {
    for (let i = 0; i < y.length; i++) {
      const size = Math.max(Math.abs(y[i] as number), Math.abs(next[i] as number))
      custom.scaled[i] = (error[i] as number) / ((atol[i] as number) + (rtol[i] as number) * size)
    }
    return custom.value(custom.scaled) ** 2
  }
  let total = 0
  let count = 0
  for (let i = 0; i < y.length; i++) {
    const weight = weights === undefined ? 1 : (weights[i] as number)
    if (weight === 0) continue
    count += weight
    const size = Math.max(Math.abs(y[i] as number), Math.abs(next[i] as number))
    const r = (error[i] as number) / ((atol[i] as number) + (rtol[i] as number) * size)
    total = norm === 'max' ? Math.max(total, weight * r * r) : total + weight * r * r
  }
  return norm === 'max' ? total : total / count
}
