import { type Field, misuse, show, withTheta } from '@separatrix/field/core'
import type { SolveOptions } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import type { SolutionLoss } from '../sensitivity/loss.js'
import { prepareSensitivity, type Via } from '../sensitivity/sensitivity.js'
import type { Loss } from './loss.js'

/** A measured trajectory: times, ascending, and a row of states per time. */
export interface Trajectory {
  readonly t: ArrayLike<number>
  readonly y: readonly ArrayLike<number>[] | NdArray
  /** where the solve starts, at t[0]; the first row by default, which then is no residual */
  readonly y0?: ArrayLike<number>
}

/** A measured trajectory as a list of samples. */
export type TrajectorySamples = readonly { readonly t: number; readonly y: ArrayLike<number> }[]

export interface TrajectoryLossOptions
  extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  /** may be given to {@link fit} instead */
  readonly data?: readonly Trajectory[] | Trajectory | TrajectorySamples
  readonly via?: Via
  /** one factor per state, e.g. 1/σ; 1 by default */
  readonly weights?: ArrayLike<number>
}

/** A trajectory ready to be compared with. */
interface Target {
  readonly y0: Float64Array
  readonly span: readonly [number, number]
  readonly saveAt: Float64Array
  /** [times, n], row-major */
  readonly y: Float64Array
}

/**
 * Fits solutions to data: the mean over times and states of (wᵢ(yᵢ(tₖ) − dataₖᵢ))², each trajectory solved
 * from its start with its own steps, gradients by {@link sensitivity}. A solve that ends early makes the loss
 * NaN, which ends {@link fit} with its status.
 * @example
 * const lotkaVolterra = system({ state: ['x', 'y'], params: { a: 1.5, b: 1, c: 3, d: 1 },
 *   dynamics: { x: 'a*x - b*x*y', y: '-c*y + d*x*y' } })
 * await fit({
 *   field: lotkaVolterra, optimizer: lbfgs(), steps: 5, seed: 0,
 *   loss: trajectoryLoss({ method: dopri5, rtol: 1e-8, atol: 1e-8, data: [{ t: [0, 1, 2], y: [[1, 1], [2, .5], [5, 1]] }] }),
 * })
 */
export function trajectoryLoss({
  data,
  via = 'discrete',
  weights,
  method,
  ...solving
}: TrajectoryLossOptions): Loss {
  return {
    name: 'trajectoryLoss',
    bind(field, given) {
      const targets = readTrajectories(data ?? given, field)
      const factors = readWeights(weights, field)
      const gradientOf = prepareSensitivity(field, method, via)
      let failure: string | undefined
      const count = targets.reduce((total, { y }) => total + y.length, 0)
      return {
        theta: field.theta,
        layout: field.layout,
        evaluate(theta, _random, gradient) {
          gradient.fill(0)
          failure = undefined
          let total = 0
          for (const { y0, span, saveAt, y } of targets) {
            const loss = squares(y, factors, count)
            const options = { ...solving, method, saveAt, theta, loss }
            const { value, dtheta, status, message } = gradientOf(y0, span, options)
            if (status !== 'success') failure = `A solve ended with ${status}: ${message}`
            total += value
            for (let i = 0; i < gradient.length; i++) gradient[i] += dtheta[i]
          }
          return total
        },
        reason: () => failure,
        restore: (theta) => ({ field: withTheta(field, theta) }),
      }
    },
  }
}

function squares(target: Float64Array, factors: Float64Array, count: number): SolutionLoss {
  const n = factors.length
  return {
    value: ({ data: y }) => y.reduce((sum, v, i) => sum + (factors[i % n] * (v - target[i])) ** 2, 0) / count,
    gradient({ data: y }, { data: dy }) {
      for (let i = 0; i < dy.length; i++) dy[i] = (2 * factors[i % n] ** 2 * (y[i] - target[i])) / count
    },
  }
}

function readTrajectories(data: unknown, field: Field): Target[] {
  const list = Array.isArray(data) ? data : data === undefined ? [] : [data]
  if (list.length > 0 && list.every((item) => typeof item?.t === 'number'))
    return [
      readTrajectory({ t: list.map((item) => item.t), y: list.map((item) => item.y) }, 0, field.stateSize),
    ]
  if (list.length === 0) throw bad('data: a list of trajectories { t, y }', show(data))
  return list.map((item: Partial<Trajectory>, k) => readTrajectory(item, k, field.stateSize))
}

function readTrajectory({ t, y, y0 }: Partial<Trajectory>, k: number, n: number): Target {
  if (t === undefined || y === undefined || !(t.length > 0))
    throw bad(`times t and states y in trajectory ${k}`, show({ t, y }))
  const rows = Array.from({ length: t.length }, (_, i) => Array.from({ length: n }, (_, j) => entry(y, i, j)))
  const times = Float64Array.from(t)
  if (rowCount(y) !== t.length || rows.flat().some((v) => !Number.isFinite(v)))
    throw bad(`${t.length} rows of ${n} finite numbers in trajectory ${k}`, show(y))
  if (times.some((v, i) => !(i === 0 ? Number.isFinite(v) : v > times[i - 1])))
    throw bad(`ascending times in trajectory ${k}`, show(t))
  const from = y0 === undefined ? 1 : 0
  if (y0 === undefined && t.length < 2) throw bad(`two times in trajectory ${k}, or its y0`, show(t))
  return {
    y0: Float64Array.from(y0 ?? rows[0]),
    span: [times[0], times[times.length - 1]],
    saveAt: times.slice(from),
    y: Float64Array.from(rows.slice(from).flat()),
  }
}

function rowCount(y: Trajectory['y']): number {
  return 'shape' in y ? y.shape[0] : y.length
}

function entry(y: Trajectory['y'], i: number, j: number): number {
  return 'shape' in y ? y.get(i, j) : (y[i]?.[j] ?? Number.NaN)
}

function readWeights(weights: ArrayLike<number> | undefined, field: Field): Float64Array {
  const factors = Float64Array.from(weights ?? field.stateNames.map(() => 1))
  if (factors.length === field.stateSize && factors.every(Number.isFinite)) return factors
  throw bad(`${field.stateSize} finite weights`, show(weights))
}

function bad(expected: string, got: string) {
  return misuse({
    where: 'trajectoryLoss',
    expected,
    got,
    try: 'data: [{ t: [0, 1], y: [[1, 0], [0.5, 0.2]] }]',
    code: 'bad-data',
  })
}
