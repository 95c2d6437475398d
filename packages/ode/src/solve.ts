import { checkOptions, type Field, makeArray, misuse, type OptionNames, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import { denseOutput } from './denseOutput.js'
import { checkDoor } from './door.js'
import { drive, type Ending } from './drive.js'
import type { EventRecord } from './events/event.js'
import type { StepObserver } from './observe/observer.js'
import { checkTimes, everySteps, type Output, type SaveAt, savedTimes } from './observe/output.js'
import { type StepRecord, stepRecord } from './observe/stepRecord.js'
import { describe, makeStats, type SolveStats } from './outcome.js'
import type { PiecewisePolynomial } from './polynomials.js'
import { start } from './prepare.js'
import type { VectorFieldFunction } from './problem.js'
import { slot } from './state.js'
import { highestLevel, type TraceLevel } from './trace.js'
import { type IntegratorOptions, integratorOptionNames, watch, watchedState } from './watch.js'
import { returnWorkspace, takeWorkspace } from './workspace.js'

export interface Progress {
  readonly t: number
  /** 0 at the start, 1 at the end */
  readonly fraction: number
  readonly accepted: number
  readonly rejected: number
}

export interface SolveOptions extends IntegratorOptions {
  /** times to keep, or every k-th step, or the end; every accepted step unless said */
  readonly saveAt?: SaveAt
  /** watchers of the accepted steps; see {@link StepObserver} */
  readonly observers?: readonly StepObserver[]
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

export const solveOptionNames: OptionNames<SolveOptions> = {
  ...integratorOptionNames,
  saveAt: true,
  observers: true,
  onProgress: true,
  signal: true,
}

/** 'success' when the end of the span was reached; otherwise what stopped it, with all results until then. */
export type SolveStatus = Ending

export interface Solution {
  readonly t: Float64Array
  /** [times, n] */
  readonly y: NdArray<Float64Array>
  /** the state at any time between the start and where the solve ended, from the method's interpolant */
  at(t: number): Float64Array
  /** the same as data: a polynomial per step */
  polynomials(): PiecewisePolynomial
  readonly status: SolveStatus
  readonly message: string
  readonly stats: SolveStats
  /** every crossing found, in the order of time */
  readonly events: readonly EventRecord[]
}

/** Steps between two looks at the signal and two calls of onProgress. */
const watchedRun = 100

/**
 * Solves y' = f(t, y, θ), y(t₀) = y₀ on [t₀, t₁]; t₁ < t₀ goes backwards.
 *
 * The field is a graph, or a function that writes its third argument. Methods with an error estimate take
 * `rtol` and `atol` (the scaled error e_i/(atol + rtol max|y_i|) has root mean square at most 1 per step),
 * the others, and these as well, a fixed `step`. Misuse throws; whatever happens on the way is a `status`.
 * Cost: a generated loop, compiled once per field and method; nothing is allocated per step.
 * @example
 * const lorenz = system({ state: ['x', 'y', 'z'], params: { s: 10, r: 28, b: 8 / 3 },
 *   dynamics: { x: 's*(y-x)', y: 'x*(r-z)-y', z: 'x*y-b*z' } })
 * const { t, y, status } = solve(lorenz, [1, 0, 0], [0, 1], { method: dopri5, rtol: 1e-8, atol: 1e-10 })
 */
export function solve(
  target: Field | VectorFieldFunction,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: SolveOptions,
): Solution {
  checkDoor(y0, options)
  checkOptions('solve', options, solveOptionNames)
  const initial = new Float64Array(y0)
  const [t0] = checkSpan(span)
  const { observers = [], saveAt, onProgress, signal, events = [], breakpoints = [], stopAt = [] } = options
  checkTimes('breakpoints', breakpoints, span)
  checkTimes('stopAt', stopAt, span)
  const level = traceLevel(options)
  const found: EventRecord[] = []
  const { prepared, guard, stops, limit, interpolant } = watch(
    target,
    initial.length,
    options,
    level,
    (e) => {
      found.push(e)
    },
  )
  const { kernel, problem } = prepared
  const workspace = takeWorkspace(kernel, problem.size, level)
  const { trace, before } = workspace
  const own = events.length > 0 ? watchedState(prepared, events.length, t0) : workspace.state
  const state = start(prepared, initial, span, options, own)
  const record = saveAt === undefined ? stepRecord(t0, initial, options.method.recordLevel) : undefined
  const output = record ?? makeOutput(initial, span, options)
  const watching = onProgress === undefined ? [] : [reportProgress(span, onProgress)]
  const ending = drive({
    kernel,
    guard,
    stops,
    interpolant,
    state,
    trace,
    before: events.length > 0 ? undefined : before,
    observers: [...observers, ...(output === undefined ? [] : [output]), ...watching],
    limit: signal === undefined && onProgress === undefined ? limit : Math.min(limit, watchedRun),
    signal,
  })
  const end = state.registers[slot.time] as number
  const { t, y } = collect(record, output, end, state.y)
  const source = record ?? (() => solveAgain(target, initial, [t0, end], options))
  const dense = denseOutput(source, interpolant, [t0, end])
  const solution: Solution = {
    t,
    y: makeArray(y, [t.length, initial.length]),
    at: dense.at,
    polynomials: dense.polynomials,
    status: ending,
    message: describe(ending, problem, state),
    stats: makeStats(state, kernel),
    events: found,
  }
  returnWorkspace(kernel, workspace)
  return solution
}

function checkSpan(span: readonly [number, number]): readonly [number, number] {
  if (Array.isArray(span) && span.length === 2 && span.every((v) => typeof v === 'number')) return span
  throw misuse({
    where: 'solve(span)',
    expected: 'two times [t0, t1]',
    got: show(span),
    try: '[0, 10]',
    code: 'bad-span',
  })
}

/** The least that everybody who watches needs to see of the steps. */
function traceLevel({ method, saveAt, events = [], observers = [] }: SolveOptions): TraceLevel {
  const wanted = observers.map((o) => o.level)
  if (events.length > 0) wanted.push(method.denseLevel)
  if (saveAt !== 'end')
    wanted.push(
      saveAt === undefined
        ? (method.recordLevel ?? 'steps')
        : 'everySteps' in saveAt
          ? 'steps'
          : method.denseLevel,
    )
  return highestLevel(wanted)
}

function makeOutput(
  y0: Float64Array,
  span: readonly [number, number],
  { saveAt, method }: SolveOptions,
): Output | undefined {
  if (saveAt === undefined || saveAt === 'end') return undefined
  const [t0, t1] = span
  if (!('everySteps' in saveAt)) {
    const direction = t1 >= t0 ? 1 : -1
    return savedTimes(checkTimes('saveAt', saveAt, span), { t0, y0, direction, level: method.denseLevel })
  }
  if (Number.isInteger(saveAt.everySteps) && saveAt.everySteps >= 1)
    return everySteps(y0.length, t0, y0, saveAt.everySteps)
  throw misuse({
    where: 'solve(saveAt.everySteps)',
    expected: 'a positive integer',
    got: show(saveAt.everySteps),
    try: 'saveAt: { everySteps: 10 }',
  })
}

function reportProgress([t0, t1]: readonly [number, number], call: (p: Progress) => void): StepObserver {
  return {
    level: 'none',
    observe({ state: { registers: R } }) {
      const t = R[slot.time] as number
      call({
        t,
        fraction: t1 === t0 ? 1 : (t - t0) / (t1 - t0),
        accepted: R[slot.accepted] as number,
        rejected: R[slot.rejected] as number,
      })
    },
  }
}

/** What was kept, as arrays of their final size. */
function collect(
  record: StepRecord | undefined,
  output: Output | StepRecord | undefined,
  end: number,
  y: Float64Array,
): { t: Float64Array; y: Float64Array } {
  if (record !== undefined) {
    const steps = record.steps()
    return { t: steps.t, y: steps.y }
  }
  if (output !== undefined && 'times' in output)
    return { t: output.times.view().slice(), y: output.states.view().slice() }
  return { t: Float64Array.of(end), y: y.slice() }
}

function solveAgain(
  target: Field | VectorFieldFunction,
  y0: Float64Array,
  [t0, end]: readonly [number, number],
  { signal: _signal, onProgress: _onProgress, breakpoints = [], stopAt = [], ...rest }: SolveOptions,
): StepRecord {
  const record = stepRecord(t0, y0, rest.method.recordLevel)
  if (end === t0) return record
  const reached = (times: ArrayLike<number>) => Array.from(times).filter((t) => (end - t) * (t - t0) >= 0)
  solve(target, y0, [t0, end], {
    ...rest,
    breakpoints: reached(breakpoints),
    stopAt: reached(stopAt),
    saveAt: 'end',
    observers: [record],
  })
  return record
}
