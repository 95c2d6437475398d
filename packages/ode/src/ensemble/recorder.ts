import { makeArray } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import type { EventRecord } from '../events/event.js'
import type { EnsemblePlan } from './plan.js'
import type { EnsembleOptions, EnsembleStatus, EventSummary } from './types.js'

type Columns = readonly (Float64Array | Float32Array)[]

/** Collects what an ensemble keeps, and how its trajectories end. */
export interface Recorder {
  readonly accepted: Float64Array
  readonly rejected: Float64Array
  /** trajectories that have failed, and how */
  readonly failures: ReadonlyMap<number, EnsembleStatus>
  /** the first failure of a trajectory counts */
  fail(i: number, status: EnsembleStatus): void
  /** a crossing of trajectory i */
  noteEvent(i: number, record: EventRecord): void
  /** all that has not failed yet was cancelled */
  cancel(): void
  /** equal steps up to time t, for all that have not failed */
  countSteps(plan: EnsemblePlan, t: number): void
  take(t: number, columns: Columns): void
  results(): {
    readonly t: Float64Array
    readonly y: NdArray<Float64Array>
    readonly reduced: readonly unknown[]
    readonly status: readonly EnsembleStatus[]
    readonly message: string
    readonly events: readonly EventSummary[]
  }
}

export function makeRecorder(
  plan: EnsemblePlan,
  { reduce, events = [] }: Pick<EnsembleOptions<unknown>, 'reduce' | 'events'>,
): Recorder {
  const { batch, field, times } = plan
  const n = field.stateSize
  const kept = reduce === undefined ? times.length : 1
  const y = new Float64Array(kept * batch * n)
  const failures = new Map<number, EnsembleStatus>()
  const [accepted, rejected] = [new Float64Array(batch), new Float64Array(batch)]
  const summaries = events.map(
    ({ name }, i): EventSummary => ({
      name: name ?? `event ${i}`,
      first: new Float64Array(batch).fill(Number.NaN),
      count: new Float64Array(batch),
    }),
  )
  const taken: number[] = []
  const reduced: unknown[] = []
  let counted = plan.span[0]
  const fail = (i: number, status: EnsembleStatus) => {
    if (!failures.has(i)) failures.set(i, status)
  }
  return {
    accepted,
    rejected,
    failures,
    fail,
    noteEvent(i, { event, t }) {
      const { first, count } = summaries[event] as EventSummary
      if (count[i] === 0) first[i] = t
      count[i] = (count[i] as number) + 1
    },
    cancel() {
      for (let i = 0; i < batch; i++) fail(i, 'cancelled')
    },
    countSteps({ step }, t) {
      const count = Math.ceil(Math.abs(t - counted) / step - 1e-9)
      counted = t
      for (let i = 0; i < batch; i++) accepted[i] = (accepted[i] as number) + count
      for (const i of failures.keys()) accepted[i] = (accepted[i] as number) - count
    },
    take(t, columns) {
      const at = reduce === undefined ? taken.length : 0
      taken.push(t)
      if (reduce !== undefined) reduced.push(reduce({ t, columns }))
      if (reduce === undefined || taken.length === times.length) transpose(columns, y, at * batch * n)
    },
    results() {
      const status = new Array<EnsembleStatus>(batch).fill('success')
      for (const [i, failure] of failures) status[i] = failure
      // times that a cancelled run did not reach
      if (taken.length < times.length) y.fill(Number.NaN, reduce === undefined ? taken.length * batch * n : 0)
      return {
        t: times,
        y: makeArray(y, [kept, batch, n]),
        reduced,
        status,
        message: summarise(batch, [...failures.values()]),
        events: summaries,
      }
    },
  }
}

/** Columns [n][batch] into rows [batch][n]. */
function transpose(columns: Columns, out: Float64Array, offset: number): void {
  const n = columns.length
  columns.forEach((column, k) => {
    for (let i = 0; i < column.length; i++) out[offset + i * n + k] = column[i] as number
  })
}

function summarise(batch: number, failures: readonly EnsembleStatus[]): string {
  const ended = failures.filter((status) => status === 'terminated').length
  const reached = batch - failures.length
  const good = ended === 0 ? 'reached the end' : `reached the end, ${ended} were ended by an event`
  if (failures.length === ended)
    return ended === 0 ? `All ${batch} trajectories ${good}.` : `${reached} of ${batch} trajectories ${good}.`
  const counts = new Map<EnsembleStatus, number>()
  for (const status of failures)
    if (status !== 'terminated') counts.set(status, (counts.get(status) ?? 0) + 1)
  const parts = [...counts].map(([status, count]) => `${count} ended with ${status}`)
  return `${reached} of ${batch} trajectories ${good}; ${parts.join(', ')}. Try solve() on one of those for an explanation.`
}
