import { type Field, misuse } from '@separatrix/field/core'
import { integrator, type SolveOptions, type StepObserver, type StepState, solve } from '@separatrix/ode'
import { splitAt } from './binomial.js'
import type { OutputTimes } from './outputTimes.js'
import type { RecordedSolve } from './recordSolve.js'
import type { Segment } from './segments.js'

/** Steps that are kept at a time, with their states: a block is computed again as a whole. */
const mostOfBlock = 128
/** Numbers that a block holds at most, within what an integrator shows of one call. */
const blockBudget = 100_000

/** A state of the integration before some step, from which the very same steps follow. */
interface Snapshot {
  readonly step: number
  readonly state: StepState
}

const clone = ({ registers, y, memory, events }: StepState): StepState => ({
  registers: registers.slice(),
  y: y.slice(),
  memory: memory.slice(),
  events: events.slice(),
})

/**
 * Solves and keeps neither states nor steps, but at most `checkpoints` snapshots of the integration (whose
 * number of steps is not known beforehand: when there are too many, every other is dropped, and they are taken
 * half as often), and where the outputs lie. Going back, the steps after a snapshot are taken again, bit by
 * bit the same, in blocks that are placed binomially among the snapshots that are free by then. Stumm &
 * Walther, SIAM J. Sci. Comput. 32 (2010), the idea of it. For solves that are not cut on the way.
 */
export function onlineSolve(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  { checkpoints, ...options }: SolveOptions & { readonly checkpoints: number },
): RecordedSolve {
  const n = field.stateSize
  const block = Math.max(1, Math.min(mostOfBlock, Math.floor(blockBudget / (n + 2))))
  const {
    saveAt: _saveAt,
    observers: _observers,
    onProgress: _onProgress,
    signal: _signal,
    ...stepping
  } = options
  const run = integrator(field, n, stepping, { level: 'steps', capacity: block })
  const places = outputPlaces(span, options)
  const kept = thinningSnapshots(checkpoints, { step: 0, state: run.initialize(y0, span) })
  const observers = [places.observer, kept.observer]
  const solution = solve(field, y0, span, { ...options, observers })
  const count = places.count()

  /** takes up to `most` steps, changing the state */
  const take = (state: StepState, most: number) => {
    const taken = run.advance(state, Math.min(block, most))
    if (taken.count > 0) return taken
    throw misuse({
      where: `sensitivity(${field.name})`,
      expected: 'steps that are the same when they are taken again',
      got: `none (${taken.reason})`,
      try: 'leaving checkpoints out',
      code: 'not-repeatable',
    })
  }
  function* reverse({ step: first, state }: Snapshot, last: number, free: number): Generator<Segment> {
    for (let end = last; end > first; ) {
      const own = clone(state)
      const blocks = Math.ceil((end - first) / block)
      const middle = blocks === 1 ? end : first + block * splitAt(blocks, free)
      let [step, taken] = [first, take(own, middle - first)]
      for (step += taken.count; step < middle && middle < end; step += taken.count)
        taken = take(own, middle - step)
      if (step < end) {
        // a call also stops short of the last step of the span, whose length is another
        yield* reverse({ step, state: own }, end, Math.max(0, free - 1))
        end = step
        continue
      }
      const { t, h, y } = taken
      yield { first, last: end, base: first, y, tape: { count: end - first, t, h, end: t.subarray(1) } }
      return
    }
  }
  function* segments(): Generator<Segment> {
    const snapshots = kept.snapshots()
    let last = count
    for (let k = snapshots.length - 1; k >= 0; k--) {
      yield* reverse(snapshots[k], last, checkpoints - k)
      last = snapshots[k].step
    }
  }
  return {
    solution,
    stretches: { closing: count > 0 ? [[count - 1, 'span']] : [], crossings: [] },
    outputs: places.outputs(solution.t),
    place: () => ({ step: 0, position: 0 }),
    segments,
  }
}

/** At most `most` snapshots, about equally far apart, however many steps there will be. */
function thinningSnapshots(most: number, first: Snapshot) {
  let snapshots = [first]
  let [step, distance] = [0, 1]
  const observer: StepObserver = {
    level: 'steps',
    observe({ count, state }) {
      step += count
      if (step - snapshots[snapshots.length - 1].step < distance) return
      if (snapshots.length >= most) {
        snapshots = snapshots.filter((_, k) => k % 2 === 0)
        distance = 2 * Math.max(distance, count)
        if (snapshots.length >= most || step - snapshots[snapshots.length - 1].step < distance) return
      }
      snapshots.push({ step, state: clone(state) })
    },
  }
  return { observer, snapshots: () => snapshots }
}

/** The step and the position of every output, noted while steps are taken. */
function outputPlaces([t0, t1]: readonly [number, number], { saveAt }: SolveOptions) {
  const direction = t1 >= t0 ? 1 : -1
  const chosen = saveAt !== undefined && saveAt !== 'end' && !('everySteps' in saveAt) ? saveAt : undefined
  const [steps, positions]: [number[], number[]] = [[], []]
  let count = 0
  const observer: StepObserver = {
    level: 'steps',
    observe({ trace, count: taken }) {
      for (let i = 0; i < taken && chosen !== undefined; i++) {
        const [from, to] = [trace.t[i], trace.t[i + 1]]
        for (; steps.length < chosen.length; ) {
          const time = chosen[steps.length]
          if ((time - to) * direction > 0) break
          steps.push(time === t0 ? -1 : count + i)
          positions.push(time === to ? 1 : (time - from) / trace.h[i])
        }
      }
      count += taken
    },
  }
  const outputs = (times: Float64Array): OutputTimes => {
    const every = typeof saveAt === 'object' && 'everySteps' in saveAt ? saveAt.everySteps : 1
    const step = (s: number) =>
      chosen !== undefined ? (steps[s] ?? -1) : (saveAt === 'end' ? count : s * every) - 1
    const list = Int32Array.from(times, (_, s) => step(s))
    return {
      count: times.length,
      times,
      step: list,
      positions: Float64Array.from(times, (_, s) => (list[s] < 0 ? 0 : (positions[s] ?? 1))),
      moves: Uint8Array.from(times, (time, s) => (list[s] === count - 1 && time === t1 ? 1 : 0)),
    }
  }
  return { observer, outputs, count: () => count }
}
