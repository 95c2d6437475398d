/** Coefficients of the stability polynomial R(z) = 1 + Σ_k z^k bᵀA^(k−1)1. */
export function stabilityPolynomial(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const coefficients = [1]
  let powers = b.map(() => 1)
  for (let k = 1; k <= b.length; k++) {
    const current = powers
    coefficients.push(b.reduce((sum, v, i) => sum + v * (current[i] as number), 0))
    powers = a.map((row) => row.reduce((sum, v, j) => sum + v * (current[j] as number), 0))
  }
  return coefficients
}

/** |R(x + iy)|. */
function modulus(R: readonly number[], x: number, y: number): number {
  let [re, im] = [0, 0]
  for (let k = R.length - 1; k >= 0; k--) [re, im] = [re * x - im * y + (R[k] as number), re * y + im * x]
  return Math.hypot(re, im)
}

/** Rounding of a polynomial of a dozen terms, and what a tangential touch of the circle may exceed it by. */
const slack = 1e-9

/** How far the negative real and the imaginary axis stay in |R| ≤ 1, from the origin on; to .001 (at most 100). */
export function stabilityIntervals(R: readonly number[]): {
  readonly real: number
  readonly imaginary: number
} {
  const reach = (at: (s: number) => number) => {
    let s = 0
    while (s < 100 && at(s + 1e-3) <= 1 + slack) s += 1e-3
    return Number(s.toFixed(3))
  }
  return { real: reach((s) => modulus(R, -s, 0)), imaginary: reach((s) => modulus(R, 0, s)) }
}
