import { misuse, show } from '@separatrix/field/core'
import { makeSeries, type Series } from '../series.js'
import type { TraceLevel } from '../trace.js'
import type { StepObserver } from './observer.js'

/** What a solution keeps: chosen times, every k-th accepted step, or the end only. */
export type SaveAt = ArrayLike<number> | { readonly everySteps: number } | 'end'

/** An observer that collects rows of output. */
export interface Output extends StepObserver {
  readonly times: Series
  readonly states: Series
}

/** Keeps the start and every k-th accepted step. */
export function everySteps(size: number, t0: number, y0: Float64Array, k: number): Output {
  const [times, states] = startSeries(size, t0, y0)
  let seen = 0
  return {
    level: 'steps',
    times,
    states,
    observe({ trace, count }) {
      if (k === 1) {
        times.append(trace.t, 1, count)
        states.append(trace.y, size, count)
        return
      }
      for (let i = 1; i <= count; i++) {
        if (++seen % k !== 0) continue
        times.append(trace.t, i, 1)
        states.append(trace.y, i * size, 1)
      }
    },
  }
}

function startSeries(size: number, t0: number, y0: Float64Array): [Series, Series] {
  const [times, states] = [makeSeries(1), makeSeries(size)]
  times.append(Float64Array.of(t0), 0, 1)
  states.append(y0, 0, 1)
  return [times, states]
}

/** Where a {@link savedTimes} output starts. */
export interface OutputStart {
  readonly t0: number
  readonly y0: Float64Array
  readonly direction: number
  readonly level: TraceLevel
}

/**
 * Interpolates at given times. A time that is the end of a step gives the step's own value, not the
 * polynomial's.
 */
export function savedTimes(wanted: Float64Array, { t0, y0, direction, level }: OutputStart): Output {
  const n = y0.length
  const [times, states] = [makeSeries(1, wanted.length), makeSeries(n, wanted.length)]
  const value = new Float64Array(n)
  let next = 0
  while (next < wanted.length && wanted[next] === t0) {
    times.append(wanted, next++, 1)
    states.append(y0, 0, 1)
  }
  return {
    level,
    times,
    states,
    observe({ trace, count, interpolant }) {
      for (let i = 0; i < count && next < wanted.length; i++) {
        const end = trace.t[i + 1] as number
        let loaded = false
        for (; next < wanted.length && ((wanted[next] as number) - end) * direction <= 0; next++) {
          times.append(wanted, next, 1)
          if (wanted[next] === end) {
            states.append(trace.y, (i + 1) * n, 1)
            continue
          }
          const polynomial = interpolant()
          if (!loaded) polynomial.load(trace, i)
          loaded = true
          polynomial.evaluate(
            ((wanted[next] as number) - (trace.t[i] as number)) / (trace.h[i] as number),
            value,
          )
          states.append(value, 0, 1)
        }
      }
    },
  }
}

const noTimes = new Float64Array(0)

/** Checks the times of saveAt: finite, within the span, in its direction. */
export function checkTimes(
  name: string,
  times: ArrayLike<number>,
  [t0, t1]: readonly [number, number],
): Float64Array {
  if (times.length === 0) return noTimes
  const list = new Float64Array(times)
  const direction = t1 >= t0 ? 1 : -1
  const fail = (expected: string, got: unknown) =>
    misuse({
      where: `solve(${name})`,
      expected,
      got: show(got),
      try: `times from ${t0} to ${t1}, in that order`,
      code: 'bad-times',
    })
  list.forEach((t, i) => {
    if (!((t - t0) * direction >= 0 && (t1 - t) * direction >= 0))
      throw fail(`times between ${t0} and ${t1}`, t)
    if (i > 0 && (t - (list[i - 1] as number)) * direction < 0)
      throw fail(`times that ${direction > 0 ? 'increase' : 'decrease'}`, [list[i - 1], t])
  })
  return list
}
