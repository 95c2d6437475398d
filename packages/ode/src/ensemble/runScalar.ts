import { drive, type Ending } from '../drive.js'
import type { StepInterpolant } from '../interpolant.js'
import { start } from '../prepare.js'
import { slot } from '../state.js'
import { makeTrace, type Trace } from '../trace.js'
import type { EnsemblePlan } from './plan.js'
import type { Recorder } from './recorder.js'
import type { EnsembleOptions, EnsembleStatus } from './types.js'

/** Trajectories between two turns of the event loop. */
const perTurn = 64

/**
 * Integrates an ensemble with the loop of `solve`, one trajectory after another. Steps end at every kept time,
 * as on the other backends. States of all times are held until the end, for reductions as well.
 */
export async function runScalar(
  plan: EnsemblePlan,
  options: EnsembleOptions<unknown>,
  recorder: Recorder,
): Promise<void> {
  const { batch, field, times } = plan
  const n = field.stateSize
  const kept = Array.from(times, () =>
    Array.from({ length: n }, () => new Float64Array(batch).fill(Number.NaN)),
  )
  const { signal } = options
  const { kernel, problem } = plan.prepared
  const tools: Tools = {
    interpolant: kernel.interpolant(),
    trace: makeTrace(problem.size, kernel.stageCount, 'none'),
  }
  for (let i = 0; i < batch; i++) {
    if (signal !== undefined && i % perTurn === 0)
      await new Promise<void>((resolve) => setTimeout(resolve, 0))
    const ending = integrate(plan, options, { recorder, ...tools }, i, (at, y) => {
      for (let k = 0; k < n; k++) kept[at]![k]![i] = y[k] as number
    })
    if (ending !== 'success') recorder.fail(i, ending)
  }
  times.forEach((t, at) => {
    recorder.take(t, kept[at] as Float64Array[])
  })
}

/** What all trajectories share. */
interface Tools {
  readonly interpolant: StepInterpolant
  readonly trace: Trace
}

function integrate(
  plan: EnsemblePlan,
  options: EnsembleOptions<unknown>,
  { recorder, interpolant, trace }: Tools & { readonly recorder: Recorder },
  i: number,
  keep: (at: number, y: Float64Array) => void,
): EnsembleStatus {
  const { prepared, field, span, times, endIsKept } = plan
  const y0 = Float64Array.from({ length: field.stateSize }, (_, k) => plan.initial.get(i, k))
  if (!y0.every(Number.isFinite)) return 'non-finite'
  const { problem, kernel } = prepared
  for (let k = 0; k < problem.theta.length; k++) problem.theta[k] = plan.theta.get(i, k)
  const { theta: _theta, ...stepOptions } = options
  const state = start(prepared, y0, span, stepOptions)
  let ending: Ending = 'success'
  const stops = endIsKept ? times : [...times, span[1]]
  for (let at = 0; at < stops.length && ending === 'success'; at++) {
    state.registers[slot.end] = stops[at] as number
    ending = drive({
      kernel,
      state,
      trace,
      observers: [],
      guard: undefined,
      stops: [],
      limit: Number.POSITIVE_INFINITY,
      signal: options.signal,
      interpolant: () => interpolant,
    })
    if (ending === 'success' && at < times.length) keep(at, state.y)
  }
  recorder.accepted[i] = state.registers[slot.accepted] as number
  recorder.rejected[i] = state.registers[slot.rejected] as number
  return ending as EnsembleStatus
}
