import {
  checkOptions,
  expectField,
  type Field,
  makeArray,
  misuse,
  type OptionNames,
  SeparatrixError,
  seededRandom,
  show,
} from '@separatrix/field/core'
import { ensemble, type SolveOptions, solve } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { expectCount } from '../check/expectCount.js'
import { expectNumber } from '../check/expectNumber.js'
import { expectSource } from '../check/expectSource.js'
import { estimate } from '../metrics/estimate.js'
import { type Base, standardNormal } from './base.js'
import { carryTheta } from './carryTheta.js'
import { readCondition } from './condition.js'
import type { BatchedFlow, Flow, FlowBatchOptions, Given, LogProbEstimate } from './flow.js'
import { type Points, readPoints } from './points.js'
import { standStill } from './standStill.js'
import { directions, drawDirections, type TraceRule } from './traceRule.js'
import { volumeField } from './volumeField.js'

export interface CnfOptions extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  /** the velocity f(t, x), or f(t, [x; c]) with a condition */
  readonly field: Field
  /** the distribution at the start of the span; the standard normal by default */
  readonly base?: Base
  /** [0, 1] by default: samples of the base at 0 flow to samples of the model at 1 */
  readonly span?: readonly [number, number]
  readonly trace?: TraceRule
  /** length of the condition c that the field reads after x; 0 */
  readonly condition?: number
}

const names: OptionNames<CnfOptions> = {
  field: true,
  base: true,
  span: true,
  trace: true,
  condition: true,
  method: true,
  rtol: true,
  atol: true,
  step: true,
  maxSteps: true,
}

/** Points on their way: rows of [x; c], or of [x; a; c] with the volume, and directions of the trace. */
interface Trip {
  readonly rows: Float64Array
  readonly directions?: Float64Array
  readonly interval: readonly [number, number]
}

/** Where the points of a trip end, in the order of its rows. */
type Follow<Result> = (trip: Trip) => Result

/**
 * A continuous normalizing flow: x = φ(z), z ~ base, φ the flow of x′ = f(t, x) over the span; log p(x) = log
 * p₀(z) − ∫∇·f dt along the trajectory. Chen, Rubanova, Bettencourt & Duvenaud, NeurIPS 2018, eq. 8;
 * Hutchinson's estimate as in Grathwohl et al., ICLR 2019. The method must resolve the flow: `inverseError`
 * tells. Cost of a point: one solve in n + 1 states, exact; n + probes else. `batched()` answers the same
 * questions for all points at once: to rounding with equal steps; with chosen ones and probes, to the
 * tolerance, since the probes then travel along.
 * @example
 * const flow = cnf({ field: withTime(network({ widths: [3, 32, 2], activation: 'tanh', seed: 0 })), method: dopri5, rtol: 1e-6, atol: 1e-6 })
 * flow.logProb([[0, 0], [1, 1]])
 * const samples = await flow.batched({ backend: 'wasm' }).sample(1000, 0)
 */
export function cnf(options: CnfOptions): Flow {
  checkOptions('cnf', options, names)
  const { field, base: given, span = [0, 1], trace = 'exact', condition: m = 0, ...solving } = options
  expectField('cnf', field)
  if (!(Array.isArray(span) && span.length === 2 && span.every(Number.isFinite) && span[0] !== span[1]))
    throw misuse({
      where: 'cnf(span)',
      expected: 'two different finite times',
      got: show(span),
      try: 'span: [0, 1]',
    })
  const volume = volumeField(field, trace, { condition: m })
  const n = field.outputSize
  const base = given ?? standardNormal(n)
  expectSource('cnf(base)', base, n)
  const k = trace === 'exact' ? 1 : trace.probes
  const d = directions(trace) * n
  const velocity = standStill(field, m)
  const solveOne = oneByOne({ velocity, volume, d }, solving)

  /** Starts of solves: points, no growth yet, conditions. */
  const start = (x: Float64Array, count: number, { condition }: Given, withVolume: boolean) => {
    const given = readCondition(condition, m, count)
    const width = n + (withVolume ? k : 0) + m
    const rows = new Float64Array(count * width)
    for (let i = 0; i < count; i++) {
      rows.set(x.subarray(i * n, (i + 1) * n), i * width)
      rows.set(given.subarray(i * m, (i + 1) * m), (i + 1) * width - m)
    }
    return rows
  }
  const drawBase = (count: number, seed: number) => {
    expectCount('flow.sample', count, 'samples', 0)
    expectNumber('flow.sample', 'seed', seed)
    const random = seededRandom(seed)
    const z = new Float64Array(count * n)
    for (let i = 0; i < count; i++) base.draw(random, z.subarray(i * n, (i + 1) * n))
    return z
  }
  const trip = (x: Float64Array, given: Given, backwards: boolean, withVolume: boolean): Trip => {
    const count = x.length / n
    return {
      rows: start(x, count, given, withVolume),
      interval: backwards ? [span[1], span[0]] : span,
      ...(withVolume && { directions: drawDirections(trace, n, count) }),
    }
  }
  const pointsOf = (rows: Float64Array, width: number) => {
    const count = rows.length / width
    const x = new Float64Array(count * n)
    for (let i = 0; i < count; i++) x.set(rows.subarray(i * width, i * width + n), i * n)
    return x
  }
  /** log p₀ at the start minus the growth of volume, from solves in either direction; sign +1 forwards. */
  const densities = (z: Float64Array, ends: Float64Array, sign: number): LogProbEstimate => {
    const count = z.length / n
    const [logProb, standardError] = [new Float64Array(count), new Float64Array(count)]
    for (let i = 0; i < count; i++) {
      const at = i * (n + k + m) + n
      const { mean, standardError: error } = estimate(ends.subarray(at, at + k))
      logProb[i] = base.logProb(z.subarray(i * n, (i + 1) * n)) - sign * mean
      standardError[i] = trace === 'exact' ? 0 : error
    }
    return { logProb, standardError }
  }
  const read = (where: string, x: Points) => readPoints(`flow.${where}`, x, n)
  const asPoints = (x: Float64Array) => makeArray(x, [x.length / n, n])
  const withVolume = n + k + m

  /** A question as the trips that it needs and what to make of their ends. */
  const questions = {
    sample: (count: number, seed: number, given: Given = {}) => ({
      trip: trip(drawBase(count, seed), given, false, false),
      answer: (ends: Float64Array) => asPoints(pointsOf(ends, n + m)),
    }),
    logProbEstimate: (x: Points, given: Given = {}) => ({
      trip: trip(read('logProb', x), given, true, true),
      answer: (ends: Float64Array) => densities(pointsOf(ends, withVolume), ends, -1),
    }),
    sampleWithLogProb: (count: number, seed: number, given: Given = {}) => {
      const z = drawBase(count, seed)
      return {
        trip: trip(z, given, false, true),
        answer: (ends: Float64Array) => ({
          x: asPoints(pointsOf(ends, withVolume)),
          ...densities(z, ends, 1),
        }),
      }
    },
    back: (x: Points, given: Given = {}) => ({
      trip: trip(read('inverseError', x), given, true, false),
      answer: (ends: Float64Array): Trip => ({ rows: ends, interval: span }),
    }),
  }
  const distances = (x: Points, ends: Float64Array) => {
    const rows = read('inverseError', x)
    const again = pointsOf(ends, n + m)
    return Float64Array.from({ length: rows.length / n }, (_, i) =>
      Math.hypot(...again.subarray(i * n, (i + 1) * n).map((v, j) => v - rows[i * n + j])),
    )
  }
  const now = <T>({ trip, answer }: { trip: Trip; answer: (ends: Float64Array) => T }): T =>
    answer(solveOne(trip))

  const batched = (options: FlowBatchOptions = {}): BatchedFlow => {
    const solveAll = allAtOnce({ velocity, volume, d }, { ...solving, ...options })
    const later = async <T>({ trip, answer }: { trip: Trip; answer: (ends: Float64Array) => T }) =>
      answer(await solveAll(trip))
    return {
      sample: async (...args) => later(questions.sample(...args)),
      logProb: async (...args) => (await later(questions.logProbEstimate(...args))).logProb,
      logProbEstimate: async (...args) => later(questions.logProbEstimate(...args)),
      sampleWithLogProb: async (...args) => later(questions.sampleWithLogProb(...args)),
      inverseError: async (x, given) => distances(x, await solveAll(await later(questions.back(x, given)))),
    }
  }
  return {
    field,
    base,
    volume,
    span,
    trace,
    condition: m,
    solving,
    sample: (...args) => now(questions.sample(...args)),
    logProb: (...args) => now(questions.logProbEstimate(...args)).logProb,
    logProbEstimate: (...args) => now(questions.logProbEstimate(...args)),
    sampleWithLogProb: (...args) => now(questions.sampleWithLogProb(...args)),
    inverseError: (x, given) => distances(x, solveOne(now(questions.back(x, given)))),
    batched,
  }
}

interface Fields {
  readonly velocity: Field
  readonly volume: Field
  /** numbers of directions at the end of the volume's θ */
  readonly d: number
}

type Solving = Flow['solving']

function oneByOne({ velocity, volume, d }: Fields, solving: Solving): Follow<Float64Array> {
  const theta = Float64Array.from(volume.theta)
  return ({ rows, directions, interval }) => {
    const field = directions === undefined ? velocity : volume
    const width = field.stateSize
    const out = new Float64Array(rows.length)
    for (let i = 0; i < rows.length / width; i++) {
      if (directions !== undefined) theta.set(directions.subarray(i * d, (i + 1) * d), theta.length - d)
      const { y, status, message } = solve(field, rows.subarray(i * width, (i + 1) * width), interval, {
        ...solving,
        saveAt: 'end',
        theta: directions === undefined ? field.theta : theta,
      })
      if (status !== 'success') throw failure(field, { interval, status, message })
      out.set(y.data, i * width)
    }
    return out
  }
}

function allAtOnce(
  { velocity, volume, d }: Fields,
  { backend = 'auto', ...solving }: Solving & FlowBatchOptions,
): Follow<Promise<Float64Array>> {
  const carrying = d === 0 ? volume : carryTheta(volume, d)
  return async ({ rows, directions, interval }) => {
    const [field, width] =
      directions === undefined ? [velocity, velocity.stateSize] : [carrying, volume.stateSize]
    const count = rows.length / width
    if (count === 0) return rows
    const extra = field.stateSize - width
    const Y0 = new Float64Array(count * field.stateSize)
    for (let i = 0; i < count; i++) {
      Y0.set(rows.subarray(i * width, (i + 1) * width), i * field.stateSize)
      if (extra > 0 && directions !== undefined)
        Y0.set(directions.subarray(i * d, (i + 1) * d), i * field.stateSize + width)
    }
    const { y, status, message } = await ensemble(field, makeArray(Y0, [count, field.stateSize]), interval, {
      ...solving,
      backend,
    })
    const bad = status.find((s) => s !== 'success')
    if (bad !== undefined) throw failure(field, { interval, status: bad, message })
    const out = new Float64Array(rows.length)
    for (let i = 0; i < count; i++) for (let j = 0; j < width; j++) out[i * width + j] = entry(y, i, j)
    return out
  }
}

const entry = (y: NdArray<Float64Array>, i: number, j: number) =>
  y.data[y.offset + i * (y.stride[1] as number) + j * (y.stride[2] as number)]

function failure(
  field: Field,
  {
    interval,
    status,
    message,
  }: { readonly interval: readonly number[]; readonly status: string; readonly message: string },
): SeparatrixError {
  return new SeparatrixError(
    `cnf-${status}`,
    `cnf(${field.name}): expected a solve over [${interval}], got ${status}. ${message} Try smaller weights or a smaller tolerance.`,
  )
}
