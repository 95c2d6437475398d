import type { Event, Solution } from '@separatrix/ode'

/** A crossing of an event, or several events that act at the same time. */
export interface Crossing {
  readonly t: number
  /** before all resets */
  readonly y: Float64Array
  readonly after: Float64Array
  /** positions in the list of events; the first determines the time, the resets of all are applied in turn */
  readonly events: readonly number[]
  /** its first entry in solution.events */
  readonly record: number
  /** whether it cut a step: by a reset, or as the end of the solve */
  readonly acts: boolean
  /** whether zero is touched and not crossed: its time then has no derivative */
  readonly touches: boolean
}

/** The crossings of a solve, in the order of time. */
export function crossingsOf(
  { events: records, status }: Pick<Solution, 'events' | 'status'>,
  events: readonly Event[],
): Crossing[] {
  const crossings: Crossing[] = []
  const end = status === 'terminated' ? records[records.length - 1].t : undefined
  for (let k = 0; k < records.length; ) {
    const { t, y, after, direction } = records[k]
    const touches = direction === 'touching'
    const same = records.slice(k).filter((r) => r.t === t)
    const acts = t === end || same.some(({ event }) => events[event].reset !== undefined)
    const together = acts ? same : same.slice(0, 1)
    crossings.push({ t, y, after, events: together.map(({ event }) => event), record: k, acts, touches })
    k += together.length
  }
  return crossings
}
