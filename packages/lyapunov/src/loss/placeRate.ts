import { type Builder, type Field, type Place, pullback, type Ref } from '@separatrix/field/core'

/** Within a combined graph: V, ∇V·f and the state they share. */
export function placeRate(b: Builder, place: Place, { V, f }: { readonly V: Field; readonly f: Field }) {
  const state: Ref = b.leaf('state', f.stateSize)
  const value = place(V)
  const [slope] = pullback(b, value, b.constant(1), [state])
  return { state, value, rate: b.dot(slope, place(f)) }
}
