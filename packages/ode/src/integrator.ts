import { type Field, misuse } from '@separatrix/field/core'
import type { StepInterpolant, Steps } from './interpolant.js'
import { prepare, type StepOptions, start } from './prepare.js'
import type { VectorFieldFunction } from './problem.js'
import { code, copyState, makeState, type StepState, slot } from './state.js'
import { makeTrace, type TraceLevel } from './trace.js'

/** The accepted steps of one call of `advance`; overwritten by the next. */
export interface TakenSteps extends Steps {
  count: number
  /** why it stopped: the number asked for, the end of the span, or a difficulty */
  reason: 'running' | 'done' | 'step-underflow' | 'max-steps' | 'newton-failed'
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
 * A method bound to a field, to be stepped by hand, paused, copied or moved to another thread.
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
  options: StepOptions,
  { level = 'steps', capacity = 1000 }: { readonly level?: TraceLevel; readonly capacity?: number } = {},
): Integrator {
  const prepared = prepare(target, size, options, level)
  const { kernel } = prepared
  const trace = makeTrace(size, kernel.stageCount, level, capacity)
  const { t, h, y, stages } = trace
  const taken: TakenSteps = { t, h, y, stages, count: 0, reason: 'running' }
  return {
    interpolant: kernel.interpolant(),
    initialize: (y0, span) => start(prepared, Float64Array.from(y0), span, options),
    advance(state, count) {
      const R = state.registers
      const done = R[slot.time] === R[slot.stop]
      taken.count = done ? 0 : kernel.advance(state, trace, Math.min(count, trace.capacity))
      taken.reason = done ? 'done' : (reasons[R[slot.code] as number] ?? 'running')
      return taken
    },
  }
}

const reasons: { readonly [code: number]: TakenSteps['reason'] } = {
  [code.stop]: 'done',
  [code.underflow]: 'step-underflow',
  [code.maxSteps]: 'max-steps',
  [code.unsolved]: 'newton-failed',
}

/** The time that a state stands at. */
export const timeOf = (state: StepState): number => state.registers[slot.time] as number

/** A state as JSON; every double survives. */
export interface StateJson {
  readonly registers: readonly (number | string)[]
  readonly y: readonly number[]
  readonly memory: readonly number[]
}

/** A state as plain numbers, for a file or a message. */
export function saveState({ registers, y, memory }: StepState): StateJson {
  const plain = (v: number) => (Number.isFinite(v) ? v : String(v))
  return { registers: Array.from(registers, plain), y: [...y], memory: [...memory] }
}

/** The state that {@link saveState} wrote; it continues bit for bit. */
export function restoreState(json: StateJson): StepState {
  const state = makeState(json.y.length, json.memory.length)
  if (json.registers.length !== state.registers.length)
    throw misuse({
      where: 'restoreState',
      expected: `${state.registers.length} registers`,
      got: `${json.registers.length}`,
      try: 'a state written by saveState of the same version',
    })
  copyState(
    {
      registers: Float64Array.from(json.registers, Number),
      y: Float64Array.from(json.y),
      memory: Float64Array.from(json.memory),
    },
    state,
  )
  return state
}
