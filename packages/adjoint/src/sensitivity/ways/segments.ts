import type { Tape } from '../steps/tape.js'

/**
 * Some consecutive steps and their states: y holds those at the starts of steps first … last − 1, and the one
 * after. The tape's step 0 is number `base`.
 */
export interface Segment {
  readonly first: number
  readonly last: number
  readonly y: Float64Array
  readonly tape: Tape
  readonly base: number
}

/** Hands out segments from the last step to the first; each is valid until the next is asked for. */
export type Segments = () => Iterable<Segment>

/** The one segment of a solve that kept all states. */
export function wholeTape(tape: Tape, y: Float64Array): Segments {
  return () => [{ first: 0, last: tape.count, y, tape, base: 0 }]
}
