import { prepareSensitivity, type SolutionLoss, type Via } from '@separatrix/adjoint'
import { makeArray, misuse, SeparatrixError, seededRandom, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import { estimate } from '../metrics/estimate.js'
import { readCondition } from './condition.js'
import type { Flow, Given, LogProbEstimate } from './flow.js'
import { type Points, readPoints } from './points.js'
import { directions, drawDirections } from './traceRule.js'

interface Gradients {
  /** [count, m], of each point's condition; m = 0 without one */
  readonly dcondition: NdArray<Float64Array>
  /** as field.layout of the flow's field */
  readonly dtheta: Float64Array
}

export interface LogProbGradient extends LogProbEstimate, Gradients {
  /** [count, n]: wᵢ∇ log p(xᵢ), the score where the weights are 1 */
  readonly dx: NdArray<Float64Array>
}

export interface LogProbGradientOptions extends Given {
  /** wᵢ of each point; 1 */
  readonly weights?: ArrayLike<number>
  /** 'discrete' by default, see {@link sensitivity}: exact for the steps that were taken */
  readonly via?: Via
}

/**
 * log p(x) of a flow and the gradient of Σ wᵢ log p(xᵢ) in the points, their conditions and the parameters: back through
 * the solve, by any way of {@link sensitivity}, on any trace (its directions are those of `logProb`).
 * Cost of a point: about three of its solves.
 * @example
 * const flow = cnf({ field: withTime(network({ widths: [3, 8, 2], activation: 'tanh', seed: 0 })), method: dopri5, rtol: 1e-6, atol: 1e-6 })
 * logProbGradient(flow, [[0, 0], [1, 1]]).dx // the score of the model
 */
export function logProbGradient(
  flow: Flow,
  x: Points,
  { condition, weights, via }: LogProbGradientOptions = {},
): LogProbGradient {
  const shape = shapeOf(flow)
  const { n } = shape
  const rows = readPoints('logProbGradient', x, n)
  const count = rows.length / n
  if (weights !== undefined && !(weights.length === count && Array.from(weights).every(Number.isFinite)))
    throw misuse({
      where: 'logProbGradient',
      expected: `${count} finite weights`,
      got: show(weights),
      try: 'no weights: each is 1',
    })
  const { span, base } = flow
  const [logProb, standardError] = [new Float64Array(count), new Float64Array(count)]
  const score = new Float64Array(n)
  const gradients = throughSolves(
    flow,
    shape,
    { rows, condition, via, interval: [span[1], span[0]] },
    (i) => {
      const weight = weights?.[i] ?? 1
      return {
        value({ data: end }) {
          const { mean, standardError: error } = estimate(end.subarray(n, n + shape.growths))
          logProb[i] = base.logProb(end.subarray(0, n)) + mean
          standardError[i] = flow.trace === 'exact' ? 0 : error
          return weight * logProb[i]
        },
        gradient({ data: end }, { data: out }) {
          base.score(end.subarray(0, n), score)
          for (let j = 0; j < n; j++) out[j] = weight * score[j]
          out.fill(weight / shape.growths, n, n + shape.growths)
        },
      }
    },
  )
  const { dstart, dcondition, dtheta } = gradients
  return { logProb, standardError, dx: dstart, dcondition, dtheta }
}

/** A function of one sample and its log density, to be averaged; the gradient in x is written, that in log p returned. */
export interface SampleLoss {
  value(x: Float64Array, logProb: number): number
  gradient(x: Float64Array, logProb: number, dx: Float64Array): number
}

export interface SampleGradientOptions extends Given {
  readonly count: number
  readonly seed: number
  readonly loss: SampleLoss
  readonly via?: Via
}

export interface SampleGradient extends LogProbEstimate, Gradients {
  /** the mean of the loss over samples; gradients are of this mean */
  readonly value: number
  /** [count, n], the samples of `sampleWithLogProb` for the same seed */
  readonly x: NdArray<Float64Array>
  /** [count, n], in the draws of the base */
  readonly dbase: NdArray<Float64Array>
}

/**
 * The mean over samples of a loss of the sample and its log density, and its gradient in the parameters, the conditions
 * and the draws of the base, which stay fixed (reparametrisation). With log p(x) − log p*(x) the mean is the
 * Kullback–Leibler divergence from a density that is known up to a constant: fitting without data.
 * @example
 * const flow = cnf({ field: withTime(network({ widths: [3, 8, 2], activation: 'tanh', seed: 0 })), method: rk4, step: 0.1 })
 * const away = { value: (x, logProb) => logProb + x[0] ** 2, gradient: (x, _, dx) => { dx[0] = 2 * x[0]; return 1 } }
 * sampleGradient(flow, { count: 10, seed: 0, loss: away }).dtheta
 */
export function sampleGradient(
  flow: Flow,
  { count, seed, loss, condition, via }: SampleGradientOptions,
): SampleGradient {
  if (!(Number.isSafeInteger(count) && count > 0))
    throw misuse({
      where: 'sampleGradient',
      expected: 'a positive count',
      got: show(count),
      try: 'count: 100',
    })
  const shape = shapeOf(flow)
  const { n } = shape
  const { base, span } = flow
  const random = seededRandom(seed)
  const rows = new Float64Array(count * n)
  for (let i = 0; i < count; i++) base.draw(random, rows.subarray(i * n, (i + 1) * n))
  const [logProb, standardError] = [new Float64Array(count), new Float64Array(count)]
  const x = new Float64Array(count * n)
  const dx = new Float64Array(n)
  const dlogBase = new Float64Array(count)
  let value = 0
  const gradients = throughSolves(flow, shape, { rows, condition, via, interval: span }, (i) => ({
    value({ data: end }) {
      const { mean, standardError: error } = estimate(end.subarray(n, n + shape.growths))
      logProb[i] = base.logProb(rows.subarray(i * n, (i + 1) * n)) - mean
      standardError[i] = flow.trace === 'exact' ? 0 : error
      x.set(end.subarray(0, n), i * n)
      const term = loss.value(x.slice(i * n, (i + 1) * n), logProb[i]) / count
      value += term
      return term
    },
    gradient({ data: end }, { data: out }) {
      const slope = loss.gradient(end.slice(0, n), logProb[i], dx.fill(0)) / count
      dlogBase[i] = slope
      for (let j = 0; j < n; j++) out[j] = dx[j] / count
      out.fill(-slope / shape.growths, n, n + shape.growths)
    },
  }))
  const { dstart, dcondition, dtheta } = gradients
  // log p has the base's at the draw itself
  const score = new Float64Array(n)
  for (let i = 0; i < count; i++) {
    base.score(rows.subarray(i * n, (i + 1) * n), score)
    for (let j = 0; j < n; j++) dstart.data[i * n + j] += dlogBase[i] * score[j]
  }
  return { value, x: makeArray(x, [count, n]), logProb, standardError, dbase: dstart, dcondition, dtheta }
}

/** Lengths of the parts of a flow's volume: x, growths, condition; and of θ: the field's, directions. */
interface Shape {
  readonly n: number
  readonly growths: number
  readonly m: number
  readonly p: number
  readonly d: number
}

function shapeOf({ field, volume, condition: m, trace }: Flow): Shape {
  const n = field.outputSize
  return {
    n,
    m,
    growths: volume.stateSize - n - m,
    p: field.theta.length,
    d: directions(trace) * n,
  }
}

interface Starts {
  readonly rows: Float64Array
  readonly condition: Given['condition']
  readonly via: Via | undefined
  readonly interval: readonly [number, number]
}

/** Gradients of losses of the ends of [x; a; c], one for each row of x. */
function throughSolves(
  flow: Flow,
  { n, growths, m, p, d }: Shape,
  { rows, condition, via = 'discrete', interval }: Starts,
  lossOf: (i: number) => SolutionLoss,
): Gradients & { readonly dstart: NdArray<Float64Array> } {
  const { volume, solving, trace } = flow
  const count = rows.length / n
  const given = readCondition(condition, m, count)
  const drawn = drawDirections(trace, n, count)
  const gradientOf = prepareSensitivity(volume, solving.method, via)
  const theta = Float64Array.from(volume.theta)
  const start = new Float64Array(n + growths + m)
  const [dstart, dcondition] = [new Float64Array(count * n), new Float64Array(count * m)]
  const dtheta = new Float64Array(p)
  for (let i = 0; i < count; i++) {
    start.fill(0)
    start.set(rows.subarray(i * n, (i + 1) * n))
    start.set(given.subarray(i * m, (i + 1) * m), n + growths)
    theta.set(drawn.subarray(i * d, (i + 1) * d), p)
    const found = gradientOf(start, interval, { ...solving, theta, saveAt: 'end', loss: lossOf(i) })
    if (found.status !== 'success')
      throw new SeparatrixError(
        `cnf-${found.status}`,
        `gradient of ${volume.name}: expected a solve over [${interval}] and its gradient, got ${found.status}. ${found.message}`,
      )
    dstart.set(found.dy0.subarray(0, n), i * n)
    dcondition.set(found.dy0.subarray(n + growths), i * m)
    for (let k = 0; k < p; k++) dtheta[k] += found.dtheta[k]
  }
  return { dstart: makeArray(dstart, [count, n]), dcondition: makeArray(dcondition, [count, m]), dtheta }
}
