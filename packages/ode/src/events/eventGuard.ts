import type { Ending, Guard, Judgement } from '../drive.js'
import type { StepInterpolant } from '../interpolant.js'
import type { Kernel } from '../method.js'
import { code, copyState, makeState, type StepState, slot } from '../state.js'
import { makeTrace, type Trace } from '../trace.js'
import type { EventRecord, PreparedEvent } from './event.js'
import { isolateRoots } from './isolateRoots.js'
import { refineRoot } from './refineRoot.js'

/** A zero of one event function within a step, at the fraction θ of it. */
interface Crossing {
  readonly event: number
  readonly theta: number
  readonly direction: 'rising' | 'falling'
}

/**
 * Parts of a step within which crossings count as simultaneous, and after an event its own function is not
 * looked at: far above what rounding moves a root, far below what a tolerance resolves.
 */
const together = 1e-10

/** Corrections of the length of the step that ends at an event: the secant method gains a digit at least in each. */
const corrections = 4

/**
 * Resets whose gaps shrink to this part of the largest one accumulate (Zeno): below √ε a parabola between two
 * of them is lost in the rounding of its ends, and 1e-7 keeps clear of that.
 */
const zenoGap = 1e-7
const zenoCrossings = 3

/** Crossings without a reset this close, this many in a row, are a field that pushes to its own jump from both sides. */
const slidingGap = 1e-4
const slidingCrossings = 20

/** What is remembered of an event function's last crossings. */
interface Streak {
  time: number
  gap: number
  largestGap: number
  close: number
}

export interface EventGuard extends Guard {
  readonly records: EventRecord[]
}

/** What events are watched with. */
export interface EventSetting {
  readonly kernel: Kernel
  readonly interpolant: () => StepInterpolant
  readonly adaptive: boolean
  readonly start: number
}

/**
 * Watches the zeros of event functions: all of them in every step, from the interpolant. A crossing that ends
 * the solve or resets the state cuts its step short: the step is taken again to end there, its length
 * corrected until the event function vanishes at the method's own result.
 */
export function eventGuard(
  events: readonly PreparedEvent[],
  { kernel, interpolant, adaptive, start }: EventSetting,
): EventGuard {
  const records: EventRecord[] = []
  const counts = events.map(() => 0)
  const streaks = events.map(
    (): Streak => ({ time: start, gap: Number.POSITIVE_INFINITY, largestGap: 0, close: 0 }),
  )
  let scratch: { state: StepState; trace: Trace; y: Float64Array } | undefined
  /** events that fired at the start of the next step */
  let fired: readonly number[] = []

  const crossings = (trace: Trace, i: number, y: Float64Array): Crossing[] => {
    const polynomial = interpolant()
    let loaded = false
    const [t, h] = [trace.t[i] as number, trace.h[i] as number]
    const found: Crossing[] = []
    events.forEach((event, e) => {
      const g = (theta: number) => {
        if (!loaded) polynomial.load(trace, i)
        loaded = true
        polynomial.evaluate(theta, y)
        return event.value(t + theta * h, y)
      }
      for (const { from, to } of isolateRoots(g)) {
        const theta = refineRoot(g, from, to)
        const before = fired.includes(e) ? together : 0
        if (theta <= before) continue
        const direction = risesThrough(g, from, to, theta)
        if (direction === undefined || (event.direction !== undefined && event.direction !== direction))
          continue
        found.push({ event: e, theta, direction })
      }
    })
    return found.sort((a, b) =>
      Math.abs(a.theta - b.theta) <= together ? a.event - b.event : a.theta - b.theta,
    )
  }

  const record = (
    crossing: Crossing,
    t: number,
    y: Float64Array,
    after: Float64Array,
  ): Ending | undefined => {
    const { event, direction } = crossing
    const { name, last, reset } = events[event] as PreparedEvent
    counts[event] = (counts[event] as number) + 1
    records.push({ event, name, t, y: y.slice(), after: after.slice(), direction })
    const streak = streaks[event] as Streak
    const gap = Math.abs(t - streak.time)
    const part = reset === undefined ? slidingGap : zenoGap
    const close = gap <= part * streak.largestGap && (reset === undefined || gap <= streak.gap)
    streak.close = close ? streak.close + 1 : 0
    streak.time = t
    streak.gap = gap
    streak.largestGap = Math.max(streak.largestGap, gap)
    if (reset === undefined && streak.close >= slidingCrossings) return 'sliding'
    if (reset !== undefined && streak.close >= zenoCrossings) return 'zeno'
    return (counts[event] as number) >= last ? 'terminated' : undefined
  }

  /** Replaces step i by one that ends at the crossing: a true step of the method, not a point of the polynomial. */
  const stepTo = (trace: Trace, i: number, state: StepState, { event, theta }: Crossing): void => {
    const n = state.y.length
    scratch ??= {
      state: makeState(n, state.memory.length),
      trace: makeTrace(n, kernel.stageCount, trace.level, 1),
      y: new Float64Array(n),
    }
    const { value } = events[event] as PreparedEvent
    const [t, h] = [trace.t[i] as number, trace.h[i] as number]
    const attempt = (size: number): boolean => {
      const { state: s, trace: own } = scratch as NonNullable<typeof scratch>
      copyState(state, s)
      s.y.set(trace.y.subarray(i * n, (i + 1) * n))
      const R = s.registers
      R[slot.time] = t
      R[slot.base] = t
      R[slot.index] = 0
      R[slot.stop] = t + size
      R[slot.step] = size
      R[slot.fresh] = 0
      R[slot.streak] = 0
      R[slot.minStep] = 0
      R[slot.maxSteps] = Number.POSITIVE_INFINITY
      return kernel.advance(s, own, 1) === 1 && R[slot.code] === code.stop
    }
    let [size, previous] = [theta * h, h]
    let residual = Number.NaN
    let solved = attempt(size)
    for (let k = 0; solved && k < corrections; k++) {
      const s = (scratch as NonNullable<typeof scratch>).state
      const g = value(t + size, s.y)
      const slope = k === 0 ? slopeAt(trace, i, event, theta) : (g - residual) / (size - previous)
      const next = size - g / slope
      // the correction is of the size of the interpolant's error; anything else is not one
      if (g === 0 || next === size || !(Math.abs(next - size) < 0.1 * Math.abs(h)) || next * h <= 0) break
      ;[previous, size, residual] = [size, next, g]
      if (Math.abs(size - previous) <= 2 * Number.EPSILON * Math.abs(t + size)) break
      solved = attempt(size)
    }
    if (!solved) {
      const y = (scratch as NonNullable<typeof scratch>).y
      interpolant().load(trace, i)
      interpolant().evaluate(theta, y)
      trace.y.set(y, (i + 1) * n)
      trace.t[i + 1] = t + theta * h
      trace.h[i] = theta * h
      return
    }
    const { state: s, trace: own } = scratch
    state.registers[slot.evaluations] = s.registers[slot.evaluations] as number
    trace.y.set(s.y, (i + 1) * n)
    trace.t[i + 1] = s.registers[slot.time] as number
    trace.h[i] = own.h[0] as number
    if (trace.level === 'stages') trace.stages.set(own.stages, i * trace.stageCount * n)
  }

  const slopeAt = (trace: Trace, i: number, event: number, theta: number): number => {
    const polynomial = interpolant()
    polynomial.load(trace, i)
    const y = (scratch as NonNullable<typeof scratch>).y
    const [t, h] = [trace.t[i] as number, trace.h[i] as number]
    const at = (x: number) => {
      polynomial.evaluate(x, y)
      return (events[event] as PreparedEvent).value(t + x * h, y)
    }
    const width = 1e-5
    return (at(theta + width) - at(theta - width)) / (2 * width * h)
  }

  return {
    records,
    judge(trace, count, state): Judgement {
      const n = state.y.length
      const y = new Float64Array(n)
      for (let i = 0; i < count; i++) {
        if (trace.h[i] === 0) continue
        const found = crossings(trace, i, y)
        fired = []
        const acting = found.find(({ event }, k) => {
          const { reset, last } = events[event] as PreparedEvent
          const sofar = found.slice(0, k + 1).filter((c) => c.event === event).length
          return reset !== undefined || (counts[event] as number) + sofar >= last
        })
        const t = (theta: number) => (trace.t[i] as number) + theta * (trace.h[i] as number)
        for (const crossing of found) {
          if (acting !== undefined && crossing.theta >= acting.theta - together) break
          interpolant().evaluate(crossing.theta, y)
          const ending = record(crossing, t(crossing.theta), y, y)
          if (ending !== undefined) return cutShort(trace, i, count, state, crossing, [crossing], ending)
        }
        if (acting !== undefined) {
          const same = found.filter((c) => Math.abs(c.theta - acting.theta) <= together)
          return cutShort(trace, i, count, state, acting, same, undefined)
        }
        // a crossing at the very end of a step is the start of the next
        fired = found.filter((c) => c.theta >= 1 - together).map((c) => c.event)
      }
      return { count, ending: undefined, restarted: false }
    },
  }

  /** Ends the run at a crossing: the state becomes that of the crossing, after the resets. */
  function cutShort(
    trace: Trace,
    i: number,
    count: number,
    state: StepState,
    crossing: Crossing,
    same: readonly Crossing[],
    decided: Ending | undefined,
  ): Judgement {
    const n = state.y.length
    const proposal = state.registers[slot.step] as number
    stepTo(trace, i, state, crossing)
    const t = trace.t[i + 1] as number
    const y = trace.y.slice((i + 1) * n, (i + 2) * n)
    const after = y.slice()
    for (const { event } of same) events[event]?.reset?.(t, after)
    const resets = same.some(({ event }) => events[event]?.reset !== undefined)
    const endings = decided === undefined ? same.map((c) => record(c, t, y, after)) : [decided]
    fired = same.map((c) => c.event)
    const R = state.registers
    R[slot.accepted] = (R[slot.accepted] as number) - (count - (i + 1))
    R[slot.time] = t
    R[slot.fresh] = 0
    R[slot.streak] = 0
    R[slot.step] = nextStep(same, proposal)
    state.y.set(after)
    let kept = i + 1
    if (resets) {
      // a jump is a step of size zero
      trace.t[kept + 1] = t
      trace.h[kept] = 0
      trace.y.set(after, (kept + 1) * n)
      if (trace.level === 'stages')
        trace.stages.fill(0, kept * trace.stageCount * n, (kept + 1) * trace.stageCount * n)
      kept++
    }
    return { count: kept, ending: endings.find((e) => e !== undefined), restarted: true }
  }

  /** After a reset a step no longer than the time since the last one: what bounced may come back as soon. */
  function nextStep(same: readonly Crossing[], proposal: number): number {
    if (!adaptive) return proposal
    const gaps = same
      .filter(({ event }) => events[event]?.reset !== undefined)
      .map(({ event }) => (streaks[event] as Streak).gap)
      .filter(Number.isFinite)
    const bound = Math.min(Math.abs(proposal), ...gaps.filter((gap) => gap > 0))
    return Math.sign(proposal) * bound
  }
}

/** Direction of the crossing between the ends of its interval; undefined where the true function does not cross. */
function risesThrough(
  g: (theta: number) => number,
  from: number,
  to: number,
  theta: number,
): Crossing['direction'] | undefined {
  const [start, end] = from === to ? [g(Math.max(0, theta - 1e-6)), g(theta + 1e-6)] : [g(from), g(to)]
  if (start < end && start <= 0 && end >= 0) return 'rising'
  if (start > end && start >= 0 && end <= 0) return 'falling'
  return undefined
}
