import { type Method, type StepInterpolant, type StepObserver, type Steps, stepRecord } from '@separatrix/ode'

/** A solve that can be read, once it is over, at any time between its ends, without allocating. */
export interface DenseRecord {
  /** to be given to the solve */
  readonly observers: readonly StepObserver[]
  /** restricts reading to steps first … last − 1, between which the solution is smooth */
  within(first: number, last: number): void
  at(t: number, out: Float64Array): void
  /** times at which steps ended, the start included */
  times(): Float64Array
}

/** Records steps; states in between come from the method's interpolant, whose stages are computed again or kept. */
export function denseRecord(t0: number, y0: ArrayLike<number>, { recordLevel }: Method): DenseRecord {
  const n = y0.length
  const record = stepRecord(t0, y0, recordLevel)
  let make: (() => StepInterpolant) | undefined
  let interpolant: StepInterpolant | undefined
  let steps: Steps | undefined
  let [first, last, loaded] = [0, Number.POSITIVE_INFINITY, -1]

  /** the step, of those allowed, that holds t inside of it or at its end */
  const find = ({ t: times, h }: Steps, t: number): number => {
    const direction = h[first] > 0 ? 1 : -1
    const holds =
      loaded >= first && (t - times[loaded]) * direction >= 0 && (times[loaded + 1] - t) * direction >= 0
    if (holds) return loaded
    let [low, high] = [first, Math.min(last, h.length) - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((times[middle] - t) * direction < 0) low = middle
      else high = middle - 1
    }
    return low
  }

  return {
    observers: [
      record,
      {
        level: 'steps',
        observe(run) {
          make = run.interpolant
        },
      },
    ],
    within(from, to) {
      first = from
      last = to
      if (loaded < from || loaded >= to) loaded = -1
    },
    times: () => record.steps().t,
    at(t, out) {
      steps ??= record.steps()
      interpolant ??= make?.()
      if (interpolant === undefined || record.count() === 0) {
        out.set(steps.y.subarray(0, n))
        return
      }
      const i = find(steps, t)
      if (i !== loaded) interpolant.load(steps, i)
      loaded = i
      interpolant.evaluate((t - steps.t[i]) / steps.h[i], out)
    },
  }
}
