import type { Interval } from './box.js'
import type { Uncertain } from './uncertainty.js'

/** What a certificate claims; `statement` says it in words. */
export interface Claim {
  readonly property:
    | 'region-of-attraction'
    | 'stability'
    | 'reach-avoid-stay'
    | 'invariant-set'
    | 'invariant-polytope'
    | 'global-asymptotic-stability'
  /** Ω = {x in domain: V(x) ≤ level}, or {B(x) ≥ 0} for an invariant set (level 0); a global claim has level 0 and no domain */
  readonly level: number
  readonly domain: readonly Interval[]
  /** κ: V(x(t)) ≤ e^(−κt) V(x(0)) holds as well */
  readonly rate?: number
  /** of an invariant polytope {x in domain: A(x) ≤ 0}: the rows of A that are equalities, A being the candidate */
  readonly equalities?: readonly number[]
  /** of reaching, avoiding and staying: the level of V below which solutions come, and the boxes that the claim names */
  readonly inner?: number
  readonly initial?: readonly Interval[]
  readonly goal?: readonly Interval[]
  readonly avoid?: readonly (readonly Interval[])[]
  /** claims about the map x⁺ = f(x); without it, about x' = f(x) */
  readonly time?: 'discrete'
  /** a box with exactly one equilibrium x*; the state, the domain and V then stand for the deviation from it */
  readonly equilibrium?: readonly Interval[]
  /** quantities for all values of which the claim holds: inputs of `system`, in this order */
  readonly uncertain?: readonly Uncertain[]
  readonly statement: string
}
