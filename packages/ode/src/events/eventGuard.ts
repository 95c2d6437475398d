import type { Ending, Guard, Judgement } from '../drive.js'
import type { StepInterpolant } from '../interpolant.js'
import type { Kernel, Stepping } from '../method.js'
import { type StepState, slot } from '../state.js'
import { justBefore, type Stop } from '../stops.js'
import type { Trace } from '../trace.js'
import { noteCrossing } from './accumulation.js'
import { type Crossing, crossingsOf, type Past, together } from './crossings.js'
import type { EventRecord, PreparedEvent } from './event.js'
import { memory, memoryWidth } from './eventMemory.js'
import { stepToCrossing } from './stepToCrossing.js'

/** What events are watched with. */
export interface EventSetting {
  readonly kernel: Kernel
  readonly interpolant: () => StepInterpolant
  readonly stepping: Stepping
  readonly stops: readonly Stop[]
  /** called for every event, in the order of time */
  readonly record: (event: EventRecord) => void
}

/**
 * Watches the zeros of event functions: all of them in every step, from the interpolant. A crossing that ends
 * the solve or resets the state cuts its step short, and integration starts again from there. What it remembers
 * is in the state.
 */
export function eventGuard(
  events: readonly PreparedEvent[],
  { kernel, interpolant, stepping, stops, record }: EventSetting,
): Guard {
  const uncertainty = uncertaintyOf(stepping)
  // a step that ends just before a breakpoint, in either direction, stands for it
  const breakpoints = new Map(
    stops.filter((s) => s.breakpoint).flatMap(({ t }) => [1, -1].map((sign) => [justBefore(t, sign), t])),
  )
  const endTime = (t: number) => breakpoints.get(t) ?? t
  const stepTo = stepToCrossing(kernel, interpolant)
  const resets = ({ event }: Crossing) => events[event]?.reset !== undefined
  const memoryOf = (state: StepState, event: number) =>
    state.events.subarray(event * memoryWidth, (event + 1) * memoryWidth)
  const countOf = (state: StepState, event: number) => memoryOf(state, event)[memory.count] as number

  const note = (
    state: StepState,
    { event, direction }: Crossing,
    t: number,
    y: Float64Array,
    after: Float64Array,
  ): Ending | undefined => {
    const { name, last, reset } = events[event] as PreparedEvent
    const own = memoryOf(state, event)
    if (direction === 'touching') own[memory.touched] = t
    const piled = noteCrossing(own, t, reset !== undefined)
    record({ event, name, t, y: y.slice(), after: after.slice(), direction })
    return piled ?? ((own[memory.count] as number) >= last ? 'terminated' : undefined)
  }

  /** The first crossing of a step that resets the state or is the last that is waited for. */
  const firstActing = (state: StepState, found: readonly Crossing[]) =>
    found.find((crossing, k) => {
      const before = found.slice(0, k + 1).filter((c) => c.event === crossing.event).length
      const { last } = events[crossing.event] as PreparedEvent
      return resets(crossing) || countOf(state, crossing.event) + before >= last
    })

  const setFired = (state: StepState, fired: readonly Crossing[]) => {
    for (let k = 0; k < events.length; k++)
      memoryOf(state, k)[memory.fired] = fired.some((c) => c.event === k) ? 1 : 0
  }

  /** Ends the run at simultaneous crossings in step i: the state becomes that of the crossing, after the resets. */
  const cutShort = (
    run: { readonly trace: Trace; readonly count: number; readonly state: StepState },
    i: number,
    same: readonly Crossing[],
    decided?: Ending,
  ): Judgement => {
    const { trace, count, state } = run
    const n = state.y.length
    const first = same[0] as Crossing
    stepTo(trace, i, state, events[first.event] as PreparedEvent, first)
    const t = trace.t[i + 1] as number
    const y = trace.y.slice((i + 1) * n, (i + 2) * n)
    const after = y.slice()
    for (const { event } of same) events[event]?.reset?.(t, after)
    const endings = decided === undefined ? same.map((c) => note(state, c, t, y, after)) : [decided]
    setFired(state, same)
    const R = state.registers
    R[slot.accepted] = (R[slot.accepted] as number) - (count - (i + 1))
    R[slot.time] = t
    R[slot.fresh] = 0
    R[slot.streak] = 0
    if (stepping.kind === 'adaptive') {
      // what bounced may come back as soon: no step longer than the time since the last reset
      const since = same.filter(resets).map(({ event }) => memoryOf(state, event)[memory.gap] as number)
      const h = R[slot.step] as number
      R[slot.step] = Math.sign(h) * Math.min(Math.abs(h), ...since.filter((gap) => gap > 0))
    }
    state.y.set(after)
    const jumps = same.some(resets)
    if (jumps) writeJump(trace, i + 1, t, after)
    return { count: i + (jumps ? 2 : 1), ending: endings.find((e) => e !== undefined), restarted: true }
  }

  return {
    judge(trace, count, state) {
      const y = new Float64Array(state.y.length)
      const before = (state.registers[slot.accepted] as number) - count
      const run = { trace, count, state }
      for (let i = 0; i < count; i++) {
        const polynomial = interpolant()
        const found = crossingsOf(events, trace, i, polynomial, {
          fired: (event) => memoryOf(state, event)[memory.fired] === 1,
          touched: (event) => memoryOf(state, event)[memory.touched] as number,
          steps: before + i + 1,
          uncertainty,
          endTime,
        })
        const acting = firstActing(state, found)
        for (const crossing of found) {
          if (acting !== undefined && crossing.theta >= acting.theta - together) break
          polynomial.evaluate(crossing.theta, y)
          const t = (trace.t[i] as number) + crossing.theta * (trace.h[i] as number)
          const ending = note(state, crossing, t, y, y)
          if (ending !== undefined) return cutShort(run, i, [crossing], ending)
        }
        if (acting !== undefined)
          return cutShort(
            run,
            i,
            found.filter((c) => Math.abs(c.theta - acting.theta) <= together),
          )
        // a crossing at the very end of a step is the start of the next
        setFired(
          state,
          found.filter((c) => c.theta >= 1 - together),
        )
      }
      return { count, ending: undefined, restarted: false }
    },
  }
}

/**
 * By how much one step may be off in a component: √n tolerances (their norm is a mean over n components). Equal
 * steps promise nothing but rounding.
 */
function uncertaintyOf(stepping: Stepping): Past['uncertainty'] {
  if (stepping.kind === 'fixed') return (_i, value) => Number.EPSILON * Math.abs(value)
  const { rtol, atol } = stepping.tolerances
  const factor = Math.sqrt(rtol.length)
  return (i, value) => factor * ((atol[i] as number) + (rtol[i] as number) * Math.abs(value))
}

/** A jump is a step of size zero. */
function writeJump(trace: Trace, i: number, t: number, after: Float64Array): void {
  const n = after.length
  trace.t[i + 1] = t
  trace.h[i] = 0
  trace.y.set(after, (i + 1) * n)
  if (trace.level === 'stages') trace.stages.fill(0, i * trace.stageCount * n, (i + 1) * trace.stageCount * n)
}
