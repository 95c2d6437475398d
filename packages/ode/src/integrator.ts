import { checkOptions, type Field, misuse } from '@separatrix/field/core'
import { type Ending, passage } from './drive.js'
import type { EventRecord } from './events/event.js'
import type { StepInterpolant, Steps } from './interpolant.js'
import { start } from './prepare.js'
import type { VectorFieldFunction } from './problem.js'
import { type StepState, slot, slotCount } from './state.js'
import { highestLevel, makeTrace, type TraceLevel } from './trace.js'
import { type IntegratorOptions, integratorOptionNames, watch, watchedState } from './watch.js'

/** The accepted steps of one call of `advance`; overwritten by the next. */
export interface TakenSteps extends Steps {
  count: number
  /** why it stopped: the number asked for or a time to stop at, the end of the span, an event, or a difficulty */
  reason: 'running' | 'done' | Exclude<Ending, 'success' | 'cancelled'>
  /** what was found in these steps, in the order of time */
  events: readonly EventRecord[]
}

/** Stepping by hand: the state is plain data that belongs to the caller. */
export interface Integrator {
  /** a state at the start of a span, with its first step chosen */
  initialize(y0: ArrayLike<number>, span: readonly [number, number]): StepState
  /** takes up to `count` accepted steps towards the end of the span, changing `state` */
  advance(state: StepState, count: number): Readonly<TakenSteps>
  readonly interpolant: StepInterpolant
}

/**
 * A method bound to a field, to be stepped by hand, paused, copied or moved to another thread. Events are found,
 * and breakpoints met, as by `solve`: steps end at them, so that `advance` may take fewer than were asked for,
 * and a reset is a step of size zero.
 * @example
 * const lorenz = (_t, [x, y, z], d) => { d[0] = 10 * (y - x); d[1] = x * (28 - z) - y; d[2] = x * y - (8 / 3) * z }
 * const run = integrator(lorenz, 3, { method: dopri5, rtol: 1e-8, atol: 1e-10 })
 * const state = run.initialize([1, 0, 0], [0, 1])
 * while (run.advance(state, 100).reason === 'running') timeOf(state)
 * const later = restoreState(saveState(state)) // plain JSON in between
 */
export function integrator(
  target: Field | VectorFieldFunction,
  size: number,
  options: IntegratorOptions,
  { level = 'steps', capacity = 1000 }: { readonly level?: TraceLevel; readonly capacity?: number } = {},
): Integrator {
  checkOptions('integrator', options, integratorOptionNames)
  const { events = [], method } = options
  let found: EventRecord[] = []
  const kept = highestLevel([level, method.recordLevel ?? 'steps'])
  const seen =
    events.length === 0 ? (level === 'none' ? level : kept) : highestLevel([level, method.denseLevel])
  const watched = watch(target, size, options, seen, (event) => void found.push(event))
  const { prepared, guard, stops } = watched
  const { kernel } = prepared
  const trace = makeTrace(size, kernel.stageCount, seen, capacity)
  const run = passage({ kernel, trace, guard, stops })
  const { t, h, y, stages } = trace
  const taken: TakenSteps = { t, h, y, stages, count: 0, reason: 'running', events: found }
  return {
    interpolant: kernel.interpolant(),
    initialize: (y0, span) =>
      start(prepared, Float64Array.from(y0), span, options, watchedState(prepared, events.length, span[0])),
    advance(state, count) {
      if (found.length > 0) taken.events = found = []
      const passed = run(state, Math.min(count, watched.limit))
      taken.count = passed.count
      // only a signal cancels, and there is none here
      taken.reason = passed.ending === 'success' ? 'done' : (passed.ending as TakenSteps['reason'])
      return taken
    },
  }
}

/** The time that a state stands at. */
export const timeOf = (state: StepState): number => state.registers[slot.time] as number

/** A state as JSON; every double survives. */
export interface StateJson {
  readonly registers: readonly (number | string)[]
  readonly y: readonly number[]
  readonly memory: readonly number[]
  readonly events: readonly (number | string)[]
}

const toText = (v: number) => (Number.isFinite(v) ? v : String(v))

/** A state as plain numbers, for a file or a message. */
export function saveState({ registers, y, memory, events }: StepState): StateJson {
  return {
    registers: Array.from(registers, toText),
    y: [...y],
    memory: [...memory],
    events: Array.from(events, toText),
  }
}

/** The state that {@link saveState} wrote; it continues bit for bit. */
export function restoreState(json: StateJson): StepState {
  if (json.registers.length !== slotCount)
    throw misuse({
      where: 'restoreState',
      expected: `${slotCount} registers`,
      got: `${json.registers.length}`,
      try: 'a state written by saveState of the same version',
    })
  return {
    registers: Float64Array.from(json.registers, Number),
    y: Float64Array.from(json.y),
    memory: Float64Array.from(json.memory),
    events: Float64Array.from(json.events, Number),
  }
}
