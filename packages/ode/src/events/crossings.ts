import type { StepInterpolant } from '../interpolant.js'
import type { Trace } from '../trace.js'
import type { PreparedEvent } from './event.js'
import { isolateRoots } from './isolateRoots.js'
import { refineRoot } from './refineRoot.js'

/** A zero of one event function within a step, at the fraction θ of it. */
export interface Crossing {
  readonly event: number
  readonly theta: number
  readonly direction: 'rising' | 'falling'
}

/**
 * Parts of a step within which crossings count as simultaneous, and after an event its own function is not
 * looked at: far above what rounding moves a root, far below what a tolerance resolves.
 */
export const together = 1e-10

/**
 * All crossings within step i of a trace, in the order of time; simultaneous ones in the order of the list.
 * Events that `fired` where the step begins are not found again there.
 */
export function crossingsOf(
  events: readonly PreparedEvent[],
  trace: Trace,
  i: number,
  polynomial: StepInterpolant,
  fired: readonly number[],
): Crossing[] {
  const y = new Float64Array(trace.size)
  const [t, h] = [trace.t[i] as number, trace.h[i] as number]
  polynomial.load(trace, i)
  const found: Crossing[] = []
  events.forEach(({ value, direction: wanted }, event) => {
    const g = (theta: number) => {
      polynomial.evaluate(theta, y)
      return value(t + theta * h, y)
    }
    for (const { from, to } of isolateRoots(g)) {
      const theta = refineRoot(g, from, to)
      if (theta <= (fired.includes(event) ? together : 0)) continue
      const direction = directionOf(g, from, to)
      if (direction !== undefined && (wanted === undefined || wanted === direction))
        found.push({ event, theta, direction })
    }
  })
  return found.sort((a, b) =>
    Math.abs(a.theta - b.theta) <= together ? a.event - b.event : a.theta - b.theta,
  )
}

/** By the signs at the ends of the root's interval; undefined where the function itself does not cross. */
function directionOf(
  g: (theta: number) => number,
  from: number,
  to: number,
): Crossing['direction'] | undefined {
  const width = from === to ? 1e-6 : 0
  const [start, end] = [g(Math.max(0, from - width)), g(to + width)]
  if (start < end && start <= 0 && end >= 0) return 'rising'
  if (start > end && start >= 0 && end <= 0) return 'falling'
  return undefined
}
