/**
 * erf(x) to some 1e-15: its series Σ 2ᵏx^{2k+1}/(2k + 1)!! · 2e^{−x²}/√π, whose terms have one sign, up to
 * |x| = 3, and beyond the continued fraction of erfc. Abramowitz & Stegun 7.1.6 and 7.1.14.
 */
export function errorFunction(x: number): number {
  const z = Math.abs(x)
  if (z > 6) return Math.sign(x)
  const factor = Math.exp(-z * z) / Math.sqrt(Math.PI)
  if (z <= 3) {
    let term = z
    let sum = z
    for (let k = 1; term > 1e-17 * sum; k++) {
      term *= (2 * z * z) / (2 * k + 1)
      sum += term
    }
    return Math.sign(x) * 2 * factor * sum
  }
  // backwards from the 40th fraction, which is more than z = 3 needs
  let tail = z
  for (let k = 40; k > 0; k--) tail = z + k / 2 / tail
  return Math.sign(x) * (1 - factor / tail)
}

/**
 * log I₀(x), x ≥ 0, to some 1e-14: the series Σ (x²/4)ᵏ/k!² below 30, the asymptotic one above, whose terms
 * there fall below 1e-16. Abramowitz & Stegun 9.6.12 and 9.7.1.
 */
export function logBesselI0(x: number): number {
  let [term, sum] = [1, 1]
  if (x < 30) {
    for (let k = 1; term > 1e-17 * sum; k++) {
      term *= (x / (2 * k)) ** 2
      sum += term
    }
    return Math.log(sum)
  }
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (2 * k - 1) ** 2 / (8 * x * k)
    sum += term
  }
  return x - 0.5 * Math.log(2 * Math.PI * x) + Math.log(sum)
}
