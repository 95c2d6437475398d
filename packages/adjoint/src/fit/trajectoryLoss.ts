import { type Field, misuse, seededRandom, withTheta } from '@separatrix/field/core'
import { type SolveOptions, solve } from '@separatrix/ode'
import type { OutputLoss } from '../sensitivity/loss.js'
import { prepareSensitivity, type Via } from '../sensitivity/sensitivity.js'
import { type Execution, plainExecution } from './execution.js'
import { holdOut } from './holdOut.js'
import { type BoundLoss, beginning, type Loss } from './loss.js'
import { minibatches } from './minibatches.js'
import {
  checkRegularization,
  movedEnd,
  prepareRegularization,
  type Regularization,
} from './regularization/regularize.js'
import {
  readTrajectories,
  readWeights,
  type Target,
  type Trajectory,
  type TrajectorySamples,
} from './trajectories.js'
import { trajectoryBatch } from './trajectoryBatch.js'

export interface TrajectoryLossOptions
  extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  /** may be given to {@link fit} instead */
  readonly data?: readonly Trajectory[] | Trajectory | TrajectorySamples
  readonly via?: Via
  /** one factor per state, e.g. 1/σ; 1 by default */
  readonly weights?: ArrayLike<number>
  /** trajectories per step; all by default */
  readonly batch?: number
  /** penalties that make the trained field easy to solve, as means over the trajectories of a step */
  readonly regularize?: Regularization
}

/**
 * Fits solutions to data: the mean over times and states of (wᵢ(yᵢ(tₖ) − dataₖᵢ))², each trajectory solved
 * from its start at its own times with its own steps, gradients by {@link sensitivity}. A solve that ends early
 * makes the loss NaN, which ends {@link fit} with its status.
 *
 * With `backend: 'wasm'` of {@link fit} all trajectories go through their steps together, in vectors: `step` is then
 * the longest step, every interval between data being divided into the fewest equal ones. Of the penalties it takes
 * `kinetic` and `jacobian`, which are solved along with the states and see those steps.
 * @example
 * const lotkaVolterra = system({ state: ['x', 'y'], params: { a: 1.5, b: 1, c: 3, d: 1 },
 *   dynamics: { x: 'a*x - b*x*y', y: '-c*y + d*x*y' } })
 * await fit({
 *   field: lotkaVolterra, optimizer: lbfgs(), steps: 5, seed: 0,
 *   loss: trajectoryLoss({ method: dopri5, rtol: 1e-8, atol: 1e-8, data: [{ t: [0, 1, 2], y: [[1, 1], [2, .5], [5, 1]] }] }),
 * })
 */
export function trajectoryLoss(options: TrajectoryLossOptions): Loss {
  return {
    name: 'trajectoryLoss',
    bind(field, given, execution = plainExecution, split) {
      const read = (source: unknown) => readTrajectories(source, field)
      const { training, validation } = holdOut(read(options.data ?? given), split, read)
      const factors = readWeights(options.weights, field)
      return execution.backend === 'wasm'
        ? allAtOnce(field, { training, validation, factors }, options, execution)
        : oneByOne(field, { training, validation, factors }, options)
    },
  }
}

interface Data {
  readonly training: readonly Target[]
  readonly validation: readonly Target[]
  readonly factors: Float64Array
}

function oneByOne(
  field: Field,
  { training, validation, factors }: Data,
  {
    data: _data,
    via = 'discrete',
    weights: _weights,
    batch,
    regularize = {},
    ...solving
  }: TrajectoryLossOptions,
): BoundLoss {
  const { method } = solving
  const gradientOf = prepareSensitivity(field, method, via)
  const choose = minibatches('trajectoryLoss', training.length, batch)
  const penalties = prepareRegularization(field, regularize, { method, via })
  const { endTime = 0 } = regularize
  let failure: string | undefined
  return {
    theta: field.theta,
    layout: field.layout,
    evaluate(theta, random, gradient, moment = beginning) {
      gradient.fill(0)
      failure = undefined
      let total = 0
      const chosen = Array.from(choose(moment), (i) => training[i])
      const count = countEntries(chosen)
      const add = (value: number, dtheta: Float64Array, share: number) => {
        total += share * value
        for (let i = 0; i < gradient.length; i++) gradient[i] += share * dtheta[i]
      }
      for (const target of chosen) {
        const { y0, y } = target
        const { span, saveAt } = endTime > 0 ? movedEnd(target, endTime, random) : target
        const loss = squares(y, factors, count)
        const { value, dtheta, status, message } = gradientOf(y0, span, { ...solving, saveAt, theta, loss })
        if (status !== 'success') failure = `A solve ended with ${status}: ${message}`
        add(value, dtheta, 1)
        for (const penalty of penalties({ y0, span, theta, solving }, random)) {
          failure ??= penalty.failure
          add(penalty.value, penalty.dtheta, 1 / chosen.length)
        }
      }
      return total
    },
    validate(theta) {
      const count = countEntries(validation)
      let total = 0
      for (const { y0, span, saveAt, y } of validation) {
        const solution = solve(field, y0, span, { ...solving, saveAt, theta })
        if (solution.status !== 'success') return Number.NaN
        total += squares(y, factors, count).value(solution.y)
      }
      return total
    },
    reason: () => failure,
    restore: (theta) => ({ field: withTheta(field, theta) }),
  }
}

function allAtOnce(
  field: Field,
  { training, validation, factors }: Data,
  options: TrajectoryLossOptions,
  execution: Execution,
): BoundLoss {
  const { kinetic, jacobian, ...others } = options.regularize ?? {}
  for (const [name, weight] of Object.entries(others))
    if (weight !== 0 && weight !== undefined)
      throw misuse({
        where: "trajectoryLoss on 'wasm'",
        expected: 'penalties kinetic and jacobian only',
        got: `regularize: { ${name}: ${weight} }`,
        try: "backend: 'js'",
        code: 'no-backend',
      })
  checkRegularization({ kinetic, jacobian })
  const terms = { factors, execution, penalties: { kinetic, jacobian } }
  const bound = trajectoryBatch(field, training, options, terms)
  if (validation.length === 0) return bound
  const held = trajectoryBatch(field, validation, { ...options, batch: undefined }, { factors, execution })
  const unused = { random: seededRandom(0), gradient: new Float64Array(field.theta.length) }
  return { ...bound, validate: (theta) => held.evaluate(theta, unused.random, unused.gradient) }
}

const countEntries = (targets: readonly Target[]) => targets.reduce((total, { y }) => total + y.length, 0)

function squares(target: Float64Array, factors: Float64Array, count: number): OutputLoss {
  const n = factors.length
  return {
    value: ({ data: y }) => y.reduce((sum, v, i) => sum + (factors[i % n] * (v - target[i])) ** 2, 0) / count,
    gradient({ data: y }, { data: dy }) {
      for (let i = 0; i < dy.length; i++) dy[i] = (2 * factors[i % n] ** 2 * (y[i] - target[i])) / count
    },
  }
}
