import { checkOptions, type Field, isField, misuse, type OptionNames, show } from '@separatrix/field/core'
import { prepareEvents } from '../events/event.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { Stepping } from '../method.js'
import { checkTimes } from '../observe/output.js'
import { type Prepared, prepare, stepOptionNames } from '../prepare.js'
import type { ThetaSpread } from './laneField.js'
import { type Matrix, readRows, readTheta } from './rows.js'
import type { EnsembleOptions, Rows } from './types.js'

/** An ensemble that was checked: what every backend starts from. */
export interface EnsemblePlan {
  readonly field: Field
  readonly prepared: Prepared
  readonly stepping: Stepping
  readonly batch: number
  /** initial states, one row a trajectory */
  readonly initial: Matrix
  readonly span: readonly [number, number]
  readonly direction: 1 | -1
  /** times to keep, and whether the last of them is the end of the span */
  readonly times: Float64Array
  readonly endIsKept: boolean
  readonly thetaSpread: ThetaSpread
  /** parameters: one row a trajectory, or the same for all */
  readonly theta: Matrix
  readonly step: number
  readonly maxSteps: number
  readonly single: boolean
  readonly hasEvents: boolean
}

/** Trial steps after which a trajectory gives up, as in `solve`. */
const defaultMaxSteps = 1_000_000

/**
 * Smallest relative tolerance for single precision: the rounding of a sum of six stages, some 6 units of
 * 2⁻²³/2, must stay well below the error that is steered by.
 */
const leastSingleTolerance = 32 * 2 ** -23

/** Options of `solve` that vectors lack; ignoring them would be a silent difference between backends. */
const notForEnsembles = ['weights', 'minStep', 'maxStep', 'firstStep'] as const

const {
  weights: _weights,
  minStep: _minStep,
  maxStep: _maxStep,
  firstStep: _firstStep,
  ...shared
} = stepOptionNames
const names: OptionNames<EnsembleOptions> = {
  ...shared,
  backend: true,
  precision: true,
  saveAt: true,
  reduce: true,
  events: true,
  threads: true,
  device: true,
  signal: true,
}

export function planEnsemble(
  field: Field,
  Y0: Rows,
  span: readonly [number, number],
  options: EnsembleOptions<unknown>,
): EnsemblePlan {
  if (!isField(field))
    throw misuse({
      where: 'ensemble',
      expected: 'a field (a function cannot be printed for vectors)',
      got: show(field),
      try: 'system({ … }), or solve in a loop for a function',
      code: 'not-a-field',
    })
  if (!Array.isArray(span) || span.length !== 2 || !span.every(Number.isFinite))
    throw misuse({
      where: 'ensemble(span)',
      expected: 'two finite times',
      got: show(span),
      try: '[0, 10]',
      code: 'bad-span',
    })
  const unsupported = notForEnsembles.find((name) => name in options)
  if (unsupported !== undefined)
    throw misuse({
      where: 'ensemble',
      expected: 'options that every backend has',
      got: unsupported,
      try: 'solve for each trajectory',
      code: 'unknown-option',
    })
  checkOptions('ensemble', options, names)
  const n = field.stateSize
  const y0 = readRows(
    'ensemble(Y0)',
    Y0,
    n,
    `one row of ${n} initial values (${field.stateNames.slice(0, 8).join(', ')}) for each trajectory`,
  )
  const { theta, spread } = readTheta(field, options.theta, y0.rows)
  const { events = [] } = options
  const trace = events.length === 0 ? 'none' : options.method.denseLevel
  const prepared = prepare(field, n, { ...options, theta: field.theta }, trace)
  if (events.length > 0) checkEvents(prepared, options)
  const { stepping } = prepared
  const single = options.precision === 'single' || options.backend === 'gpu'
  if (single && stepping.kind === 'adaptive') checkSingle(stepping.tolerances.rtol)
  const { saveAt = 'end' } = options
  const times = saveAt === 'end' ? Float64Array.of(span[1]) : checkTimes('saveAt', saveAt, span)
  return {
    field,
    prepared,
    stepping,
    batch: y0.rows,
    initial: y0,
    span,
    direction: span[1] >= span[0] ? 1 : -1,
    times,
    endIsKept: times.at(-1) === span[1],
    thetaSpread: spread,
    theta,
    step: options.step ?? 0,
    maxSteps: options.maxSteps ?? (stepping.kind === 'fixed' ? Number.POSITIVE_INFINITY : defaultMaxSteps),
    single: options.precision === 'single',
    hasEvents: events.length > 0,
  }
}

/** Why vectors cannot take the steps that are asked for, by the code of the error; undefined where they can. */
export function laneObstacle({ method, control, norm = 'rms' }: EnsembleOptions<unknown>) {
  if (method.family !== 'explicit')
    return {
      expected: 'an explicit Runge–Kutta method on vectors',
      got: `${method.name} of the family '${method.family}'`,
      try: "backend: 'js'",
      code: 'no-lane-method',
    }
  if (
    control !== undefined &&
    (control.beta[2] !== 0 || control.alpha.some((a) => a !== 0) || control.limiter)
  )
    return {
      expected: 'an I or PI controller on vectors',
      got: control.key,
      try: "adaptive({ preset: 'PI' }), or backend: 'js'",
      code: 'no-lane-control',
    }
  if (norm !== 'rms')
    return {
      expected: "the norm 'rms' on vectors",
      got: show(norm),
      try: "backend: 'js'",
      code: 'no-lane-norm',
    }
  return undefined
}

/** The method of a plan as a tableau, which lane kernels need. */
export function tableauOf(options: EnsembleOptions<unknown>): ExplicitMethod {
  const obstacle = laneObstacle(options)
  if (obstacle !== undefined) throw misuse({ where: `ensemble(backend: '${options.backend}')`, ...obstacle })
  return options.method as ExplicitMethod
}

function checkEvents({ problem }: Prepared, { events = [], backend }: EnsembleOptions<unknown>): void {
  prepareEvents(events, problem)
  if (backend === 'js' || backend === 'auto') return
  throw misuse({
    where: 'ensemble(events)',
    expected: "events on backend 'js', which alone interpolates its steps",
    got: `'${backend}'`,
    try: "backend: 'js', or saveAt with a reduction",
    code: 'no-lane-events',
  })
}

function checkSingle(rtol: Float64Array): void {
  const least = Math.min(...rtol)
  if (least >= leastSingleTolerance) return
  throw misuse({
    where: 'ensemble(precision)',
    expected: `rtol of at least ${leastSingleTolerance.toExponential(1)} in single precision, whose own rounding is 6e-8 an operation`,
    got: String(least),
    try: "precision: 'double' (which backend 'gpu' lacks), or a looser tolerance",
    code: 'precision-too-low',
  })
}
