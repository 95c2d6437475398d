import type { Field, OptionNames } from '@separatrix/field/core'
import type { Guard } from './drive.js'
import { type Event, type EventRecord, prepareEvents } from './events/event.js'
import { eventGuard } from './events/eventGuard.js'
import { memoryWidth, startMemory } from './events/eventMemory.js'
import type { StepInterpolant } from './interpolant.js'
import { type Prepared, prepare, type StepOptions, stepOptionNames } from './prepare.js'
import type { VectorFieldFunction } from './problem.js'
import { makeState, type StepState } from './state.js'
import { type Stop, type StopOptions, stopsOf } from './stops.js'
import type { TraceLevel } from './trace.js'

/** What steps are taken, and what happens on the way. */
export interface IntegratorOptions extends StepOptions, StopOptions {
  /** zeros to find, to stop at, or to change the state at; see {@link Event} */
  readonly events?: readonly Event[]
}

export const integratorOptionNames: OptionNames<IntegratorOptions> = {
  ...stepOptionNames,
  events: true,
  breakpoints: true,
  stopAt: true,
}

/** A kernel with what it is watched by. */
export interface Watched {
  readonly prepared: Prepared
  readonly guard: Guard | undefined
  readonly stops: readonly Stop[]
  /** steps at most between two looks at the event functions */
  readonly limit: number
  readonly interpolant: () => StepInterpolant
}

/**
 * Steps between two looks at the event functions: what lies beyond a terminal event is computed in vain, and a
 * function may not be defined there.
 */
const eventRun = 16

/** A state with room for what events remember, nothing of which has happened. */
export function watchedState({ problem, kernel }: Prepared, events: number, t: number): StepState {
  const state = makeState(problem.size, kernel.memorySize, events * memoryWidth)
  startMemory(state.events, t)
  return state
}

/** Binds method, problem and options to a kernel, its stops and the guard of its events. */
export function watch(
  target: Field | VectorFieldFunction,
  size: number,
  options: IntegratorOptions,
  level: TraceLevel,
  record: (event: EventRecord) => void,
): Watched {
  const prepared = prepare(target, size, options, level)
  const { kernel, problem, stepping } = prepared
  const { events = [] } = options
  const stops = stopsOf(options)
  let polynomial: StepInterpolant | undefined
  const interpolant = () => (polynomial ??= kernel.interpolant())
  const guard =
    events.length === 0
      ? undefined
      : eventGuard(prepareEvents(events, problem), { kernel, interpolant, stepping, stops, record })
  const limit = guard === undefined ? Number.POSITIVE_INFINITY : typeof target === 'function' ? 1 : eventRun
  return { prepared, guard, stops, limit, interpolant }
}
