import { misuse, show } from '@separatrix/field/core'
import { slot } from './state.js'

/** A time that steps must end at; past a breakpoint the field is evaluated anew. */
export interface Stop {
  readonly t: number
  readonly breakpoint: boolean
}

export interface StopOptions {
  /** times at which the field jumps: a step ends just before each, and the next starts at it */
  readonly breakpoints?: ArrayLike<number>
  /** times that steps must end at exactly, of a smooth field */
  readonly stopAt?: ArrayLike<number>
}

/** All stops, ascending; a time that is in both lists is a breakpoint. */
export function stopsOf({ breakpoints = [], stopAt = [] }: StopOptions): Stop[] {
  if (breakpoints.length + stopAt.length === 0) return []
  const jumps = new Set(finite('breakpoints', breakpoints))
  const others = new Set(finite('stopAt', stopAt).filter((t) => !jumps.has(t)))
  return [...jumps, ...others].sort((a, b) => a - b).map((t) => ({ t, breakpoint: jumps.has(t) }))
}

function finite(name: string, times: ArrayLike<number>): number[] {
  const list = Array.from(times)
  if (list.every(Number.isFinite)) return list
  throw misuse({
    where: `solve(${name})`,
    expected: 'finite times',
    got: show(times),
    try: `${name}: [1, 2]`,
  })
}

/** The first stop beyond the time of a state; undefined for the end of the span. */
export function nextStop(stops: readonly Stop[], R: Float64Array): Stop | undefined {
  if (stops.length === 0) return undefined
  const [time, end] = [R[slot.time] as number, R[slot.end] as number]
  const forwards = (R[slot.direction] as number) > 0
  let [low, high] = [0, stops.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const { t } = stops[middle] as Stop
    if (forwards ? t <= time : t < time) low = middle + 1
    else high = middle
  }
  const stop = stops[forwards ? low : low - 1]
  return stop !== undefined && (end - stop.t) * (forwards ? 1 : -1) > 0 ? stop : undefined
}

/** The double next to t on the side that the integration comes from. */
export function justBefore(t: number, direction: number): number {
  const gap = Math.max(Math.abs(t) * Number.EPSILON, Number.MIN_VALUE)
  return t - direction * gap
}
