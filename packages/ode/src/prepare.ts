import { type Field, misuse, type OptionNames, show } from '@separatrix/field/core'
import { adaptive, type StepControl } from './control/adaptive.js'
import { initialStep } from './control/initialStep.js'
import { type ErrorNorm, makeTolerances, type Tolerance } from './control/tolerances.js'
import type { Kernel, Method, Stepping } from './method.js'
import { firstDerivative, makeProblem, type Problem, type VectorFieldFunction } from './problem.js'
import { makeState, type StepState, slot } from './state.js'
import type { TraceLevel } from './trace.js'

/** Which steps are taken. Give `rtol` and `atol` for steps chosen by the error, or `step` for equal ones. */
export interface StepOptions {
  readonly method: Method
  readonly rtol?: Tolerance
  readonly atol?: Tolerance
  /** size of every step, positive in either direction */
  readonly step?: number
  /** size of the first step when the others are chosen */
  readonly firstStep?: number
  /** smallest and largest step that may be chosen */
  readonly minStep?: number
  readonly maxStep?: number
  /** step controller; see {@link adaptive} */
  readonly control?: StepControl
  /** how much each component counts in the error norm; 0 leaves it out (a seminorm) */
  readonly weights?: ArrayLike<number>
  /** root mean square unless said, the largest component, or a function of the scaled errors */
  readonly norm?: ErrorNorm
  /** trial steps in all (default a million when the steps are chosen, no bound when they are equal) */
  readonly maxSteps?: number
  /** parameters, in place of the field's own */
  readonly theta?: ArrayLike<number>
}

export const stepOptionNames: OptionNames<StepOptions> = {
  method: true,
  rtol: true,
  atol: true,
  step: true,
  firstStep: true,
  minStep: true,
  maxStep: true,
  control: true,
  weights: true,
  norm: true,
  maxSteps: true,
  theta: true,
}

export interface Prepared {
  readonly problem: Problem
  readonly kernel: Kernel
  readonly stepping: Stepping
}

const defaultControl = adaptive()

/** Trial steps after which an adaptive solve gives up: seconds of work, and far beyond any sensible use. */
const defaultMaxSteps = 1_000_000

/** The last preparation of a field or function for each trace level, and what it was for. */
type Kept = { [level in TraceLevel]?: { readonly options: StepOptions; readonly prepared: Prepared } }
const kept = new WeakMap<object, Kept>()

/** Whether two calls want the same kernel: scalars and values that are compared by identity. */
const isSame = (a: StepOptions, b: StepOptions) =>
  a.method === b.method &&
  a.rtol === b.rtol &&
  a.atol === b.atol &&
  a.step === b.step &&
  a.control === b.control &&
  a.norm === b.norm

/** Whether the parameters are those that were copied: solutions read them later, so a kernel keeps its own. */
const stillFits = ({ size, field, theta }: Problem, wanted: number) =>
  size === wanted && (field === undefined || theta.every((v, i) => v === field.theta[i]))

/**
 * Binds method, problem and step options to a kernel. The same call again finds the same kernel, where nothing is
 * an array that might have changed and the method keeps nothing between steps.
 */
export function prepare(
  target: Field | VectorFieldFunction,
  size: number,
  options: StepOptions,
  trace: TraceLevel,
): Prepared {
  const { rtol, atol, weights, theta } = options
  const isPlain =
    weights === undefined && theta === undefined && typeof rtol !== 'object' && typeof atol !== 'object'
  const known = isPlain ? kept.get(target)?.[trace] : undefined
  if (known !== undefined && isSame(known.options, options) && stillFits(known.prepared.problem, size))
    return known.prepared
  const prepared = bind(target, size, options, trace)
  if (isPlain && options.method.family === 'explicit') {
    const { method, step, control, norm } = options
    let byLevel = kept.get(target)
    if (byLevel === undefined) kept.set(target, (byLevel = {}))
    byLevel[trace] = { options: { method, rtol, atol, step, control, norm }, prepared }
  }
  return prepared
}

function bind(
  target: Field | VectorFieldFunction,
  size: number,
  options: StepOptions,
  trace: TraceLevel,
): Prepared {
  if (typeof options.method?.kernel !== 'function')
    throw misuse({
      where: 'solve(method)',
      expected: 'a method',
      got: show(options.method),
      try: 'method: dopri5',
    })
  const problem = makeProblem(target, size, options.theta)
  const stepping = makeStepping(size, options)
  return { problem, stepping, kernel: options.method.kernel(problem, { stepping, trace }) }
}

function makeStepping(size: number, options: StepOptions): Stepping {
  const { method, rtol, atol, step, control, weights, norm } = options
  const where = `solve(${method.name})`
  const wantsTolerances = rtol !== undefined || atol !== undefined
  if (step !== undefined && wantsTolerances)
    throw misuse({
      where,
      expected: 'either step, or rtol and atol',
      got: 'both',
      try: 'firstStep for the first of the chosen steps',
      code: 'step-and-tolerance',
    })
  if (step !== undefined) {
    positive('step', step)
    return { kind: 'fixed' }
  }
  if (method.errorOrder === undefined)
    throw misuse({
      where,
      expected: 'a step: this method does not estimate its error',
      got: wantsTolerances ? 'tolerances' : 'no step',
      try: 'step: 0.01, or an adaptive method such as dopri5',
      code: 'missing-step',
    })
  if (rtol === undefined || atol === undefined)
    throw misuse({
      where,
      expected: 'rtol and atol (no default: only you know the scale of your problem)',
      got: rtol === undefined ? (atol === undefined ? 'neither' : 'atol only') : 'rtol only',
      try: 'rtol: 1e-8, atol: 1e-10',
      code: 'missing-tolerance',
    })
  const tolerances = makeTolerances(size, rtol, atol, { weights, norm })
  return { kind: 'adaptive', tolerances, control: control ?? defaultControl }
}

function positive(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return
  throw misuse({
    where: `solve(${name})`,
    expected: 'a positive finite number (the direction comes from the span)',
    got: show(value),
    try: `${name}: 0.01`,
    code: 'bad-step',
  })
}

/** The state at the start: checks y0 and the span, and chooses the first step. */
export function start(
  { problem, kernel, stepping }: Prepared,
  y0: Float64Array,
  [t0, t1]: readonly [number, number],
  options: StepOptions,
  state = makeState(problem.size, kernel.memorySize),
): StepState {
  checkStart(problem, y0, t0, t1)
  const R = state.registers
  const direction = t1 >= t0 ? 1 : -1
  const { maxStep = Number.POSITIVE_INFINITY, minStep = 0, firstStep } = options
  if (options.maxStep !== undefined) positive('maxStep', maxStep)
  if (options.minStep !== undefined && minStep !== 0) positive('minStep', minStep)
  if (firstStep !== undefined) positive('firstStep', firstStep)
  state.y.set(y0)
  R[slot.time] = t0
  R[slot.base] = t0
  R[slot.stop] = t1
  R[slot.end] = t1
  R[slot.direction] = direction
  R[slot.minStep] = minStep
  R[slot.maxStep] = maxStep
  R[slot.maxSteps] = checkMaxSteps(
    options.maxSteps ?? (stepping.kind === 'fixed' ? Number.POSITIVE_INFINITY : defaultMaxSteps),
  )
  const given = stepping.kind === 'fixed' ? options.step : firstStep && Math.min(firstStep, maxStep)
  if (given !== undefined) {
    if (problem.field === undefined) firstDerivative(problem, t0, state.y)
    R[slot.step] = direction * given
    return state
  }
  const derivative = firstDerivative(problem, t0, state.y)
  R[slot.evaluations] = 2
  const order = options.method.errorOrder as number
  const bound = Math.min(maxStep, Math.abs(t1 - t0))
  R[slot.step] = initialStep(
    problem,
    { t: t0, y: state.y, derivative, direction, order, bound },
    (stepping as Extract<Stepping, { kind: 'adaptive' }>).tolerances,
  )
  return state
}

function checkMaxSteps(maxSteps: number): number {
  if (maxSteps >= 1) return maxSteps
  throw misuse({
    where: 'solve(maxSteps)',
    expected: 'at least 1',
    got: show(maxSteps),
    try: 'maxSteps: 100000',
  })
}

function checkStart(problem: Problem, y0: Float64Array, t0: number, t1: number): void {
  if (!(Number.isFinite(t0) && Number.isFinite(t1) && t0 !== t1))
    throw misuse({
      where: 'solve(span)',
      expected: `two ${t0 === t1 ? 'different' : 'finite'} times`,
      got: show([t0, t1]),
      try: '[0, 10]',
      code: 'bad-span',
    })
  if (y0.every(Number.isFinite)) return
  const bad = y0.findIndex((v) => !Number.isFinite(v))
  throw misuse({
    where: 'solve(y0)',
    expected: 'finite values',
    got: `${y0[bad]} for ${problem.field?.stateNames[bad] ?? `component ${bad}`}`,
    try: 'checking where y0 comes from',
    code: 'non-finite',
  })
}
