import { combine, expectField, type Field, misuse, projectOntoSimplex, show } from '@separatrix/field/core'

/**
 * The field nearest to f that keeps the simplex {η ≥ 0, Σηᵢ = 1} of its first n states, n its outputs: v = argmin |v − f|²
 * subject to Σvᵢ = 0 and the barrier conditions vᵢ ≥ −αηᵢ. With w = v + αη it is the projection of f + αη onto
 * {w ≥ 0, Σw = α} ({@link projectOntoSimplex}), so that the solution of the quadratic program, and its derivative by the
 * conditions of Karush, Kuhn and Tucker, are a graph. Further states (an image, a parameter) are read by f and stay. Off
 * the simplex Σηᵢ − 1 decays at the rate α. Huang et al., "FI-ODE", 2023, section 4.1, with a linear barrier.
 * @example
 * const f = system({ state: ['a', 'b', 'c'], dynamics: { a: '1 + b', b: '-2', c: 'a' } })
 * interpret(keepOnSimplex(f, { alpha: 2 }), 0, [0.5, 0.5, 0]) // sums to 0, the third entry is not negative
 */
export function keepOnSimplex(f: Field, { alpha }: { readonly alpha: number }): Field {
  const where = 'keepOnSimplex'
  expectField(where, f)
  const n = f.outputSize
  if (n > f.stateSize || n < 2)
    throw misuse({
      where,
      expected: 'two or more rates, of the first states',
      got: `${n} outputs of ${f.stateSize} states`,
      try: 'a field of [η; x] with one output per entry of η',
      code: 'wrong-dimension',
    })
  if (!(alpha > 0 && Number.isFinite(alpha)))
    throw misuse({ where, expected: 'α > 0', got: show(alpha), try: 'alpha: 4' })
  return combine(
    [f],
    (b, place) => {
      const state = b.leaf('state', f.stateSize)
      const eta = b.gather(
        state,
        Array.from({ length: n }, (_, i) => i),
      )
      const floor = b.mul(b.constant(alpha), eta)
      return b.sub(projectOntoSimplex(b, b.add(place(f), floor), alpha), floor)
    },
    `${f.name} on the simplex`,
  )
}
