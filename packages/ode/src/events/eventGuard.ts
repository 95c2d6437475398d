import type { Ending, Guard, Judgement } from '../drive.js'
import type { StepInterpolant } from '../interpolant.js'
import type { Kernel, Stepping } from '../method.js'
import { type StepState, slot } from '../state.js'
import type { Trace } from '../trace.js'
import { accumulation } from './accumulation.js'
import { type Crossing, crossingsOf, type Past, together } from './crossings.js'
import type { EventRecord, PreparedEvent } from './event.js'
import { stepToCrossing } from './stepToCrossing.js'

export interface EventGuard extends Guard {
  readonly records: EventRecord[]
}

/** What events are watched with. */
export interface EventSetting {
  readonly kernel: Kernel
  readonly interpolant: () => StepInterpolant
  readonly stepping: Stepping
  readonly start: number
  /** ends of steps just before a breakpoint, and the breakpoint */
  readonly breakpoints: ReadonlyMap<number, number>
}

/**
 * Watches the zeros of event functions: all of them in every step, from the interpolant. A crossing that ends
 * the solve or resets the state cuts its step short, and integration starts again from there.
 */
export function eventGuard(
  events: readonly PreparedEvent[],
  { kernel, interpolant, stepping, start, breakpoints }: EventSetting,
): EventGuard {
  const records: EventRecord[] = []
  const counts = events.map(() => 0)
  const gaps = events.map(() => accumulation(start))
  const uncertainty = uncertaintyOf(stepping)
  const endTime = (t: number) => breakpoints.get(t) ?? t
  const stepTo = stepToCrossing(kernel, interpolant)
  /** events that fired where the next step begins: a start on the surface is no event */
  let fired: readonly number[] = []
  const touched = events.map(() => start)
  const resets = ({ event }: Crossing) => events[event]?.reset !== undefined

  const record = (
    crossing: Crossing,
    t: number,
    y: Float64Array,
    after: Float64Array,
  ): Ending | undefined => {
    const { event, direction } = crossing
    if (direction === 'touching') touched[event] = t
    const { name, last } = events[event] as PreparedEvent
    counts[event] = (counts[event] as number) + 1
    records.push({ event, name, t, y: y.slice(), after: after.slice(), direction })
    const piled = gaps[event]?.note(t, resets(crossing))
    return piled ?? ((counts[event] as number) >= last ? 'terminated' : undefined)
  }

  /** The first crossing of a step that resets the state or is the last that is waited for. */
  const firstActing = (found: readonly Crossing[]) =>
    found.find((crossing, k) => {
      const before = found.slice(0, k + 1).filter((c) => c.event === crossing.event).length
      const { last } = events[crossing.event] as PreparedEvent
      return resets(crossing) || (counts[crossing.event] as number) + before >= last
    })

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
    const endings = decided === undefined ? same.map((c) => record(c, t, y, after)) : [decided]
    fired = same.map((c) => c.event)
    const R = state.registers
    R[slot.accepted] = (R[slot.accepted] as number) - (count - (i + 1))
    R[slot.time] = t
    R[slot.fresh] = 0
    R[slot.streak] = 0
    if (stepping.kind === 'adaptive') {
      // what bounced may come back as soon: no step longer than the time since the last reset
      const since = same.filter(resets).map(({ event }) => gaps[event]?.gap() ?? 0)
      const h = R[slot.step] as number
      R[slot.step] = Math.sign(h) * Math.min(Math.abs(h), ...since.filter((gap) => gap > 0))
    }
    state.y.set(after)
    const jumps = same.some(resets)
    if (jumps) writeJump(trace, i + 1, t, after)
    return { count: i + (jumps ? 2 : 1), ending: endings.find((e) => e !== undefined), restarted: true }
  }

  return {
    records,
    judge(trace, count, state) {
      const y = new Float64Array(state.y.length)
      const before = (state.registers[slot.accepted] as number) - count
      const run = { trace, count, state }
      for (let i = 0; i < count; i++) {
        const polynomial = interpolant()
        const found = crossingsOf(events, trace, i, polynomial, {
          fired,
          touched,
          steps: before + i + 1,
          uncertainty,
          endTime,
        })
        const acting = firstActing(found)
        for (const crossing of found) {
          if (acting !== undefined && crossing.theta >= acting.theta - together) break
          polynomial.evaluate(crossing.theta, y)
          const t = (trace.t[i] as number) + crossing.theta * (trace.h[i] as number)
          const ending = record(crossing, t, y, y)
          if (ending !== undefined) return cutShort(run, i, [crossing], ending)
        }
        if (acting !== undefined)
          return cutShort(
            run,
            i,
            found.filter((c) => Math.abs(c.theta - acting.theta) <= together),
          )
        // a crossing at the very end of a step is the start of the next
        fired = found.filter((c) => c.theta >= 1 - together).map((c) => c.event)
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
