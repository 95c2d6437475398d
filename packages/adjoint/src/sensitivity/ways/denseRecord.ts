import { type StepInterpolant, type StepObserver, type Steps, stepRecord } from '@separatrix/ode'

/** A solve that can be read, once it is over, at any time between its ends, without allocating. */
export interface DenseRecord {
  /** to be given to the solve */
  readonly observers: readonly StepObserver[]
  at(t: number, out: Float64Array): void
  /** times at which steps ended, the start included */
  times(): Float64Array
}

/** Records steps; states in between come from the method's interpolant, whose stages are computed again. */
export function denseRecord(t0: number, y0: ArrayLike<number>): DenseRecord {
  const n = y0.length
  const record = stepRecord(t0, y0)
  let make: (() => StepInterpolant) | undefined
  let interpolant: StepInterpolant | undefined
  let steps: Steps | undefined
  let loaded = -1
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
    times: () => record.steps().t,
    at(t, out) {
      steps ??= record.steps()
      interpolant ??= make?.()
      if (interpolant === undefined || record.count() === 0) {
        out.set(steps.y.subarray(0, n))
        return
      }
      const i = holds(steps.t, loaded, t) ? loaded : record.find(t)
      if (i !== loaded) interpolant.load(steps, i)
      loaded = i
      interpolant.evaluate((t - steps.t[i]) / steps.h[i], out)
    },
  }
}

function holds(times: Float64Array, i: number, t: number): boolean {
  return i >= 0 && (t - times[i]) * (times[i + 1] - t) >= 0
}
