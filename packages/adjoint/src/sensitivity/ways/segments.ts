import type { Tape } from '../steps/tape.js'

/**
 * States of some consecutive steps: y holds those at the starts of steps first … last − 1, and the one after.
 */
export interface Segment {
  readonly first: number
  readonly last: number
  readonly y: Float64Array
}

/** Hands out segments from the last step to the first; each is valid until the next is asked for. */
export type Segments = () => Iterable<Segment>

/** The one segment of a solve that kept all states. */
export function wholeTape({ count }: Tape, y: Float64Array): Segments {
  return () => [{ first: 0, last: count, y }]
}
