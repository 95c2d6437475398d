import { makeArray, misuse } from '@separatrix/field/core'
import type { Solution } from '@separatrix/ode'
import type { LossCrossings, LossEvents, SolutionLoss } from '../loss.js'
import type { EventDerivative } from '../steps/eventDerivatives.js'
import type { Crossing } from './crossings.js'
import type { OutputTimes } from './outputTimes.js'

/** ∂L/∂ of the time and the states of one crossing. */
export interface CrossingCotangent {
  readonly t: number
  readonly y: Float64Array
  readonly after: Float64Array
}

/** The loss of a solution, differentiated in everything that it looked at. */
export interface DifferentiatedLoss {
  readonly value: number
  /** ∂L/∂y of the outputs, row-major */
  readonly cotangents: Float64Array
  ofCrossing(crossing: Crossing): CrossingCotangent
}

/** The crossings of a solution, as a loss gets them. */
export function lossEvents({ events: records, y }: Pick<Solution, 'events' | 'y'>): LossEvents {
  const n = y.shape[1]
  const states = (pick: 'y' | 'after') =>
    makeArray(Float64Array.from(records.flatMap((r) => Array.from(r[pick]))), [records.length, n])
  return { records, t: Float64Array.from(records, (r) => r.t), y: states('y'), after: states('after') }
}

/** Evaluates a loss and its gradient. */
export function lossOf(
  loss: SolutionLoss | undefined,
  solution: Pick<Solution, 'y' | 'events'>,
): DifferentiatedLoss {
  if (loss === undefined)
    throw misuse({
      where: 'sensitivity',
      expected: 'a loss, or an integral',
      got: 'neither',
      try: 'loss: { value: (y) => y.get(0, 0), gradient: (_y, dy) => dy.set(0, 0, 1) }',
    })
  const { y } = solution
  const n = y.shape[1]
  const events = lossEvents(solution)
  const cotangents = new Float64Array(y.data.length)
  const zeros = () => makeArray(new Float64Array(events.y.data.length), events.y.shape)
  const onEvents: LossCrossings = { t: new Float64Array(events.t.length), y: zeros(), after: zeros() }
  const value = loss.value(y, events)
  loss.gradient(y, makeArray(cotangents, y.shape), events, onEvents)
  return {
    value,
    cotangents,
    ofCrossing({ record, events: same }) {
      const sum = { t: 0, y: new Float64Array(n), after: new Float64Array(n) }
      for (let k = record; k < record + same.length; k++) {
        sum.t += onEvents.t[k]
        for (let m = 0; m < n; m++) {
          sum.y[m] += onEvents.y.data[k * n + m]
          sum.after[m] += onEvents.after.data[k * n + m]
        }
      }
      return sum
    },
  }
}

/**
 * Where the loss has a gradient, in the order of time: outputs, and crossings that were only noted, which are
 * states of the solution at times of their own.
 */
export interface LossRows extends OutputTimes {
  /** ∂L/∂y, row-major */
  readonly values: Float64Array
  /** per row, the crossing that it is */
  readonly crossings: readonly (Crossing | undefined)[]
}

/**
 * Puts the crossings among the outputs that the loss looks at and that did not cut a step; `place` says where.
 */
export function lossRows(
  outputs: OutputTimes,
  { cotangents, ofCrossing }: DifferentiatedLoss,
  crossings: readonly Crossing[],
  place: (crossing: Crossing) => { readonly step: number; readonly position: number },
): LossRows {
  const noted = crossings
    .filter(({ acts }) => !acts)
    .map((crossing) => ({ crossing, on: ofCrossing(crossing) }))
    .filter(({ on: { t, y, after } }) => t !== 0 || y.some((v) => v !== 0) || after.some((v) => v !== 0))
  if (noted.length === 0)
    return { ...outputs, values: cotangents, crossings: Array.from({ length: outputs.count }) }
  const n = noted[0].on.y.length
  const rows = [
    ...Array.from(outputs.times, (time, s) => ({
      crossing: undefined as Crossing | undefined,
      time,
      step: outputs.step[s],
      position: outputs.positions[s],
      moves: outputs.moves[s],
      value: cotangents.subarray(s * n, (s + 1) * n),
    })),
    ...noted.map(({ crossing, on }) => ({
      crossing,
      time: crossing.t,
      ...place(crossing),
      moves: 0,
      value: on.y.map((v, m) => v + on.after[m]),
    })),
  ].sort((a, b) => a.step - b.step || a.position - b.position)
  return {
    count: rows.length,
    times: Float64Array.from(rows, (r) => r.time),
    step: Int32Array.from(rows, (r) => r.step),
    positions: Float64Array.from(rows, (r) => r.position),
    moves: Uint8Array.from(rows, (r) => r.moves),
    values: Float64Array.from(rows.flatMap((r) => Array.from(r.value))),
    crossings: rows.map((r) => r.crossing),
  }
}

/** A crossing that was only noted, ∂L/∂ of its time, and the derivatives of its function. */
export interface HeldCrossing {
  readonly crossing: Crossing
  readonly onTime: number
  readonly surface: ReturnType<EventDerivative['surface']>
}

/**
 * Turns ∂L/∂ of a noted crossing into that of the state at a constant time: dt_c = −(∇g·dy + g_θ dθ)/ġ with
 * ġ = ∇g·ẏ + g_t, dy_c = dy + ẏ dt_c. Writes row `s` of `values` and adds to μ.
 */
export function holdCrossing(
  rows: LossRows,
  s: number,
  slope: Float64Array,
  { crossing, onTime, surface }: HeldCrossing,
  mu: Float64Array,
): void {
  const n = slope.length
  const shift = surface.length - 1
  let [passing, along] = [surface[shift], onTime]
  for (let m = 0; m < n; m++) {
    passing += surface[m] * slope[m]
    along += rows.values[s * n + m] * slope[m]
  }
  const multiplier = crossing.touches ? Number.NaN : -along / passing
  for (let m = 0; m < n; m++) rows.values[s * n + m] += multiplier * surface[m]
  for (let k = 0; k < shift - n; k++) mu[k] += multiplier * surface[n + k]
}
