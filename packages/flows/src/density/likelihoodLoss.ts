import { type Loss, prepareSensitivity, type SolutionLoss, type Via } from '@separatrix/adjoint'
import { misuse, show, withTheta } from '@separatrix/field/core'
import type { SolveOptions } from '@separatrix/ode'
import { type Base, standardNormal } from './base.js'
import { type Points, readPoints } from './points.js'
import { volumeField } from './volumeField.js'

export interface LikelihoodLossOptions
  extends Pick<SolveOptions, 'method' | 'rtol' | 'atol' | 'step' | 'maxSteps'> {
  readonly data: Points
  readonly base?: Base
  /** as in {@link cnf}: [0, 1] by default */
  readonly span?: readonly [number, number]
  /** points per step, drawn with replacement; all of them, without chance, where not given */
  readonly batch?: number
  readonly via?: Via
}

/**
 * Trains a continuous normalizing flow by maximum likelihood: the mean of −log p(x) over data, by the change
 * of variables with the exact trace, and its gradient through the solve. Chen et al., NeurIPS 2018, section
 * 4. Cost: a solve and its gradient per point.
 * @example
 * const random = seededRandom(0)
 * const data = Array.from({ length: 200 }, () => [2 + random.normal(), random.normal()])
 * const net = network({ widths: [2, 16, 2], activation: 'tanh', seed: 0 })
 * const loss = likelihoodLoss({ data, method: rk4, step: 0.25, batch: 32 })
 * const { field } = await fit({ field: net, loss, optimizer: adam({ rate: 1e-2 }), steps: 5, seed: 0 })
 */
export function likelihoodLoss({
  data,
  base: given,
  span = [0, 1],
  batch,
  via = 'discrete',
  method,
  ...solving
}: LikelihoodLossOptions): Loss {
  if (batch !== undefined && !(Number.isSafeInteger(batch) && batch > 0))
    throw misuse({
      where: 'likelihoodLoss',
      expected: 'a positive batch',
      got: show(batch),
      try: 'batch: 64',
    })
  return {
    name: 'likelihoodLoss',
    bind(field) {
      const n = field.stateSize
      const base = given ?? standardNormal(n)
      const rows = readPoints('likelihoodLoss', data, n)
      const count = rows.length / n
      const gradientOf = prepareSensitivity(volumeField(field, 'exact'), method, via)
      const from = new Float64Array(n + 1)
      const loss = negativeLogDensity(base)
      let failure: string | undefined
      const backwards = [span[1], span[0]] as const
      return {
        theta: field.theta,
        layout: field.layout,
        evaluate(theta, random, gradient) {
          gradient.fill(0)
          failure = undefined
          const terms = batch ?? count
          let total = 0
          for (let k = 0; k < terms; k++) {
            const i = batch === undefined ? k : random.integer(count)
            from.fill(0)
            for (let j = 0; j < n; j++) from[j] = rows[i * n + j]
            const options = { ...solving, method, theta, saveAt: 'end', loss } as const
            const { value, dtheta, status, message } = gradientOf(from, backwards, options)
            if (status !== 'success') failure = `A solve ended with ${status}: ${message}`
            total += value / terms
            for (let j = 0; j < gradient.length; j++) gradient[j] += dtheta[j] / terms
          }
          return total
        },
        reason: () => failure,
        restore: (theta) => ({ field: withTheta(field, theta) }),
      }
    },
  }
}

/**
 * −log p₀(z) − a of the state [z; a] at the start of the flow, where a is the growth of volume, with its sign
 * from going back.
 */
function negativeLogDensity(base: Base): SolutionLoss {
  const score = new Float64Array(base.size)
  const state = (y: Float64Array) => y.subarray(0, base.size)
  return {
    value: ({ data: y }) => -base.logProb(state(y)) - y[base.size],
    gradient({ data: y }, { data: dy }) {
      base.score(state(y), score)
      for (let i = 0; i < base.size; i++) dy[i] = -score[i]
      dy[base.size] = -1
    },
  }
}
