import { type Field, type GpuMode, openGpu } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { adaptiveAdvance } from './gpuAdaptive.js'
import { fixedAdvance } from './gpuFixed.js'
import { thetaAsState } from './gpuRows.js'
import type { GpuAdvance, GpuRun } from './gpuRun.js'
import type { EnsemblePlan } from './plan.js'
import type { Recorder } from './recorder.js'

/**
 * Integrates an ensemble by gpu.js, many steps in one kernel call and one thread a trajectory and component. Single
 * precision. Returns the device's description.
 */
export async function runGpu(
  plan: EnsemblePlan,
  method: ExplicitMethod,
  recorder: Recorder,
  { device: mode, signal }: { readonly device?: GpuMode; readonly signal?: AbortSignal },
): Promise<string> {
  const field = plan.thetaSpread === 'each' ? thetaAsState(plan.field) : plan.field
  const rows = rowsOf(plan, field)
  const device = await openGpu(mode)
  try {
    const run: GpuRun = { plan, field, method, device, recorder, signal, rows }
    const advance = plan.stepping.kind === 'fixed' ? fixedAdvance(run) : await adaptiveAdvance(run)
    await walk(run, advance)
  } finally {
    await device.destroy()
  }
  return device.description
}

/** From kept time to kept time. */
async function walk({ plan, recorder, rows, signal }: GpuRun, advance: GpuAdvance): Promise<void> {
  const { times, endIsKept, span } = plan
  const columns = rows.slice(0, plan.field.stateSize)
  let from = span[0]
  settle(recorder, columns)
  for (const t of endIsKept ? times : [...times, span[1]]) {
    if (t !== from) await advance(from, t)
    from = t
    const cancelled = signal?.aborted === true
    if (plan.stepping.kind === 'fixed') recorder.countSteps(plan, t)
    settle(recorder, columns)
    if (cancelled) recorder.cancel()
    settle(recorder, columns)
    if (t !== span[1] || endIsKept) recorder.take(t, columns)
    if (cancelled) return
  }
}

/** Notes what is not finite any more, and blanks it. */
function settle(recorder: Recorder, columns: readonly Float32Array[]): void {
  for (const column of columns)
    for (let i = 0; i < column.length; i++) if (!Number.isFinite(column[i])) recorder.fail(i, 'non-finite')
  for (const i of recorder.failures.keys()) for (const column of columns) column[i] = Number.NaN
}

function rowsOf(plan: EnsemblePlan, field: Field): Float32Array[] {
  const n = plan.field.stateSize
  return Array.from({ length: field.stateSize }, (_, k) => {
    const column = new Float32Array(plan.batch)
    if (k < n) plan.initial.fill(k, column)
    else plan.theta.fill(k - n, column)
    return column
  })
}
