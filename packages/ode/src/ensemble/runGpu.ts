import {
  Builder,
  compile,
  embed,
  type Field,
  type GpuMode,
  invalidResult,
  makeField,
  misuse,
  openGpu,
} from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { EnsemblePlan } from './plan.js'
import { printGpuSolve, stepsPerKernel } from './printGpuSolve.js'
import type { Recorder } from './recorder.js'

/** Threads a kernel call; the last call of a larger batch is padded. */
const chunkSize = 1 << 20

/** A remainder within this part of a step is the step itself, as in `solve`. */
const remainderTolerance = 1e-9

/**
 * Integrates an ensemble by gpu.js, a whole stretch of equal steps in one kernel call and one thread a trajectory.
 * Single precision. Returns the device's description.
 */
export async function runGpu(
  plan: EnsemblePlan,
  method: ExplicitMethod,
  recorder: Recorder,
  { device: mode, signal }: { readonly device?: GpuMode; readonly signal?: AbortSignal },
): Promise<string> {
  checkPlan(plan)
  const field = plan.thetaSpread === 'each' ? thetaAsState(plan.field) : plan.field
  const { source, coefficients } = printGpuSolve(method, field)
  const rows = columnsOf(plan, field)
  const columns = rows.slice(0, plan.field.stateSize)
  const size = Math.min(plan.batch, chunkSize)
  const device = await openGpu(mode)
  try {
    const kernels = columns.map((_, k) => device.compile(source(k, size), size))
    const advance = async (h: number, count: number) => {
      const c = coefficientsAt(plan, coefficients, h, count)
      for (let start = 0; start < plan.batch; start += size) {
        const length = Math.min(size, plan.batch - start)
        const x = new Float32Array(rows.length * size)
        rows.forEach((row, k) => {
          x.fill(row[start] as number, k * size, (k + 1) * size)
          x.set(row.subarray(start, start + length), k * size)
        })
        const results: ArrayLike<number>[] = []
        for (const kernel of kernels) results.push(await kernel(x, c))
        columns.forEach((column, k) => {
          for (let i = 0; i < length; i++) {
            const v = (results[k] as ArrayLike<number>)[i] as number
            column[start + i] = v <= invalidResult ? Number.NaN : v
          }
        })
      }
    }
    await walk(plan, recorder, columns, { advance, signal })
  } finally {
    await device.destroy()
  }
  return device.description
}

interface Walk {
  readonly advance: (h: number, count: number) => Promise<void>
  readonly signal: AbortSignal | undefined
}

/** From kept time to kept time: full steps in runs that a kernel takes, then what remains. */
async function walk(
  plan: EnsemblePlan,
  recorder: Recorder,
  columns: readonly Float32Array[],
  { advance, signal }: Walk,
): Promise<void> {
  const { times, endIsKept, span, direction, step } = plan
  let from = span[0]
  settle(recorder, columns)
  for (const t of endIsKept ? times : [...times, span[1]]) {
    const h = direction * step
    const exact = (t - from) / h
    const count = Math.ceil(exact - remainderTolerance)
    const whole = Math.abs(exact - count) <= remainderTolerance
    const full = whole ? count : count - 1
    for (let done = 0; done < full && signal?.aborted !== true; done += stepsPerKernel)
      await advance(h, Math.min(stepsPerKernel, full - done))
    const cancelled = signal?.aborted === true
    if (!whole && !cancelled) await advance(t - from - full * h, 1)
    recorder.countSteps(plan, t)
    from = t
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

function columnsOf(plan: EnsemblePlan, field: Field): Float32Array[] {
  const n = plan.field.stateSize
  return Array.from({ length: field.stateSize }, (_, k) => {
    const column = new Float32Array(plan.batch)
    if (k < n) plan.initial.fill(k, column)
    else plan.theta.fill(k - n, column)
    return column
  })
}

/** What the field's kernels read, then the step and the number of steps. */
function coefficientsAt(plan: EnsemblePlan, coefficients: Field, h: number, count: number): Float32Array {
  const values = new Float64Array(coefficients.outputSize)
  const shared = Float64Array.from(coefficients.theta, (_, k) => plan.theta.get(0, k))
  compile(coefficients)(0, new Float64Array(coefficients.stateSize), values, shared)
  return Float32Array.of(...values, h, count)
}

/** x' = f(x, θ), θ' = 0: trajectories with a θ of their own. */
function thetaAsState(field: Field): Field {
  const [n, p] = [field.stateSize, field.theta.length]
  const b = new Builder()
  const all = b.leaf('state', n + p)
  const part = (start: number, length: number) =>
    b.gather(
      all,
      Array.from({ length }, (_, i) => start + i),
    )
  const rate = embed(b, field, { state: part(0, n), theta: part(n, p) })
  return makeField(b, b.concat([rate, b.zeros(p)]), {
    ...field,
    stateNames: [...field.stateNames, ...Array.from({ length: p }, (_, i) => `theta${i}`)],
    theta: new Float64Array(0),
    layout: [],
  })
}

function checkPlan({ field, stepping }: EnsemblePlan): void {
  const where = "ensemble(backend: 'gpu')"
  if (stepping.kind === 'adaptive')
    throw misuse({
      where,
      expected: 'equal steps',
      got: 'tolerances',
      try: "step: 0.01, or backend: 'threads' for steps chosen by tolerances",
      code: 'no-adaptive-gpu',
    })
  if (field.nodes.some((node) => node.op === 'time'))
    throw misuse({
      where,
      expected: 'a field that does not read the time',
      got: field.name,
      try: "a further state s with s' = 1 in place of t, or backend: 'wasm'",
      code: 'no-time-on-gpu',
    })
}
