import { type Field, fieldReadings, misuse, show } from '@separatrix/field/core'

/** A scalar function of time and state whose zeros are of interest. */
export type EventFunction = Field | ((t: number, y: Float64Array) => number)

/** Something that happens when a function of the state crosses zero. */
export interface Event {
  readonly name?: string
  readonly when: EventFunction
  /** which crossings count; both unless said */
  readonly direction?: 'rising' | 'falling'
  /** ends the solve: at the first crossing, or at the n-th */
  readonly terminal?: boolean | number
  /** changes the state, in place: a bounce, a dose, a switch */
  readonly reset?: (t: number, y: Float64Array) => void
}

/** A crossing that was found. */
export interface EventRecord {
  /** position in the list of events */
  readonly event: number
  readonly name: string
  readonly t: number
  /** the state at the crossing, before any reset */
  readonly y: Float64Array
  /** the state after all resets at this time; the same as y where there are none */
  readonly after: Float64Array
  readonly direction: 'rising' | 'falling'
}

/** An event, checked, its function compiled. */
export interface PreparedEvent {
  readonly name: string
  readonly value: (t: number, y: Float64Array) => number
  readonly direction: Event['direction']
  /** occurrence that ends the solve; Infinity for none */
  readonly last: number
  readonly reset: Event['reset']
}

export function prepareEvents(events: readonly Event[], size: number): PreparedEvent[] {
  return events.map(({ name, when, direction, terminal = false, reset }, i) => {
    const where = `solve(events[${i}])`
    const last = terminal === true ? 1 : terminal === false ? Number.POSITIVE_INFINITY : terminal
    if (!(last >= 1) || (Number.isFinite(last) && !Number.isInteger(last)))
      throw misuse({
        where,
        expected: 'terminal: true, false or a count',
        got: show(terminal),
        try: 'terminal: 3',
      })
    if (direction !== undefined && direction !== 'rising' && direction !== 'falling')
      throw misuse({
        where,
        expected: "'rising' or 'falling'",
        got: show(direction),
        try: 'leaving direction out',
      })
    return { name: name ?? `event ${i}`, value: compileEvent(where, when, size), direction, last, reset }
  })
}

function compileEvent(where: string, when: EventFunction, size: number): PreparedEvent['value'] {
  if (typeof when === 'function') return when
  if (when?.stateSize !== size || when.outputSize !== 1)
    throw misuse({
      where,
      expected: `when: a function (t, y) => number, or a scalar field on ${size} states`,
      got: show(when),
      try: "expression('x - 1', ['x', …])",
      code: 'wrong-dimension',
    })
  const f = fieldReadings().compile(when)
  const out = new Float64Array(1)
  return (t, y) => {
    f(t, y, out)
    return out[0] as number
  }
}
