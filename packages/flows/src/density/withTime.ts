import { Builder, embed, expectField, type Field, makeField, misuse } from '@separatrix/field/core'

/**
 * A field whose last state becomes the time: g(x, t) on Rⁿ⁺¹ → Rⁿ turns into f(t, x) = g([x; t]) on Rⁿ. Flows
 * between distributions need velocities that change with time; networks have none by themselves. With a
 * condition of length m, g([x; c; t]) turns into f(t, [x; c]); with `outputs` it may have another length than n.
 * @example withTime(network({ widths: [3, 64, 2], activation: 'swish', seed: 0 })) // a velocity on the plane
 */
export function withTime(
  g: Field,
  { condition = 0, outputs }: { readonly condition?: number; readonly outputs?: number } = {},
): Field {
  expectField('withTime', g)
  const n = g.stateSize - 1
  if (n < 1 || g.outputSize !== (outputs ?? n - condition))
    throw misuse({
      where: 'withTime',
      expected: condition === 0 ? 'a field from Rⁿ⁺¹ to Rⁿ' : `a field from Rⁿ⁺¹⁺ᵐ to Rⁿ, m = ${condition}`,
      got: `R^${g.stateSize} → R^${g.outputSize}`,
      try: 'network({ widths: [3, 64, 2], … })',
      code: 'wrong-dimension',
    })
  const b = new Builder()
  const output = embed(b, g, { state: b.concat([b.leaf('state', n), b.leaf('time', 1)]) })
  return makeField(b, output, { ...g, stateNames: g.stateNames.slice(0, n) })
}
