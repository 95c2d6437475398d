import { checkOptions, type Field } from '@separatrix/field/core'
import type { EventRecord } from './events/event.js'
import { integrator, type TakenSteps } from './integrator.js'
import type { VectorFieldFunction } from './problem.js'
import { type IntegratorOptions, integratorOptionNames } from './watch.js'

/** A point of a trajectory; the arrays are the caller's. */
export interface TrajectoryPoint {
  readonly t: number
  readonly y: Float64Array
  /** what was found since the point before */
  readonly events: readonly EventRecord[]
}

/** Steps taken ahead of the consumer: enough to amortise the call, few enough to stop soon. */
const ahead = 100

/**
 * The accepted steps of a solve, one by one, nothing kept: for runs of any length, and loops that decide
 * themselves when to stop. A reset gives two points at one time, before and after. The generator returns why it
 * ended ('done', an event, or a difficulty).
 * @example
 * const lorenz = (_t, [x, y, z], d) => { d[0] = 10 * (y - x); d[1] = x * (28 - z) - y; d[2] = x * y - (8 / 3) * z }
 * for (const { t, y } of trajectory(lorenz, [1, 0, 0], [0, 1e6], { method: rk4, step: 1e-3 })) if (y[0] > 15) break
 */
export function* trajectory(
  target: Field | VectorFieldFunction,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  options: IntegratorOptions,
): Generator<TrajectoryPoint, TakenSteps['reason']> {
  checkOptions('trajectory', options, integratorOptionNames)
  const n = y0.length
  const run = integrator(target, n, options, { capacity: ahead })
  const state = run.initialize(y0, span)
  const direction = span[1] >= span[0] ? 1 : -1
  yield { t: span[0], y: state.y.slice(), events: none }
  for (;;) {
    const { t, y, count, reason, events } = run.advance(state, ahead)
    let told = 0
    for (let i = 1; i <= count; i++) {
      const first = told
      while (told < events.length && ((events[told]?.t ?? 0) - (t[i] as number)) * direction <= 0) told++
      const since = told === first ? none : events.slice(first, told)
      yield { t: t[i] as number, y: y.slice(i * n, (i + 1) * n), events: since }
    }
    if (reason !== 'running') return reason
  }
}

const none: readonly EventRecord[] = []
