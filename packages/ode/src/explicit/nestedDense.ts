/**
 * Polynomials bᵢ(θ) of the nested form in which Dormand, Prince, Shampine and Hairer write interpolants:
 * y(t + θh) = y + θ(F₀ + (1 − θ)(F₁ + θ(F₂ + (1 − θ)(F₃ + …)))), F₀ = y¹ − y, F₁ = hk₁ − F₀,
 * F₂ = F₀ − hk_last − F₁, and further terms h Σ dᵢkᵢ with the given rows.
 * `last` is the (zero-based) stage that is f(t + h, y¹).
 */
export function nestedDense(
  b: readonly number[],
  last: number,
  rows: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  return b.map((weight, i) => {
    const slope = (i === 0 ? 1 : 0) - weight
    const terms = [
      weight,
      slope,
      weight - (i === last ? 1 : 0) - slope,
      ...rows.map((row) => row[i] as number),
    ]
    // term m stands with θ^(⌊m/2⌋+1) (1 − θ)^⌈m/2⌉
    const polynomial = new Array<number>(terms.length).fill(0)
    terms.forEach((term, m) => {
      const power = Math.floor(m / 2)
      alternatingBinomials(Math.ceil(m / 2)).forEach((binomial, j) => {
        polynomial[power + j] = (polynomial[power + j] as number) + term * binomial
      })
    })
    return polynomial
  })
}

/** Coefficients of (1 − θ)ⁿ. */
function alternatingBinomials(n: number): number[] {
  const row = [1]
  for (let k = 1; k <= n; k++) row.push(((row[k - 1] as number) * -(n - k + 1)) / k)
  return row
}
