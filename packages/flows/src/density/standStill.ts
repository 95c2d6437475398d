import { Builder, embed, type Field, makeField } from '@separatrix/field/core'

/** [x; c]′ = [f(t, [x; c]); 0]: a condition of length m travels along with x. */
export function standStill(f: Field, m: number): Field {
  if (m === 0) return f
  const b = new Builder()
  return makeField(b, b.concat([embed(b, f), b.zeros(m)]), f)
}
