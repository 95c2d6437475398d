import { Builder, embed, type Field, makeField, type Ref } from '@separatrix/field/core'
import type { ExplicitMethod } from '@separatrix/ode'

/**
 * One step of an explicit method as a field of y and the step size (its input): [y¹; E; S] with the squared error
 * estimate E = |h Σ b̃ᵢkᵢ|² and the squared stiffness estimate S = |k_a − k_b|²/|g_a − g_b|² of the last two stages at
 * c = 1, whose states g differ by terms of high order (Shampine's estimate, as in DOPRI5). S is 0 where the states
 * coincide.
 */
export function stepField(field: Field, { a, b: weights, bError, c, stages }: ExplicitMethod): Field {
  const n = field.stateSize
  const b = new Builder()
  const [y, t, h] = [b.leaf('state', n), b.leaf('time', 1), b.leaf('input', 1)]
  const number = (v: number) => b.constant(v, true)
  const combine = (row: readonly number[], k: readonly Ref[]) =>
    row.reduce<Ref>((sum, v, j) => (v === 0 ? sum : b.add(sum, b.mul(number(v), k[j]))), b.zeros(n))
  const states: Ref[] = []
  const k: Ref[] = []
  for (let i = 0; i < stages; i++) {
    states.push(b.add(y, b.mul(h, combine(a[i], k))))
    k.push(embed(b, field, { state: states[i], time: b.add(t, b.mul(number(c[i]), h)) }))
  }
  const end = b.add(y, b.mul(h, combine(weights, k)))
  const error = bError === undefined ? b.zeros(n) : b.mul(h, combine(bError, k))
  const [last, other] = stagesAtEnd(c)
  const squared = (x: Ref) => b.dot(x, x)
  const stiffness =
    other === undefined
      ? number(0)
      : ratio(b, squared(b.sub(k[last], k[other])), squared(b.sub(states[last], states[other])))
  return makeField(b, b.concat([end, squared(error), stiffness]), {
    ...field,
    name: `step of ${field.name}`,
    inputNames: ['h'],
  })
}

/** The last two stages at c = 1; the second undefined where there is one only. */
export function stagesAtEnd(c: readonly number[]): readonly [number, number | undefined] {
  const at = c.flatMap((v, i) => (v === 1 ? [i] : []))
  return [at.at(-1) ?? c.length - 1, at.at(-2)]
}

/** x/y for x, y ≥ 0; 0 where y is 0, which makes x 0 too. */
function ratio(b: Builder, x: Ref, y: Ref): Ref {
  return b.div(x, b.add(y, b.sub(b.constant(1), b.unary('step', y))))
}
