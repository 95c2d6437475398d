import type { Certificate } from './certificate.js'

/** How much a proof took. */
export interface ProofStats {
  /** boxes evaluated */
  readonly boxes: number
  /** leaves of the bisection */
  readonly leaves: number
  /** threads that evaluated boxes, the calling one included */
  readonly threads?: number
}

/** A point at which the claim fails, replayed in intervals: R (V̇, or V̇ + κV) there lies in `rate`, V in `value`. */
export interface Refutation {
  readonly point: Float64Array
  /** the values of what is uncertain, in the order of the claim */
  readonly uncertain: Float64Array
  readonly value: readonly [number, number]
  readonly rate: readonly [number, number]
}

export interface Proved {
  readonly kind: 'proved'
  readonly message: string
  readonly level: number
  readonly certificate: Certificate
  readonly stats: ProofStats
}

export interface Refuted {
  readonly kind: 'refuted'
  readonly message: string
  readonly reason: string
  readonly point: Float64Array
  /** values of the uncertain quantities at which it fails */
  readonly uncertain?: Float64Array
  readonly value?: readonly [number, number]
  readonly rate?: readonly [number, number]
  readonly stats: ProofStats
}

export interface Unknown {
  readonly kind: 'unknown'
  readonly message: string
  readonly reason: string
  /** where the proof got stuck, if at a place */
  readonly box?: readonly (readonly [number, number])[]
  readonly stats: ProofStats
}

/** The outcome of a proof. Only the code beside this file makes one that says `proved`. */
export type Verdict = Proved | Refuted | Unknown

export function unknown(reason: string, stats: ProofStats, box?: Unknown['box']): Unknown {
  return { kind: 'unknown', reason, message: `unknown: ${reason}`, stats, ...(box && { box }) }
}
