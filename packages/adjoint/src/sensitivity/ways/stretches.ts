import type { Solution, SolveOptions } from '@separatrix/ode'
import type { Tape } from '../steps/tape.js'
import { type Crossing, crossingsOf } from './crossings.js'

/** How a step ends that is not as long as it would be: at t₁, at a time given beforehand, or at an event. */
export type Closing = 'span' | 'stop' | Crossing

/**
 * The steps of a tape in stretches: steps of constant size, the last of which, the closing one, is as long as
 * is needed to arrive. So when the start of a stretch moves, all its steps do, and its closing step gives.
 */
export interface Stretches {
  /** closing steps, ascending */
  readonly closing: readonly (readonly [step: number, how: Closing])[]
  /** all crossings, in the order of time */
  readonly crossings: readonly Crossing[]
}

/** Finds where the steps of a solve were cut. A jump is a step of size zero. */
export function findStretches(
  { count, t, h }: Tape,
  solution: Solution,
  { breakpoints = [], stopAt = [], events = [] }: SolveOptions,
): Stretches {
  const crossings = crossingsOf(solution, events)
  const acting = crossings.filter(({ acts }) => acts)
  const stops = new Set([...Array.from(breakpoints), ...Array.from(stopAt)])
  const closing: [number, Closing][] = []
  let k = 0
  for (let i = 0; i < count; i++) {
    if (h[i] === 0) continue
    if (i + 1 < count && h[i + 1] === 0) closing.push([i, acting[k++]])
    else if (i === count - 1) closing.push([i, acting[k] ?? 'span'])
    else if (stops.has(t[i + 1])) closing.push([i, 'stop'])
  }
  return { closing, crossings }
}
