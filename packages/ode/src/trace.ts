import { type StepState, slot } from './state.js'

/** What the loop writes down about accepted steps: nothing, t, h and y, or the stages as well. */
export type TraceLevel = (typeof levels)[number]

const levels = ['none', 'steps', 'stages'] as const

/** The level that shows what all of several do. */
export const highestLevel = (wanted: readonly TraceLevel[]): TraceLevel =>
  levels[Math.max(0, ...wanted.map((level) => levels.indexOf(level)))] as TraceLevel

/**
 * A run of accepted steps. Step i leads from t[i], y[i] to t[i+1], y[i+1] with step size h[i]; y holds
 * (count + 1) states of `size` numbers each and stages `stageCount` derivatives per step.
 */
export interface Trace {
  readonly size: number
  readonly stageCount: number
  readonly level: TraceLevel
  readonly capacity: number
  readonly t: Float64Array
  readonly h: Float64Array
  readonly y: Float64Array
  /** empty unless the level is 'stages' */
  readonly stages: Float64Array
}

/**
 * Numbers that a trace holds at most. One megabyte stays in the second-level cache, so that what the loop
 * writes is still there when the observers read it.
 */
const traceBudget = 1 << 17

/**
 * Steps of one run. A run costs the driver some tenths of a microsecond; a trace of a thousand steps costs a
 * solve of a few dozen 10 to 15 µs to allocate, one of 128 a third of that, and long solves gain nothing more.
 */
const recordedRun = 128
const silentRun = 1000

export function makeTrace(
  size: number,
  stageCount: number,
  level: TraceLevel,
  capacity = level === 'none' ? silentRun : recordedRun,
): Trace {
  const perStep = level === 'stages' ? size * (stageCount + 1) + 2 : size + 2
  const fits = Math.max(1, Math.min(capacity, Math.floor(traceBudget / perStep)))
  // one more than the capacity: a reset adds a step of size zero
  const steps = level === 'none' ? 0 : fits + 1
  return {
    size,
    stageCount,
    level,
    capacity: level === 'none' ? capacity : fits,
    t: new Float64Array(steps + 1),
    h: new Float64Array(steps),
    y: new Float64Array((steps + 1) * size),
    stages: new Float64Array(level === 'stages' ? steps * stageCount * size : 0),
  }
}

/** Writes the state that a run of steps starts from. */
export function startTrace(trace: Trace, state: StepState): void {
  if (trace.level === 'none') return
  trace.t[0] = state.registers[slot.time] as number
  trace.y.set(state.y)
}

/** Writes accepted step number `i` of a run, of size clock[1] to clock[2], which ended in the state's y. */
export function traceStep(trace: Trace, i: number, state: StepState, clock: Float64Array): void {
  if (trace.level === 'none') return
  trace.h[i] = clock[1] as number
  trace.t[i + 1] = clock[2] as number
  trace.y.set(state.y, (i + 1) * state.y.length)
}
