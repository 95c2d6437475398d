import { compile, type Field, misuse } from '@separatrix/field/core'
import { makeSeries, type Series } from '../series.js'
import type { StepObserver } from './observer.js'

/** What is watched: a field of the state, or a function that writes `size` numbers. */
export type Observable =
  | Field
  | { readonly size: number; readonly value: (t: number, y: Float64Array, out: Float64Array) => void }

/** Values of an observable at every accepted step. */
export interface ObservableRecord extends StepObserver {
  readonly times: Series
  readonly values: Series
}

/**
 * Keeps an observable of every accepted step instead of the state: an energy of a system of a thousand
 * states costs one number a step.
 * @example
 * const energy = observableRecord(expression('p^2/2 - cos(q)', ['q', 'p']))
 * solve(pendulum, [1, 0], [0, 100], { method: leapfrog, step: .1, saveAt: 'end', observers: [energy] })
 * energy.values.view() // one per step
 */
export function observableRecord(observable: Observable): ObservableRecord {
  const [size, value] = prepare(observable)
  const out = new Float64Array(size)
  const [times, values] = [makeSeries(1), makeSeries(size)]
  let y: Float64Array | undefined
  return {
    level: 'steps',
    times,
    values,
    observe({ trace, count }) {
      const n = trace.size
      y ??= new Float64Array(n)
      for (let i = 1; i <= count; i++) {
        for (let c = 0; c < n; c++) y[c] = trace.y[i * n + c] as number
        value(trace.t[i] as number, y, out)
        times.append(trace.t, i, 1)
        values.append(out, 0, 1)
      }
    },
  }
}

type Evaluate = (t: number, y: Float64Array, out: Float64Array) => void

function prepare(observable: Observable): readonly [number, Evaluate] {
  if ('nodes' in observable) return [observable.outputSize, compile(observable)]
  if (Number.isInteger(observable.size) && observable.size > 0) return [observable.size, observable.value]
  throw misuse({
    where: 'observableRecord',
    expected: 'a field, or { size, value(t, y, out) }',
    got: `size ${observable.size}`,
    try: "expression('x^2', ['x'])",
  })
}
