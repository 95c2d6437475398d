import { Builder, embed, encloseInterpreted, type Field, gradient, scalarize } from '@separatrix/field/core'
import type { Interval } from './box.js'
import type { Readings } from './readings.js'

/**
 * Whether a field vanishes at the origin, exactly: 0 is substituted for the state, and the graph must simplify to the
 * constant 0 by identities of real numbers. Enclosures only serve to show that everything is defined there (so that
 * x − x = 0 may be used) and to refute.
 */
export function vanishesAtOrigin(field: Field, extras: readonly Interval[] = []): 'yes' | 'no' | 'unknown' {
  const n = field.stateSize
  const at0 = (side: 0 | 1) => [...new Float64Array(n), ...extras.map((interval) => interval[side])]
  const [lo, hi] = [new Float64Array(field.outputSize), new Float64Array(field.outputSize)]
  // once only: printing code for it takes longer
  encloseInterpreted(field)(at0(0), at0(1), lo, hi)
  const isDefined = lo.every(Number.isFinite) && hi.every(Number.isFinite)
  if (!isDefined) return 'unknown'
  if (lo.some((v, i) => v > 0 || (hi[i] as number) < 0)) return 'no'
  const b = new Builder({ assumeDefined: true })
  return b.isZero(embed(b, scalarize(field), { state: b.zeros(n) })) ? 'yes' : 'unknown'
}

const toCentre =
  'move the equilibrium to the origin, or to name a point near it: equilibrium: [0, …] (V and domain are then about it)'

/** What keeps the origin from being an equilibrium with V(0) = 0 and ∇V(0) = 0, if anything. */
export function originProblem({
  field: f,
  candidate: V,
  extras,
  equilibrium,
}: Readings):
  | { readonly kind: 'refuted'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string }
  | undefined {
  const conditions = [
    // an enclosed equilibrium has been proved to be one
    ...(equilibrium === undefined ? [['f(0) = 0', f, toCentre] as const] : []),
    ['V(0) = 0', V, 'subtract V(0) symbolically, as in φ(x) − φ(0)'],
    ['∇V(0) = 0', gradient(V), 'a candidate that is flat at the origin'],
  ] as const
  for (const [claim, field, remedy] of conditions) {
    const answer = vanishesAtOrigin(field, field === f ? extras : [])
    if (answer === 'no') return { kind: 'refuted', reason: `${claim} is false; try to ${remedy}` }
    if (answer === 'unknown')
      return {
        kind: 'unknown',
        reason: `${claim} could not be shown exactly by simplification; try to ${remedy}`,
      }
  }
  return undefined
}
