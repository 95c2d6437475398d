import { drive, type Ending } from '../drive.js'
import type { Event } from '../events/event.js'
import { prepareEvents } from '../events/event.js'
import { type EventGuard, eventGuard } from '../events/eventGuard.js'
import type { StepInterpolant } from '../interpolant.js'
import { start } from '../prepare.js'
import { type StepState, slot } from '../state.js'
import { makeTrace, type Trace } from '../trace.js'
import type { EnsemblePlan } from './plan.js'
import type { Recorder } from './recorder.js'
import type { EnsembleOptions } from './types.js'

/** Trajectories between two turns of the event loop. */
const perTurn = 64

/** Steps between two looks at the event functions, as in `solve`. */
const eventRun = 16

/** A trajectory on its way. */
interface Traveller {
  readonly state: StepState
  readonly guard: EventGuard | undefined
}

/** What all trajectories share. */
interface Tools {
  readonly interpolant: StepInterpolant
  readonly trace: Trace
  readonly events: readonly Event[]
}

/**
 * Integrates an ensemble with the loop of `solve`, from kept time to kept time, at each of them one trajectory after
 * another. Steps end at every kept time, as on the other backends. A trajectory that an event ended stays where it was.
 */
export async function runScalar(
  plan: EnsemblePlan,
  options: EnsembleOptions<unknown>,
  recorder: Recorder,
): Promise<void> {
  const { batch, field, times, endIsKept, span } = plan
  const { kernel, problem } = plan.prepared
  const { events = [], method, signal } = options
  const tools: Tools = {
    interpolant: kernel.interpolant(),
    trace: makeTrace(problem.size, kernel.stageCount, events.length === 0 ? 'none' : method.denseLevel),
    events,
  }
  const columns = Array.from({ length: field.stateSize }, () => new Float64Array(batch))
  const stops = endIsKept ? times : [...times, span[1]]
  // where there is one stop, nobody has to be remembered
  const travellers = stops.length > 1 ? new Array<Traveller | undefined>(batch) : undefined
  for (let at = 0; at < stops.length; at++) {
    const t = stops[at] as number
    for (let i = 0; i < batch; i++) {
      if (signal !== undefined && i % perTurn === 0)
        await new Promise<void>((resolve) => setTimeout(resolve, 0))
      const traveller = at === 0 ? depart(plan, options, tools, i) : travellers?.[i]
      if (at === 0 && travellers !== undefined) travellers[i] = traveller
      const ending =
        traveller === undefined ? 'non-finite' : advance(plan, traveller, { tools, signal, i }, t)
      if (traveller !== undefined) note(recorder, i, traveller)
      if (ending !== 'success') recorder.fail(i, ending)
      const lost = ending !== 'success' && ending !== 'terminated'
      if (lost && travellers !== undefined) travellers[i] = undefined
      columns.forEach((column, k) => {
        column[i] = lost ? Number.NaN : (traveller?.state.y[k] as number)
      })
    }
    if (at < times.length) recorder.take(t, columns)
  }
}

/** A trajectory at its start; undefined where that is not finite. */
function depart(
  plan: EnsemblePlan,
  options: EnsembleOptions<unknown>,
  { interpolant, events }: Tools,
  i: number,
): Traveller | undefined {
  const { prepared, field, span, stepping } = plan
  const y0 = Float64Array.from({ length: field.stateSize }, (_, k) => plan.initial.get(i, k))
  if (!y0.every(Number.isFinite)) return undefined
  setTheta(plan, i)
  const { theta: _theta, ...stepOptions } = options
  const setting = {
    kernel: prepared.kernel,
    interpolant: () => interpolant,
    adaptive: stepping.kind === 'adaptive',
    start: span[0],
  }
  return {
    state: start(prepared, y0, span, stepOptions),
    guard: events.length === 0 ? undefined : eventGuard(prepareEvents(events, y0.length), setting),
  }
}

function setTheta({ prepared: { problem }, theta }: EnsemblePlan, i: number): void {
  for (let k = 0; k < problem.theta.length; k++) problem.theta[k] = theta.get(i, k)
}

/** To the next stop, unless an event has ended the trajectory before. */
function advance(
  plan: EnsemblePlan,
  { state, guard }: Traveller,
  {
    tools,
    signal,
    i,
  }: { readonly tools: Tools; readonly signal: AbortSignal | undefined; readonly i: number },
  t: number,
): Ending {
  if (hasEnded(guard, tools.events)) return 'terminated'
  setTheta(plan, i)
  return drive({
    kernel: plan.prepared.kernel,
    state,
    trace: tools.trace,
    observers: [],
    guard,
    stops: [{ t, breakpoint: false }],
    limit: guard === undefined ? Number.POSITIVE_INFINITY : eventRun,
    signal,
    interpolant: () => tools.interpolant,
  })
}

function hasEnded(guard: EventGuard | undefined, events: readonly Event[]): boolean {
  if (guard === undefined) return false
  return events.some(({ terminal = false }, event) => {
    const wanted = terminal === true ? 1 : terminal
    return wanted !== false && guard.records.filter((r) => r.event === event).length >= wanted
  })
}

function note(recorder: Recorder, i: number, { state, guard }: Traveller): void {
  recorder.accepted[i] = state.registers[slot.accepted] as number
  recorder.rejected[i] = state.registers[slot.rejected] as number
  if (guard !== undefined) recorder.noteEvents(i, guard.records)
}
