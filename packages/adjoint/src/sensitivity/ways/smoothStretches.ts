import type { Event, Solution, StepObserver } from '@separatrix/ode'
import { type Crossing, crossingsOf } from './crossings.js'
import type { Closing } from './stretches.js'

/** A part of a solve on which the solution is smooth: steps first … last − 1, from a time to a time. */
export interface SmoothStretch {
  readonly first: number
  readonly last: number
  readonly from: number
  /** just before a breakpoint where one ends it */
  readonly to: number
  readonly closing: Closing
  /** whether the state is changed at its end, in a step of its own */
  readonly reset: boolean
}

/** Notes, of all steps, only those that end at a breakpoint or reset the state. */
export interface CutRecord {
  readonly observer: StepObserver
  stretches(
    solution: Solution,
    span: readonly [number, number],
    events: readonly Event[],
  ): { readonly stretches: readonly SmoothStretch[]; readonly crossings: readonly Crossing[] }
}

/** What the ways that solve an adjoint equation need to know of the steps: where the solution is not smooth. */
export function cutRecord(breakpoints: ArrayLike<number> = []): CutRecord {
  const cuts: { readonly step: number; readonly reset: boolean; readonly t: number; readonly end: number }[] =
    []
  const isBreakpoint = (end: number) => {
    for (let k = 0; k < breakpoints.length; k++)
      if (Math.abs(end - breakpoints[k]) <= 2 * Number.EPSILON * Math.abs(breakpoints[k]))
        return breakpoints[k]
    return undefined
  }
  let [count, last] = [0, 0]
  return {
    observer: {
      level: 'steps',
      observe({ trace, count: taken }) {
        for (let i = 0; i < taken; i++, count++) {
          const end = trace.t[i + 1]
          last = end
          const t = breakpoints.length > 0 && trace.h[i] !== 0 ? isBreakpoint(end) : undefined
          if (trace.h[i] === 0) cuts.push({ step: count, reset: true, t: end, end })
          else if (t !== undefined) cuts.push({ step: count, reset: false, t, end })
        }
      },
    },
    stretches(solution, [t0], events) {
      const crossings = crossingsOf(solution, events)
      const acting = crossings.filter(({ acts }) => acts)
      const stretches: SmoothStretch[] = []
      let [first, from, k] = [0, t0, 0]
      for (const { step, reset, t, end: to } of cuts) {
        stretches.push({
          first,
          last: reset ? step : step + 1,
          from,
          to,
          closing: reset ? acting[k++] : 'stop',
          reset,
        })
        first = step + 1
        from = t
      }
      if (first < count)
        stretches.push({ first, last: count, from, to: last, closing: acting[k] ?? 'span', reset: false })
      return { stretches, crossings }
    },
  }
}
