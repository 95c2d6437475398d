import { type Field, misuse, show } from '@separatrix/field/core'
import type { Interval } from './box.js'
import type { Time } from './readings.js'
import type { Uncertainty } from './uncertainty.js'

/** How far a proof has come. */
export interface ProofProgress {
  /** the level of V below which all is proved, where levels are what is sought; 0 elsewhere */
  readonly proved: number
  /** the level that is no more provable, as far as is known */
  readonly refuted: number
  readonly boxes: number
  /** share of the domain, by volume, that needs no more boxes; 1 is not reached where boxes above the level are left */
  readonly settled: number
}

export interface RegionOptions extends Uncertainty {
  /** an autonomous field with its equilibrium at 0, closed but for what `disturbance` bounds */
  readonly field: Field
  /** 'discrete': f is the map x⁺ = f(x), and what must fall is V(f(x)) − V(x) + κV(x) in place of V̇ + κV */
  readonly time?: Time
  /**
   * a point near an equilibrium that is not at 0, or only nearly: exactly one equilibrium x* is proved in a tiny box about
   * it, and V and the domain are then functions of, and bounds for, the deviation x − x*
   */
  readonly equilibrium?: ArrayLike<number>
  /** the candidate, a scalar field of the same state */
  readonly V: Field
  /** a box about the origin: one [lo, hi] per state */
  readonly domain: readonly Interval[]
  /** κ > 0: prove V̇ < −κV instead of V̇ < 0, hence V(x(t)) ≤ e^(−κt) V(x(0)); of a map, κ < 1 and V(x(k)) ≤ (1 − κ)ᵏ V(x(0)) */
  readonly rate?: number
  /** relative width of the bracket at which the search ends; 10⁻³ */
  readonly tolerance?: number
  /** boxes after which it gives up; 2 million */
  readonly maxBoxes?: number
  /** called every thousand boxes or so */
  readonly onProgress?: (progress: ProofProgress) => void
  /** stops the search (onProgress is where a synchronous caller can abort); what was proved until then stays */
  readonly signal?: AbortSignal
  /** when to stop in the same way, by the caller's clock: { now: () => performance.now(), at: performance.now() + 5000 } */
  readonly deadline?: { readonly now: () => number; readonly at: number }
  /**
   * threads that share boxes, the calling one included; 1. Others are started once 0.3 s or so have been spent. What is
   * found does not depend on their number beyond 1. In Node only; not for proofs by quadratic forms, nor of stability
   */
  readonly threads?: number
}

/** Refuses limits that would end a search before it began, or never. */
export function checkLimits(
  where: string,
  { tolerance = 1e-3, maxBoxes = 1 }: Pick<RegionOptions, 'tolerance' | 'maxBoxes'>,
): void {
  if (!(tolerance > 0 && tolerance < 1))
    throw misuse({
      where,
      expected: 'a relative tolerance between 0 and 1',
      got: show(tolerance),
      try: 'tolerance: 1e-3',
    })
  if (!(maxBoxes >= 1))
    throw misuse({ where, expected: 'maxBoxes of at least 1', got: show(maxBoxes), try: 'maxBoxes: 1e6' })
}
