import { type Field, isField, misuse, show } from '@separatrix/field/core'
import { type Event, prepareEvents } from '../events/event.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { Stepping } from '../method.js'
import { checkTimes } from '../observe/output.js'
import { type Prepared, prepare } from '../prepare.js'
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
  const n = field.stateSize
  const y0 = readRows(
    'ensemble(Y0)',
    Y0,
    n,
    `one row of ${n} initial values (${field.stateNames.slice(0, 8).join(', ')}) for each trajectory`,
  )
  const { theta, spread } = readTheta(field, options.theta, y0.rows)
  const shared = { ...options, theta: field.theta }
  const { events = [] } = options
  if (events.length > 0) checkEvents(events, n, options)
  const prepared = prepare(field, n, shared, events.length === 0 ? 'none' : options.method.denseLevel)
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

/** The method of a plan as a tableau, which lane kernels need. */
export function tableauOf(options: EnsembleOptions<unknown>): ExplicitMethod {
  const { method, control } = options
  if (method.family !== 'explicit')
    throw misuse({
      where: `ensemble(${method.name})`,
      expected: 'an explicit Runge–Kutta method on vectors',
      got: `one of the family '${method.family}'`,
      try: "backend: 'js'",
      code: 'no-lane-method',
    })
  if (
    control !== undefined &&
    (control.beta[2] !== 0 || control.alpha.some((a) => a !== 0) || control.limiter)
  )
    throw misuse({
      where: 'ensemble(control)',
      expected: 'an I or PI controller on vectors',
      got: control.key,
      try: "adaptive({ preset: 'PI' }), or backend: 'js'",
      code: 'no-lane-control',
    })
  return method as ExplicitMethod
}

function checkEvents(events: readonly Event[], size: number, { backend }: EnsembleOptions<unknown>): void {
  prepareEvents(events, size)
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
