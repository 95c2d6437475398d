import type { Certificate } from '@separatrix/lyapunov'
import type { Property } from './proofJob.js'

/** What became of a proof, whatever its property, and how long it took. */
export interface Outcome {
  readonly kind: 'proved' | 'refuted' | 'unknown'
  /** a region of attraction unless it says otherwise */
  readonly property?: Property
  readonly message: string
  /** the proved level, 0 where nothing was proved or where the property has none */
  readonly level: number
  /** a level above which this V proves nothing more on this domain */
  readonly refuted?: number
  /** κ of V(x(t)) ≤ e^(−κt) V(x(0)), where it was asked for */
  readonly rate?: number | undefined
  readonly limitedBy?: 'decrease' | 'domain'
  /** where V does not decrease, or not at the rate */
  readonly point?: Float64Array
  /** values of what is uncertain at that point, in the order of the claim: disturbances, then parameters */
  readonly uncertain?: Float64Array
  /** where the proof got stuck; sides beyond the states are those of what is uncertain */
  readonly box?: readonly (readonly [number, number])[]
  /** what ended it before its end */
  readonly endedBy?: Ending
  /** share of the domain, by volume, that was settled when it ended early */
  readonly settled?: number
  readonly certificate?: Certificate
  readonly stats: { readonly boxes: number; readonly leaves: number }
  readonly milliseconds: number
}

export type Ending = 'time' | 'boxes' | 'interrupt'
