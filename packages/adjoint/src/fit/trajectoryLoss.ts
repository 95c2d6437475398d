import { type Field, show, withTheta } from '@separatrix/field/core'
import { type SolveOptions, solve } from '@separatrix/ode'
import type { SolutionLoss } from '../sensitivity/loss.js'
import { prepareSensitivity, type Via } from '../sensitivity/sensitivity.js'
import { holdOut } from './holdOut.js'
import { beginning, type Loss } from './loss.js'
import { minibatches } from './minibatches.js'
import {
  badData,
  readTrajectories,
  type Target,
  type Trajectory,
  type TrajectorySamples,
} from './trajectories.js'

export interface TrajectoryLossOptions
  extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  /** may be given to {@link fit} instead */
  readonly data?: readonly Trajectory[] | Trajectory | TrajectorySamples
  readonly via?: Via
  /** one factor per state, e.g. 1/σ; 1 by default */
  readonly weights?: ArrayLike<number>
  /** trajectories per step; all by default */
  readonly batch?: number
}

/**
 * Fits solutions to data: the mean over times and states of (wᵢ(yᵢ(tₖ) − dataₖᵢ))², each trajectory solved
 * from its start at its own times with its own steps, gradients by {@link sensitivity}. A solve that ends early
 * makes the loss NaN, which ends {@link fit} with its status.
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
  batch,
  method,
  ...solving
}: TrajectoryLossOptions): Loss {
  return {
    name: 'trajectoryLoss',
    bind(field, given, _execution, split) {
      const read = (source: unknown) => readTrajectories(source, field)
      const { training, validation } = holdOut(read(data ?? given), split, read)
      const factors = readWeights(weights, field)
      const gradientOf = prepareSensitivity(field, method, via)
      const choose = minibatches('trajectoryLoss', training.length, batch)
      const held = countEntries(validation)
      let failure: string | undefined
      return {
        theta: field.theta,
        layout: field.layout,
        evaluate(theta, _random, gradient, moment = beginning) {
          gradient.fill(0)
          failure = undefined
          let total = 0
          const chosen = Array.from(choose(moment), (i) => training[i])
          const count = countEntries(chosen)
          for (const { y0, span, saveAt, y } of chosen) {
            const loss = squares(y, factors, count)
            const options = { ...solving, method, saveAt, theta, loss }
            const { value, dtheta, status, message } = gradientOf(y0, span, options)
            if (status !== 'success') failure = `A solve ended with ${status}: ${message}`
            total += value
            for (let i = 0; i < gradient.length; i++) gradient[i] += dtheta[i]
          }
          return total
        },
        validate(theta) {
          let total = 0
          for (const { y0, span, saveAt, y } of validation) {
            const solution = solve(field, y0, span, { ...solving, method, saveAt, theta })
            if (solution.status !== 'success') return Number.NaN
            total += squares(y, factors, held).value(solution.y)
          }
          return total
        },
        reason: () => failure,
        restore: (theta) => ({ field: withTheta(field, theta) }),
      }
    },
  }
}

const countEntries = (targets: readonly Target[]) => targets.reduce((total, { y }) => total + y.length, 0)

function squares(target: Float64Array, factors: Float64Array, count: number): SolutionLoss {
  const n = factors.length
  return {
    value: ({ data: y }) => y.reduce((sum, v, i) => sum + (factors[i % n] * (v - target[i])) ** 2, 0) / count,
    gradient({ data: y }, { data: dy }) {
      for (let i = 0; i < dy.length; i++) dy[i] = (2 * factors[i % n] ** 2 * (y[i] - target[i])) / count
    },
  }
}

function readWeights(weights: ArrayLike<number> | undefined, field: Field): Float64Array {
  const factors = Float64Array.from(weights ?? field.stateNames.map(() => 1))
  if (factors.length === field.stateSize && factors.every(Number.isFinite)) return factors
  throw badData(`${field.stateSize} finite weights`, show(weights))
}
