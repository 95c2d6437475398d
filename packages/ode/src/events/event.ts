import { type Field, fieldReadings, isField, misuse, show } from '@separatrix/field/core'
import type { Problem } from '../problem.js'
import { remember } from '../remember.js'

/** A scalar function of time and state whose zeros are of interest. */
export type EventFunction = Field | ((t: number, y: Float64Array) => number)

/** Changes the state at an event: a map of it as a field, or a function that writes in place. */
export type EventReset = Field | ((t: number, y: Float64Array) => void)

/**
 * Something that happens when a function of the state crosses zero, or touches it. Fields share the parameters of
 * the system by name, and are what gradients through events need.
 */
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
  /** changes the state: a bounce, a dose, a switch */
  readonly reset?: EventReset
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
  /** in place */
  readonly reset: ((t: number, y: Float64Array) => void) | undefined
}

export function prepareEvents(events: readonly Event[], problem: Problem): PreparedEvent[] {
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
    return {
      name: name ?? `event ${i}`,
      value: compileEvent(where, when, problem),
      direction,
      touch,
      last,
      reset: reset && compileReset(where, reset, problem),
    }
  })
}

function compileEvent(where: string, when: EventFunction, problem: Problem): PreparedEvent['value'] {
  if (typeof when === 'function') return when
  if (!isField(when) || when.stateSize !== problem.size || when.outputSize !== 1)
    throw misuse({
      where,
      expected: `when: a function (t, y) => number, or a scalar field on ${problem.size} states`,
      got: show(when),
      try: "expression('x - 1', ['x', …])",
      code: 'wrong-dimension',
    })
  const f = compileShared(when, problem)
  const out = new Float64Array(1)
  return (t, y) => {
    f(t, y, out)
    return out[0] as number
  }
}

function compileReset(
  where: string,
  reset: EventReset,
  problem: Problem,
): (t: number, y: Float64Array) => void {
  if (typeof reset === 'function') return reset
  const { size } = problem
  if (!isField(reset) || reset.stateSize !== size || reset.outputSize !== size)
    throw misuse({
      where,
      expected: `reset: a function (t, y) that writes y, or a field from ${size} states to ${size}`,
      got: show(reset),
      try: "system({ state: ['x'], dynamics: { x: '-x' } }), which maps x to −x",
      code: 'wrong-dimension',
    })
  const f = compileShared(reset, problem)
  const after = new Float64Array(size)
  return (t, y) => {
    f(t, y, after)
    y.set(after)
  }
}

/** With the solve's own θ where there is one; compiled once for a field and its event. */
function compileShared(
  guest: Field,
  { field, theta }: Problem,
): (t: number, y: Float64Array, out: Float64Array) => void {
  const compiled = remember(guest, field ?? guest, 'event', () => {
    const { compile, shareTheta } = fieldReadings()
    return compile(field === undefined ? guest : shareTheta(guest, field))
  })
  const parameters = field === undefined ? guest.theta : theta
  return (t, y, out) => void compiled?.(t, y, out, parameters)
}
