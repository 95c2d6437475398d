/**
 * Polynomials bᵢ(θ) of the nested form in which RODAS prints its continuous extension:
 * y(t + θh) = (1 − θ) y + θ(y¹ + (1 − θ)(Σ h₁ᵢuᵢ + θ(Σ h₂ᵢuᵢ + θ Σ h₃ᵢuᵢ))).
 */
export function nestedRosenbrock(
  m: readonly number[],
  rows: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  return m.map((weight, i) => {
    const terms = rows.map((row) => row[i] ?? 0)
    // θ·mᵢ + Σ_k h_k,i θ^k (1 − θ)
    const polynomial = [weight, ...terms.map(() => 0)]
    terms.forEach((term, k) => {
      polynomial[k] = (polynomial[k] as number) + term
      polynomial[k + 1] = (polynomial[k + 1] as number) - term
    })
    return polynomial
  })
}
