import type { StepOutputs } from '../steps/stepDerivative.js'
import type { Tape } from '../steps/tape.js'

/** Output times sorted into the steps of a tape. */
export interface OutputTimes {
  readonly count: number
  /** per output, the step it lies in; −1 for the start */
  readonly step: Int32Array
  /** σ = (tₛ − t)/h within that step; exactly 1 where the output is the state at the step's end */
  readonly positions: Float64Array
}

/** Finds the step of each output time; the times run in the direction of the steps. */
export function outputTimes(times: Float64Array, { count, t, h }: Tape): OutputTimes {
  const step = new Int32Array(times.length).fill(-1)
  const positions = new Float64Array(times.length)
  const direction = count === 0 || h[0] > 0 ? 1 : -1
  let i = 0
  times.forEach((time, s) => {
    if (time === t[0]) return
    while (i < count - 1 && (time - t[i + 1]) * direction > 0) i++
    step[s] = i
    positions[s] = time === t[i + 1] ? 1 : (time - t[i]) / h[i]
  })
  return { count: times.length, step, positions }
}

/** A view of outputs that sweeps move from step to step. */
export function stepOutputs({ positions }: OutputTimes, values: Float64Array): StepOutputs {
  return { positions, values, first: 0, last: 0 }
}
