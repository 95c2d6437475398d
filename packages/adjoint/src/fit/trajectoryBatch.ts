import { type Field, misuse, withTheta } from '@separatrix/field/core'
import type { SolveOptions } from '@separatrix/ode'
import { compileTrajectories } from '../batch/compileTrajectories.js'
import { expectExplicit } from '../batch/expectExplicit.js'
import type { Via } from '../sensitivity/sensitivity.js'
import type { Execution } from './execution.js'
import type { BoundLoss } from './loss.js'
import type { Target } from './trajectories.js'

type BatchSolving = Pick<SolveOptions, 'method' | 'step' | 'rtol' | 'atol'> & { readonly via?: Via }

/** All trajectories at once: those that end early stand still, with no weight, until the last one has ended. */
export function trajectoryBatch(
  field: Field,
  targets: readonly Target[],
  { method, step, rtol, atol, via = 'discrete' }: BatchSolving,
  { factors, execution }: { readonly factors: Float64Array; readonly execution: Execution },
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
  const [n, batch] = [field.stateSize, targets.length]
  const kept = Math.max(...targets.map(({ saveAt }) => saveAt.length))
  const compiled = compileTrajectories(field, {
    where,
    method: expectExplicit(where, method),
    step,
    times: targets.map(({ span, saveAt }) =>
      Array.from({ length: kept + 1 }, (_, k) => (k === 0 ? span[0] : (saveAt[k - 1] ?? span[1]))),
    ),
    precision: execution.precision,
  })
  const [start, dstart] = [new Float64Array(batch * n), new Float64Array(batch * n)]
  targets.forEach(({ y0 }, i) => {
    start.set(y0, i * n)
  })
  const size = kept * batch * n
  const [wanted, weight] = [new Float64Array(size), new Float64Array(size)]
  const count = targets.reduce((total, { y }) => total + y.length, 0)
  targets.forEach(({ y }, i) => {
    y.forEach((v, e) => {
      const at = (Math.floor(e / n) * batch + i) * n + (e % n)
      wanted[at] = v
      weight[at] = factors[e % n] ** 2 / count
    })
  })
  const [y, dy] = [new Float64Array(size), new Float64Array(size)]
  let failure: string | undefined
  return {
    theta: field.theta,
    layout: field.layout,
    execution,
    evaluate(theta, _random, gradient) {
      compiled.solve(theta, start, y)
      let total = 0
      for (let e = 0; e < size; e++) {
        const residual = y[e] - wanted[e]
        dy[e] = 2 * weight[e] * residual
        total += weight[e] * residual * residual
      }
      const lost = Number.isFinite(total) ? -1 : y.findIndex((v) => !Number.isFinite(v))
      failure =
        lost < 0
          ? undefined
          : `The solution of trajectory ${Math.floor(lost / n) % batch} is no longer finite`
      compiled.pullback(dy, dstart, gradient)
      return total
    },
    reason: () => failure,
    restore: (theta) => ({ field: withTheta(field, theta) }),
  }
}
