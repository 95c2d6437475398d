import { drive, type Ending, type Guard } from '../drive.js'
import { type EventRecord, type PreparedEvent, prepareEvents } from '../events/event.js'
import { eventGuard } from '../events/eventGuard.js'
import { memory, memoryWidth } from '../events/eventMemory.js'
import type { StepInterpolant } from '../interpolant.js'
import { start } from '../prepare.js'
import { type StepState, slot } from '../state.js'
import { makeTrace, type Trace } from '../trace.js'
import { watchedState } from '../watch.js'
import type { EnsemblePlan } from './plan.js'
import type { Recorder } from './recorder.js'
import type { EnsembleOptions } from './types.js'

/** Trajectories between two turns of the event loop. */
const perTurn = 64

/** Steps between two looks at the event functions, as in `solve`. */
const eventRun = 16

/** What all trajectories share. */
interface Tools {
  readonly interpolant: () => StepInterpolant
  readonly trace: Trace
  readonly events: readonly PreparedEvent[]
  readonly guard: Guard | undefined
  readonly signal: AbortSignal | undefined
  /** room for a copy of a state */
  readonly before: StepState
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
  let current = 0
  const tools = makeTools(plan, options, (event) => recorder.noteEvent(current, event))
  const columns = Array.from({ length: field.stateSize }, () => new Float64Array(batch))
  const stops = endIsKept ? times : [...times, span[1]]
  // where there is one stop, nobody has to be remembered
  const states = stops.length > 1 ? new Array<StepState | undefined>(batch) : undefined
  for (let at = 0; at < stops.length; at++) {
    const t = stops[at] as number
    for (let i = 0; i < batch; i++) {
      if (options.signal !== undefined && i % perTurn === 0)
        await new Promise<void>((resolve) => setTimeout(resolve, 0))
      current = i
      setTheta(plan, i)
      const state = at === 0 ? depart(plan, options, tools, i) : states?.[i]
      const ending = state === undefined ? 'non-finite' : advance(plan, state, tools, t)
      if (ending !== 'success') recorder.fail(i, ending)
      if (state !== undefined) {
        recorder.accepted[i] = state.registers[slot.accepted] as number
        recorder.rejected[i] = state.registers[slot.rejected] as number
      }
      const kept = ending === 'success' || ending === 'terminated' ? state : undefined
      if (states !== undefined) states[i] = kept
      columns.forEach((column, k) => {
        column[i] = kept?.y[k] ?? Number.NaN
      })
    }
    if (at < times.length) recorder.take(t, columns)
  }
}

function makeTools(
  plan: EnsemblePlan,
  { events: given = [], method, signal }: EnsembleOptions<unknown>,
  record: (event: EventRecord) => void,
): Tools {
  const { kernel, problem, stepping } = plan.prepared
  const polynomial = kernel.interpolant()
  const interpolant = () => polynomial
  const events = prepareEvents(given, problem)
  const watched = events.length > 0
  return {
    interpolant,
    trace: makeTrace(problem.size, kernel.stageCount, watched ? method.denseLevel : 'none'),
    events,
    guard: watched ? eventGuard(events, { kernel, interpolant, stepping, stops: [], record }) : undefined,
    signal,
    before: watchedState(plan.prepared, events.length, plan.span[0]),
  }
}

/** A trajectory at its start; undefined where that is not finite. */
function depart(
  plan: EnsemblePlan,
  options: EnsembleOptions<unknown>,
  { events }: Tools,
  i: number,
): StepState | undefined {
  const y0 = Float64Array.from({ length: plan.field.stateSize }, (_, k) => plan.initial.get(i, k))
  if (!y0.every(Number.isFinite)) return undefined
  const { theta: _theta, ...stepOptions } = options
  const { prepared, span } = plan
  return start(prepared, y0, span, stepOptions, watchedState(prepared, events.length, span[0]))
}

function setTheta({ prepared: { problem }, theta }: EnsemblePlan, i: number): void {
  for (let k = 0; k < problem.theta.length; k++) problem.theta[k] = theta.get(i, k)
}

/** To the next kept time, unless an event has ended the trajectory before. */
function advance(plan: EnsemblePlan, state: StepState, tools: Tools, t: number): Ending {
  const { before, events, guard, interpolant, signal, trace } = tools
  const count = (event: number) => state.events[event * memoryWidth + memory.count] as number
  if (events.some(({ last }, event) => count(event) >= last)) return 'terminated'
  state.registers[slot.end] = t
  return drive({
    kernel: plan.prepared.kernel,
    state,
    trace,
    before,
    observers: [],
    guard,
    stops: [],
    limit: guard === undefined ? Number.POSITIVE_INFINITY : eventRun,
    signal,
    interpolant,
  })
}
