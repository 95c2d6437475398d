import { type Field, misuse, type Random, withTheta } from '@separatrix/field/core'
import type { SolveOptions } from '@separatrix/ode'
import { compileTrajectories } from '../batch/compileTrajectories.js'
import { expectExplicit } from '../batch/expectExplicit.js'
import type { Via } from '../sensitivity/sensitivity.js'
import type { Execution } from './execution.js'
import { type BoundLoss, beginning } from './loss.js'
import { minibatches } from './minibatches.js'
import { batchPath, type PathWeights } from './regularization/pathField.js'
import type { Target } from './trajectories.js'

type BatchSolving = Pick<SolveOptions, 'method' | 'step' | 'rtol' | 'atol'> & {
  readonly via?: Via
  readonly batch?: number
}

interface BatchTerms {
  readonly factors: Float64Array
  readonly execution: Execution
  /** RNODE's penalties, solved along with the states */
  readonly penalties?: PathWeights
}

/**
 * All trajectories of a step at once: those that end early stand still, with no weight, until the last one has ended.
 */
export function trajectoryBatch(
  field: Field,
  targets: readonly Target[],
  { method, step, rtol, atol, via = 'discrete', batch: most }: BatchSolving,
  { factors, execution, penalties = {} }: BatchTerms,
): BoundLoss {
  const where = "trajectoryLoss on 'wasm'"
  if (step === undefined || rtol !== undefined || atol !== undefined || via !== 'discrete')
    throw misuse({
      where,
      expected: "equal steps and via: 'discrete'",
      got: step === undefined ? 'tolerances' : `via: '${via}'`,
      try: "step: 0.05, or backend: 'js'",
      code: 'no-backend',
    })
  const minibatch = minibatches(where, targets.length, most)
  const batch = minibatch(beginning).length
  const path = batchPath(field, penalties)
  const [n, size] = [field.stateSize, path.field.stateSize]
  const kept = Math.max(...targets.map(({ saveAt }) => saveAt.length))
  const compiled = compileTrajectories(path.field, {
    where,
    method: expectExplicit(where, method),
    step,
    times: targets.map(({ span, saveAt }) =>
      Array.from({ length: kept + 1 }, (_, k) => (k === 0 ? span[0] : (saveAt[k - 1] ?? span[1]))),
    ),
    batch,
    precision: execution.precision,
  })
  const [start, dstart] = [new Float64Array(batch * size), new Float64Array(batch * size)]
  const length = kept * batch * size
  const [wanted, weight] = [new Float64Array(length), new Float64Array(length)]
  /** where a trajectory of the batch has its state at a kept time */
  const at = (k: number, i: number) => (k * batch + i) * size
  const load = (chosen: Int32Array) => {
    compiled.choose(chosen)
    const count = chosen.reduce((total, c) => total + targets[c].y.length, 0)
    weight.fill(0)
    chosen.forEach((c, i) => {
      const { y0, y } = targets[c]
      start.set(y0, i * size)
      for (let e = 0; e < y.length; e++) {
        const place = at(Math.floor(e / n), i) + (e % n)
        wanted[place] = y[e]
        weight[place] = factors[e % n] ** 2 / count
      }
    })
  }
  const [y, dy] = [new Float64Array(length), new Float64Array(length)]
  let loaded: Int32Array | undefined
  let failure: string | undefined
  return {
    theta: field.theta,
    layout: field.layout,
    execution,
    evaluate(theta, random: Random, gradient, moment = beginning) {
      const chosen = minibatch(moment)
      // all of them are the same array every time
      if (chosen !== loaded) load(chosen)
      loaded = chosen
      for (let i = 0; i < batch; i++) path.begin(start, i * size, random)
      compiled.solve(theta, start, y)
      let total = 0
      for (let e = 0; e < length; e++) {
        // what has no weight may be anything
        const residual = weight[e] === 0 ? 0 : y[e] - wanted[e]
        dy[e] = 2 * weight[e] * residual
        total += weight[e] * residual * residual
      }
      for (const [k, factor] of path.factors.entries())
        for (let i = 0; i < batch; i++) {
          const end = at(targets[chosen[i]].saveAt.length - 1, i) + n + k
          total += (factor / batch) * y[end]
          dy[end] = factor / batch
        }
      const lost = Number.isFinite(total) ? -1 : y.findIndex((v) => !Number.isFinite(v))
      failure =
        lost < 0
          ? undefined
          : `The solution of trajectory ${chosen[Math.floor(lost / size) % batch]} is no longer finite`
      compiled.pullback(dy, dstart, gradient)
      return total
    },
    reason: () => failure,
    restore: (theta) => ({ field: withTheta(field, theta) }),
  }
}
