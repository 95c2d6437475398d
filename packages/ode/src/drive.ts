import type { StepInterpolant } from './interpolant.js'
import type { Kernel } from './method.js'
import type { StepObserver } from './observe/observer.js'
import { code, copyState, makeState, type StepState, slot } from './state.js'
import type { Trace } from './trace.js'

/** A time that steps must end at; past a breakpoint the field is evaluated anew. */
export interface Stop {
  readonly t: number
  readonly breakpoint: boolean
}

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

export interface Drive {
  readonly kernel: Kernel
  readonly state: StepState
  readonly trace: Trace
  readonly observers: readonly StepObserver[]
  readonly guard: Guard | undefined
  readonly stops: readonly Stop[]
  /** accepted steps between two looks at the observers and the signal */
  readonly limit: number
  readonly signal: AbortSignal | undefined
  /** the polynomial through a step, made when somebody first asks */
  readonly interpolant: () => StepInterpolant
}

/**
 * Runs a kernel from stop to stop and shows what it did to the observers. It knows neither methods nor
 * outputs; its work is once per run of steps, never per step.
 */
export function drive(job: Drive): Ending {
  const { kernel, state, trace, signal } = job
  const R = state.registers
  const before = makeState(state.y.length, state.memory.length)
  for (const stop of job.stops) {
    if (stop.t === R[slot.time]) continue
    beginStretch(state, stop)
    for (;;) {
      if (signal?.aborted) return 'cancelled'
      copyState(state, before)
      let count = kernel.advance(state, trace, Math.min(job.limit, trace.capacity))
      const finite = state.y.every(Number.isFinite)
      if (!finite) count = lastFinite(job, before, count)
      const judged = job.guard?.judge(trace, count, state)
      if (judged !== undefined) count = judged.count
      if (count > 0) show(job, count)
      if (judged?.ending !== undefined) return judged.ending
      if (judged?.restarted) {
        restart(state)
        if (R[slot.time] === R[slot.stop]) break
        continue
      }
      if (!finite) return 'non-finite'
      if (R[slot.code] === code.stop) break
      const ending = endings[R[slot.code] as number]
      if (ending !== undefined)
        return R[slot.nonFinite] === 1 && ending === 'step-underflow' ? 'non-finite' : ending
    }
    if (stop.breakpoint) crossBreakpoint(state, stop)
  }
  return 'success'
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

/** Sets the stop of the next stretch; just short of a breakpoint, so that no stage looks past it. */
function beginStretch(state: StepState, stop: Stop): void {
  const R = state.registers
  R[slot.stop] = stop.breakpoint ? justBefore(stop.t, R[slot.direction] as number) : stop.t
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

/** The double next to t on the side that the integration comes from. */
export function justBefore(t: number, direction: number): number {
  const gap = Math.max(Math.abs(t) * Number.EPSILON, Number.MIN_VALUE)
  return t - direction * gap
}

/**
 * A state that is no longer finite: puts back the last one that was, and returns how many steps stand.
 * Where no trace was kept the run is repeated step by step.
 */
function lastFinite({ kernel, state, trace }: Drive, before: StepState, count: number): number {
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
