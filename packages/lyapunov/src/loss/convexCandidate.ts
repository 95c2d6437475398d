import {
  Builder,
  embed,
  expectField,
  type Field,
  gradient,
  makeField,
  misuse,
  show,
} from '@separatrix/field/core'

/**
 * A candidate from a convex function g: V(x) = g(x) − g(0) − ∇g(0)·x + ε|x|², which is convex, 0 at 0 and at least
 * ε|x|² whatever θ, hence radially unbounded, with connected sublevel sets; smooth where g is. (Bregman's divergence from
 * 0; compare Kolter & Manek, "Learning stable deep dynamics models", NeurIPS 2019, eq. 11, who clip instead.) g is
 * {@link convexNetwork}, or anything convex: nothing checks that it is.
 * @example
 * convexCandidate(convexNetwork({ widths: [2, 16, 16, 1], activation: 'softplus', seed: 0 }), { epsilon: 1e-3 })
 */
export function convexCandidate(
  g: Field,
  { epsilon, name = 'V' }: { readonly epsilon: number; readonly name?: string },
): Field {
  const where = 'convexCandidate'
  expectField(where, g)
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw misuse({ where, expected: 'ε > 0', got: show(epsilon), try: 'epsilon: 1e-3' })
  if (g.outputSize !== 1 || g.inputSize > 0)
    throw misuse({
      where,
      expected: 'a scalar field without inputs',
      got: `length ${g.outputSize}, ${g.inputSize} inputs`,
      try: "convexNetwork({ widths: [2, 16, 1], activation: 'softplus', seed: 0 })",
      code: 'wrong-dimension',
    })
  const b = new Builder()
  const x = b.leaf('state', g.stateSize)
  const origin = { state: b.zeros(g.stateSize) }
  const tangent = b.dot(embed(b, gradient(g), origin), x)
  const rise = b.sub(b.sub(embed(b, g), embed(b, g, origin)), tangent)
  return makeField(b, b.add(rise, b.mul(b.constant(epsilon), b.dot(x, x))), { ...g, name })
}
