import { withTheta } from '@separatrix/field/core'
import type { SolveOptions } from '@separatrix/ode'
import type { SolutionLoss } from '../sensitivity/loss.js'
import { prepareSensitivity, type Via } from '../sensitivity/sensitivity.js'
import { plainExecution } from './execution.js'
import type { Loss } from './loss.js'
import { readTrajectories, readWeights, type Trajectory, type TrajectorySamples } from './trajectories.js'
import { trajectoryBatch } from './trajectoryBatch.js'

export interface TrajectoryLossOptions
  extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  /** may be given to {@link fit} instead */
  readonly data?: readonly Trajectory[] | Trajectory | TrajectorySamples
  readonly via?: Via
  /** one factor per state, e.g. 1/σ; 1 by default */
  readonly weights?: ArrayLike<number>
}

/**
 * Fits solutions to data: the mean over times and states of (wᵢ(yᵢ(tₖ) − dataₖᵢ))², each trajectory solved
 * from its start with its own steps, gradients by {@link sensitivity}. A solve that ends early makes the loss
 * NaN, which ends {@link fit} with its status.
 *
 * With `backend: 'wasm'` of {@link fit} all trajectories go through their steps together, in vectors: `step` is then
 * the longest step, every interval between data being divided into the fewest equal ones.
 * @example
 * const lotkaVolterra = system({ state: ['x', 'y'], params: { a: 1.5, b: 1, c: 3, d: 1 },
 *   dynamics: { x: 'a*x - b*x*y', y: '-c*y + d*x*y' } })
 * await fit({
 *   field: lotkaVolterra, optimizer: lbfgs(), steps: 5, seed: 0,
 *   loss: trajectoryLoss({ method: dopri5, rtol: 1e-8, atol: 1e-8, data: [{ t: [0, 1, 2], y: [[1, 1], [2, .5], [5, 1]] }] }),
 * })
 */
export function trajectoryLoss(options: TrajectoryLossOptions): Loss {
  const { data, via = 'discrete', weights, method, ...solving } = options
  return {
    name: 'trajectoryLoss',
    bind(field, given, execution = plainExecution) {
      const targets = readTrajectories(data ?? given, field)
      const factors = readWeights(weights, field)
      if (execution.backend === 'wasm')
        return trajectoryBatch(field, targets, options, { factors, execution })
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
