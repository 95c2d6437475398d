import { copy, type StepInterpolant } from '../interpolant.js'
import type { Trace } from '../trace.js'
import type { CrossingDirection, PreparedEvent } from './event.js'
import { isolateRoots, type StepSamples, sampleStep } from './isolateRoots.js'
import { refineRoot } from './refineRoot.js'
import { border, type Closeness, touchings } from './touchings.js'

/** A zero of one event function within a step, at the fraction θ of it. */
export interface Crossing {
  readonly event: number
  readonly theta: number
  readonly direction: CrossingDirection
}

/**
 * Parts of a step within which crossings count as simultaneous, and after an event its own function is not
 * looked at: far above what rounding moves a root, far below what a tolerance resolves.
 */
export const together = 1e-10

/** What is known beforehand about a step. */
export interface Past {
  /** whether an event fired where it begins: it is not found again there */
  readonly fired: (event: number) => boolean
  /** when an event last touched zero */
  readonly touched: (event: number) => number
  /** accepted steps up to the end of this one */
  readonly steps: number
  /** by how much one step may be off in a component */
  readonly uncertainty: (i: number, value: number) => number
  /** the time that stands for the end of a step: a breakpoint, where the step ends just before it */
  readonly endTime: (t: number) => number
}

/** All zeros within step i of a trace, in the order of time; simultaneous ones in the order of the list. */
export function crossingsOf(
  events: readonly PreparedEvent[],
  trace: Trace,
  i: number,
  polynomial: StepInterpolant,
  past: Past,
): Crossing[] {
  const y = new Float64Array(trace.size)
  const moment = momentOf(trace, i, polynomial, past)
  const h = trace.h[i] as number
  const found: Crossing[] = []
  events.forEach(({ value, direction: wanted, touch }, event) => {
    const g = (theta: number) => value(moment(theta, y), y)
    const samples = sampleStep(g)
    const isNew = (theta: number) => theta > (past.fired(event) ? together : 0)
    const crossed = simpleZeros(g, samples).filter(({ theta }) => isNew(theta))
    const touched =
      wanted !== undefined
        ? []
        : touchings(g, samples, (theta) => closeness(value, moment(theta, y), y, past, touch), touch)
    for (const { theta, width, returns } of touched) {
      // crossings on either side are this touching zero; what only starts or ends in this step is none
      const pair = crossed.filter((c) => Math.abs(c.theta - theta) <= width)
      const before = past.touched(event)
      const isKnown = Math.abs(moment(theta, y) - before) <= border * Math.abs(h)
      if (!isNew(theta) || isKnown || !(returns || pair.length === 2)) continue
      for (const c of pair) crossed.splice(crossed.indexOf(c), 1)
      found.push({ event, theta, direction: 'touching' })
    }
    for (const { theta, direction } of crossed)
      if (wanted === undefined || wanted === direction) found.push({ event, theta, direction })
  })
  return found.sort((a, b) =>
    Math.abs(a.theta - b.theta) <= together ? a.event - b.event : a.theta - b.theta,
  )
}

/**
 * Puts the state at a fraction of a step into `y` and returns the time. The ends are those of the trace, not the
 * polynomial's: rounding between the two would hide a zero at the border of two steps from both.
 */
function momentOf(trace: Trace, i: number, polynomial: StepInterpolant, { endTime }: Past) {
  const [t, h] = [trace.t[i] as number, trace.h[i] as number]
  polynomial.load(trace, i)
  return (theta: number, y: Float64Array): number => {
    if (theta !== 0 && theta !== 1) {
      polynomial.evaluate(theta, y)
      return t + theta * h
    }
    copy(trace.y, (i + theta) * trace.size, y)
    return theta === 0 ? t : endTime(trace.t[i + 1] as number)
  }
}

function simpleZeros(g: (theta: number) => number, samples: StepSamples) {
  return isolateRoots(samples).flatMap(({ from, to }) => {
    const direction = directionOf(g, from, to)
    return direction === undefined ? [] : [{ theta: refineRoot(g, from, to), direction }]
  })
}

/** Rounding of an event function: a few operations on what it is made of, each good to ε. */
const roundings = 8 * Number.EPSILON

/**
 * How close to zero counts as zero: what changes of the components by their uncertainty change the function by,
 * added up. Independent errors of N steps add up to √N times that of one.
 */
function closeness(
  value: PreparedEvent['value'],
  t: number,
  y: Float64Array,
  { uncertainty, steps }: Past,
  touch: number | undefined,
): Closeness {
  const base = value(t, y)
  let [response, rounding] = [0, roundings * Math.abs(base)]
  y.forEach((v, i) => {
    const change = uncertainty(i, v)
    if (change === 0) return
    y[i] = v + change
    const moved = Math.abs(value(t, y) - base)
    y[i] = v
    response += moved
    rounding += roundings * Math.abs(v) * (moved / change)
  })
  const one = Math.max(response, rounding)
  return { crossed: one, missed: Math.max(touch ?? Math.sqrt(steps) * response, one) }
}

/** By the signs at the ends of the root's interval; undefined where the function itself does not cross. */
function directionOf(g: (theta: number) => number, from: number, to: number): CrossingDirection | undefined {
  const width = from === to ? 1e-6 : 0
  const [start, end] = [g(Math.max(0, from - width)), g(to + width)]
  if (start < end && start <= 0 && end >= 0) return 'rising'
  if (start > end && start >= 0 && end <= 0) return 'falling'
  return undefined
}
