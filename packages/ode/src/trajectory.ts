import type { Field } from '@separatrix/field/core'
import { integrator, type TakenSteps } from './integrator.js'
import type { StepOptions } from './prepare.js'
import type { VectorFieldFunction } from './problem.js'

/** A point of a trajectory; the arrays are the caller's. */
export interface TrajectoryPoint {
  readonly t: number
  readonly y: Float64Array
}

/** Steps taken ahead of the consumer: enough to amortise the call, few enough to stop soon. */
const ahead = 100

/**
 * The accepted steps of a solve, one by one, nothing kept: for runs of any length, and loops that decide
 * themselves when to stop. The generator returns why it ended ('done', or a difficulty).
 * @example for (const { t, y } of trajectory(lorenz, [1, 0, 0], [0, 1e6], { method: rk4, step: 1e-3 })) if (y[0] > 15) break
 */
export function* trajectory(
  target: Field | VectorFieldFunction,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: StepOptions,
): Generator<TrajectoryPoint, TakenSteps['reason']> {
  const n = y0.length
  const run = integrator(target, n, options, { capacity: ahead })
  const state = run.initialize(y0, span)
  yield { t: span[0], y: state.y.slice() }
  for (;;) {
    const { t, y, count, reason } = run.advance(state, ahead)
    for (let i = 1; i <= count; i++) yield { t: t[i] as number, y: y.slice(i * n, (i + 1) * n) }
    if (reason !== 'running') return reason
  }
}
