import type { StepInterpolant } from './interpolant.js'
import type { Kernel } from './method.js'
import type { StepObserver } from './observe/observer.js'
import { code, copyState, makeState, type StepState, slot } from './state.js'
import { justBefore, nextStop, type Stop } from './stops.js'
import type { Trace } from './trace.js'

/** How an integration ended, before it is put into words. */
export type Ending =
  | 'success'
  | 'terminated'
  | 'zeno'
  | 'sliding'
  | 'cancelled'
  | 'step-underflow'
  | 'max-steps'
  | 'non-finite'
  | 'newton-failed'

/** What a guard makes of a run of steps: how many of them stand, and whether that is the end. */
export interface Judgement {
  readonly count: number
  readonly ending: Ending | undefined
  /** the state was changed: the rest of the run is void, and integration starts again from it */
  readonly restarted: boolean
}

/**
 * Looks at accepted steps before anybody else does, and may cut them short and change the state: events.
 */
export interface Guard {
  judge(trace: Trace, count: number, state: StepState): Judgement
}

/** What steps are taken with. */
export interface Passage {
  readonly kernel: Kernel
  readonly trace: Trace
  readonly guard: Guard | undefined
  /** times within the span that steps must end at, ascending */
  readonly stops: readonly Stop[]
  /** room for a copy of the state; made where not given */
  readonly before?: StepState | undefined
}

export interface Drive extends Passage {
  readonly state: StepState
  readonly observers: readonly StepObserver[]
  /** accepted steps between two looks at the observers and the signal */
  readonly limit: number
  readonly signal: AbortSignal | undefined
  /** the polynomial through a step, made when somebody first asks */
  readonly interpolant: () => StepInterpolant
}

/**
 * Runs a kernel to the end of the span and shows what it did to the observers. It knows neither methods nor
 * outputs; its work is once per run of steps, never per step.
 */
export function drive(job: Drive): Ending {
  const { state, signal, limit } = job
  const run = passage(job)
  for (;;) {
    if (signal?.aborted) return 'cancelled'
    const { count, ending } = run(state, limit)
    if (count > 0) show(job, count)
    if (ending !== 'running') return ending
  }
}

/** A run of steps: how many stand, and whether that is the end. */
export interface Run {
  count: number
  ending: Ending | 'running'
}

/**
 * Makes the function that takes a run of up to `limit` steps from a state, as far as the next stop. All that it
 * goes by is in the state. What it returns is overwritten by the next call.
 */
export function passage(job: Passage): (state: StepState, limit: number) => Run {
  const { kernel, trace, stops, guard } = job
  let { before } = job
  const run: Run = { count: 0, ending: 'running' }
  const finish = (count: number, ending: Run['ending']): Run => {
    run.count = count
    run.ending = ending
    return run
  }
  return (state, limit) => {
    const R = state.registers
    if (R[slot.time] === R[slot.end]) return finish(0, 'success')
    const stop = nextStop(stops, R)
    beginStretch(state, stop)
    if (R[slot.time] === R[slot.stop]) return finish(0, arrive(state, stop))
    before ??= makeState(state.y.length, state.memory.length, state.events.length)
    copyState(state, before)
    let count = kernel.advance(state, trace, Math.min(limit, trace.capacity))
    const finite = state.y.every(Number.isFinite)
    if (!finite) count = lastFinite(job, state, before, count)
    const judged = guard?.judge(trace, count, state)
    if (judged !== undefined) count = judged.count
    if (judged?.ending !== undefined) return finish(count, judged.ending)
    if (judged?.restarted) {
      restart(state)
      return finish(count, R[slot.time] === R[slot.stop] ? arrive(state, stop) : 'running')
    }
    if (!finite) return finish(count, 'non-finite')
    if (R[slot.code] === code.stop) return finish(count, arrive(state, stop))
    return finish(count, endingOf(R))
  }
}

const difficulties: readonly (Ending | undefined)[] = [undefined, 'non-finite', 'newton-failed']

/** Why a run stopped; a step that vanished is told by what made it shrink. */
function endingOf(R: Float64Array): Run['ending'] {
  const ending = endings[R[slot.code] as number] ?? 'running'
  if (ending !== 'step-underflow') return ending
  return difficulties[R[slot.nonFinite] as number] ?? ending
}

/** At a stop: past it, or at the end. */
function arrive(state: StepState, stop: Stop | undefined): Run['ending'] {
  if (stop?.breakpoint) crossBreakpoint(state, stop)
  return stop === undefined ? 'success' : 'running'
}

const endings: readonly (Ending | undefined)[] = [
  undefined,
  undefined,
  'step-underflow',
  'max-steps',
  'non-finite',
  'newton-failed',
]

function show(job: Drive, count: number): void {
  const run = { trace: job.trace, count, interpolant: job.interpolant, state: job.state }
  for (const observer of job.observers) observer.observe(run)
}

/** Sets where the stretch ends; just short of a breakpoint, so that no stage looks past it. */
function beginStretch(state: StepState, stop: Stop | undefined): void {
  const R = state.registers
  const end =
    stop === undefined
      ? (R[slot.end] as number)
      : stop.breakpoint
        ? justBefore(stop.t, R[slot.direction] as number)
        : stop.t
  if (R[slot.stop] === end) return
  R[slot.stop] = end
  restart(state)
}

/** Fixed steps are counted from here. */
function restart(state: StepState): void {
  const R = state.registers
  R[slot.base] = R[slot.time] as number
  R[slot.index] = 0
}

function crossBreakpoint(state: StepState, stop: Stop): void {
  state.registers[slot.time] = stop.t
  state.registers[slot.fresh] = 0
}

/**
 * A state that is no longer finite: puts back the last one that was, and returns how many steps stand.
 * Where no trace was kept the run is repeated step by step.
 */
function lastFinite({ kernel, trace }: Passage, state: StepState, before: StepState, count: number): number {
  const n = state.y.length
  const evaluations = state.registers[slot.evaluations] as number
  copyState(before, state)
  let good = 0
  if (trace.level !== 'none') {
    while (good < count && trace.y.subarray((good + 1) * n, (good + 2) * n).every(Number.isFinite)) good++
    state.y.set(trace.y.subarray(good * n, (good + 1) * n))
    state.registers[slot.time] = trace.t[good] as number
    state.registers[slot.accepted] = (before.registers[slot.accepted] as number) + good
  } else {
    for (; good < count; good++) {
      copyState(state, before)
      kernel.advance(state, trace, 1)
      if (state.y.every(Number.isFinite)) continue
      copyState(before, state)
      break
    }
  }
  state.registers[slot.evaluations] = evaluations
  state.registers[slot.fresh] = 1
  return good
}
