import { Builder, embed, type Field, makeField, vjp } from '@separatrix/field/core'

/**
 * The field and its adjoint as one field: y′ = f, λ′ = −(∂f/∂x)ᵀλ, μ′ = −(∂f/∂θ)ᵀλ, of 2n + p states. Solved
 * backwards from λ = ∂L/∂y(t₁), μ = 0 it ends with λ = ∂L/∂y₀ and μ = ∂L/∂θ (Chen et al., NeurIPS 2018,
 * algorithm 1).
 */
export function adjointField(f: Field): Field {
  const [n, p] = [f.stateSize, f.theta.length]
  const b = new Builder()
  const all = b.leaf('state', 2 * n + p)
  const part = (length: number) =>
    b.gather(
      all,
      Array.from({ length }, (_, i) => i),
    )
  const rate = embed(b, f, { state: part(n) })
  const pulled = embed(b, vjp(f, { wrt: ['state', 'theta'] }), { state: part(2 * n) })
  return makeField(b, b.concat([rate, b.neg(pulled)]), {
    ...f,
    name: `adjoint of ${f.name}`,
    stateNames: [
      ...f.stateNames,
      ...f.stateNames.map((s) => `λ_${s}`),
      ...Array.from({ length: p }, (_, k) => `μ_${k}`),
    ],
  })
}
