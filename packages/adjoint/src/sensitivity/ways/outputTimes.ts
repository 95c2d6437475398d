import type { SaveAt, Solution } from '@separatrix/ode'
import type { StepOutputs } from '../steps/stepDerivative.js'
import type { Tape } from '../steps/tape.js'

/**
 * The outputs of a solve sorted into the steps of its tape. Output times are constants, as far as derivatives
 * are concerned, but for two: an output at t₁ moves with t₁, and the outputs that a solve without chosen times
 * has at events move with these.
 */
export interface OutputTimes {
  readonly count: number
  readonly times: Float64Array
  /** per output, the step it lies in; −1 for the start */
  readonly step: Int32Array
  /** σ = (tₛ − t)/h within that step; exactly 1 where the output is the state at the step's end */
  readonly positions: Float64Array
  /** 1 where the output moves with the end of its stretch */
  readonly moves: Uint8Array
}

/** Finds the step of each output time; the times run in the direction of the steps. */
export function outputTimes({ t: times, status }: Solution, tape: Tape, saveAt?: SaveAt): OutputTimes {
  const outputs = {
    count: times.length,
    times,
    step: new Int32Array(times.length).fill(-1),
    positions: new Float64Array(times.length),
    moves: new Uint8Array(times.length),
  }
  if (saveAt === undefined || saveAt === 'end' || 'everySteps' in saveAt) ofSteps(outputs, tape, saveAt)
  else chosen(outputs, tape, status === 'success')
  return outputs
}

function ofSteps(
  { count, step, positions, moves }: OutputTimes,
  tape: Tape,
  saveAt: 'end' | { readonly everySteps: number } | undefined,
): void {
  const every = typeof saveAt === 'object' ? saveAt.everySteps : 1
  for (let s = 0; s < count; s++) {
    const i = (saveAt === 'end' ? tape.count : s * every) - 1
    step[s] = i
    positions[s] = i < 0 ? 0 : 1
    const isJump = (k: number) => k >= 0 && k < tape.count && tape.h[k] === 0
    moves[s] = i === tape.count - 1 || isJump(i) || isJump(i + 1) ? 1 : 0
  }
}

function chosen(
  { times, step, positions, moves }: OutputTimes,
  { count, t, h }: Tape,
  reachedEnd: boolean,
): void {
  const direction = count === 0 || h[0] > 0 ? 1 : -1
  let i = 0
  times.forEach((time, s) => {
    if (time === t[0]) return
    while (i < count - 1 && (time - t[i + 1]) * direction > 0) i++
    step[s] = i
    positions[s] = time === t[i + 1] ? 1 : (time - t[i]) / h[i]
    moves[s] = reachedEnd && time === t[count] ? 1 : 0
  })
}

/** The step that holds a time inside of it or at its end, and where. */
export function placeInSteps({ count, t, h }: Tape, time: number) {
  let [low, high] = [0, count - 1]
  const direction = h[0] > 0 ? 1 : -1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((t[middle + 1] - time) * direction < 0) low = middle + 1
    else high = middle
  }
  return { step: low, position: Math.min(1, (time - t[low]) / h[low]) }
}

/** A view of outputs that sweeps move from step to step. */
export function stepOutputs({ positions }: OutputTimes, values: Float64Array): StepOutputs {
  return { positions, values, first: 0, last: 0 }
}
