import { compile, type Field, misuse, show } from '@separatrix/field/core'

/** A scalar function of time and state whose zeros are of interest. */
export type EventFunction = Field | ((t: number, y: Float64Array) => number)

/** Something that happens when a function of the state crosses zero, or touches it. */
export interface Event {
  readonly name?: string
  readonly when: EventFunction
  /** which crossings count; both unless said, and then a zero that is touched and not crossed counts as well */
  readonly direction?: 'rising' | 'falling'
  /**
   * how close to zero an extremum counts as touching it; unless said, what the tolerances of the steps so far
   * may have moved it by, and with equal steps no more than rounding
   */
  readonly touch?: number
  /** ends the solve: at the first crossing, or at the n-th */
  readonly terminal?: boolean | number
  /** changes the state, in place: a bounce, a dose, a switch */
  readonly reset?: (t: number, y: Float64Array) => void
}

/** How a function meets zero: from below, from above, or it stays on its side. */
export type CrossingDirection = 'rising' | 'falling' | 'touching'

/** A zero that was found. */
export interface EventRecord {
  /** position in the list of events */
  readonly event: number
  readonly name: string
  readonly t: number
  /** the state at the crossing, before any reset */
  readonly y: Float64Array
  /** the state after all resets at this time; the same as y where there are none */
  readonly after: Float64Array
  readonly direction: CrossingDirection
}

/** An event, checked, its function compiled. */
export interface PreparedEvent {
  readonly name: string
  readonly value: (t: number, y: Float64Array) => number
  readonly direction: Event['direction']
  readonly touch: number | undefined
  /** occurrence that ends the solve; Infinity for none */
  readonly last: number
  readonly reset: Event['reset']
}

export function prepareEvents(events: readonly Event[], size: number): PreparedEvent[] {
  return events.map(({ name, when, direction, touch, terminal = false, reset }, i) => {
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
    if (touch !== undefined && !(touch >= 0))
      throw misuse({ where, expected: 'touch ≥ 0', got: show(touch), try: 'touch: 1e-9, or leaving it out' })
    const value = compileEvent(where, when, size)
    return { name: name ?? `event ${i}`, value, direction, touch, last, reset }
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
  const f = compile(when)
  const out = new Float64Array(1)
  return (t, y) => {
    f(t, y, out)
    return out[0] as number
  }
}
