import { importsFor, makeModule, misuse, mostPages, rowStride, wasmForm } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { remember } from '../remember.js'
import { code as codes } from '../state.js'
import { makeLaneField } from './laneField.js'
import type { EnsemblePlan } from './plan.js'
import {
  type AdaptiveKernel,
  printAdaptive,
  printStart,
  type RowMap,
  rowMap,
  scratchBytes,
} from './printAdaptiveKernel.js'
import { printFixedKernel } from './printFixedKernel.js'
import type { Recorder } from './recorder.js'
import { type LaneJob, runBlocks } from './runBlocks.js'
import { sharedWords, type ThreadPool } from './threadPool.js'

/** Every tile, of two to four vectors of two or four lanes, divides this. */
const tileMultiple = 48

/** Trajectories a block: some milliseconds of work, and a tail of idle lanes of about one percent. */
const blockSize = 5 * tileMultiple

/**
 * Steps of one call of a fixed kernel, and trial steps of one call of an adaptive one: the engine's baseline
 * compiler does not replace a running function, so that calls must be short for the first to be slow only.
 */
const stepsPerCall = 1000
const trialsPerCall = 20_000

/** A remainder within this part of a step is the step itself, as in `solve`. */
const remainderTolerance = 1e-9

/** Blocks between two looks at the signal. */
const blocksPerTurn = 16

/** Something that runs jobs over the same module and memory. */
interface Runner {
  run(job: LaneJob): Promise<void>
}

/** Integrates an ensemble with lane kernels, on this thread or on a pool's. */
export async function runLanes(
  plan: EnsemblePlan,
  method: ExplicitMethod,
  recorder: Recorder,
  { pool, signal }: { readonly pool?: ThreadPool; readonly signal?: AbortSignal },
): Promise<void> {
  const kernels = await laneKernels(plan, method, pool !== undefined)
  const { module } = kernels
  const memory = layOut(plan, method, kernels, pool?.threads)
  fill(plan, memory, kernels.constants)
  const runner =
    pool === undefined
      ? await localRunner(module, memory, signal)
      : await poolRunner(module, memory, pool, signal)
  const { times, endIsKept, span } = plan
  if (plan.stepping.kind === 'adaptive') {
    const bound = Math.abs(span[1] - span[0])
    await runner.run(
      job(plan, 'start', [
        [
          span[0],
          plan.direction,
          bound,
          memory.rowsAt,
          memory.thetaAt,
          memory.stride * memory.bytes,
          memory.tolerancesAt,
        ],
      ]),
    )
  }
  let from = span[0]
  for (const t of endIsKept ? times : [...times, span[1]]) {
    if (t !== from) await runner.run(stretch(plan, memory, from, t))
    from = t
    const cancelled = signal?.aborted === true
    settle(plan, memory, recorder, t, cancelled)
    if (t !== span[1] || endIsKept) recorder.take(t, memory.columns)
    if (cancelled) return
  }
}

/** Views on the memory of one ensemble. */
interface LaneMemory {
  readonly memory: WebAssembly.Memory
  readonly map: RowMap | undefined
  readonly bytes: number
  readonly stride: number
  readonly rowsAt: number
  readonly thetaAt: number
  readonly tolerancesAt: number
  readonly scratchAt: (thread: number) => number
  /** every row of the trajectories' state */
  readonly rows: readonly (Float64Array | Float32Array)[]
  /** the rows of y, as long as the batch */
  readonly columns: readonly (Float64Array | Float32Array)[]
}

const align = (bytes: number) => Math.ceil(bytes / 64) * 64

function layOut(
  plan: EnsemblePlan,
  method: ExplicitMethod,
  kernels: Kernels,
  threads: number | undefined,
): LaneMemory {
  const { field, batch, single, thetaSpread, stepping } = plan
  const [n, p] = [field.stateSize, field.theta.length]
  const View = single ? Float32Array : Float64Array
  const bytes = View.BYTES_PER_ELEMENT
  const tile = 32 / bytes
  const stride = rowStride(batch, tileMultiple, bytes)
  const map =
    stepping.kind === 'fixed'
      ? undefined
      : rowMap({ method, field: { size: n, parameterCount: p }, theta: thetaSpread })
  const rowCount = map?.count ?? n + (thetaSpread === 'each' ? p : 0)
  const scratch = align((map === undefined ? 0 : scratchBytes(map, tile, bytes)) + kernels.scratchBytes)
  const tolerancesAt = 4 * sharedWords
  const thetaAt = tolerancesAt + align(2 * n * bytes)
  const scratchStart = thetaAt + align((p + kernels.constants.length) * bytes)
  const rowsAt = scratchStart + scratch * (threads ?? 1)
  const size = rowsAt + rowCount * stride * bytes + 64
  const pages = Math.ceil(size / 65_536)
  if (pages > mostPages)
    throw misuse({
      where: `ensemble(${field.name})`,
      expected: 'at most 4 GiB of trajectories at a time',
      got: `${(size / 2 ** 30).toFixed(1)} GiB for ${batch}`,
      try: 'several ensembles',
      code: 'too-large',
    })
  const memory =
    threads === undefined
      ? new WebAssembly.Memory({ initial: pages })
      : new WebAssembly.Memory({ initial: pages, maximum: mostPages, shared: true })
  const rows = Array.from(
    { length: rowCount },
    (_, r) => new View(memory.buffer, rowsAt + r * stride * bytes, stride),
  )
  return {
    memory,
    map,
    bytes,
    stride,
    rowsAt,
    thetaAt: thetaSpread === 'each' && map === undefined ? rowsAt + n * stride * bytes : thetaAt,
    tolerancesAt,
    scratchAt: (thread) => scratchStart + thread * scratch,
    rows,
    columns: rows.slice(0, n).map((r) => r.subarray(0, batch)),
  }
}

/** Writes initial states, parameters and tolerances. */
function fill(
  plan: EnsemblePlan,
  { memory, map, bytes, rows, columns, thetaAt, tolerancesAt }: LaneMemory,
  constants: readonly number[],
): void {
  const { field, stepping, span } = plan
  const View = bytes === 4 ? Float32Array : Float64Array
  columns.forEach((column, k) => {
    plan.initial.fill(k, column)
  })
  const p = field.theta.length
  if (plan.thetaSpread === 'shared') {
    const theta = new View(memory.buffer, thetaAt, p + constants.length)
    for (let k = 0; k < p; k++) theta[k] = plan.theta.get(0, k)
    theta.set(constants, p)
  } else {
    const first = map?.theta ?? field.stateSize
    for (let k = 0; k < p; k++) plan.theta.fill(k, rows[first + k] as Float64Array | Float32Array)
  }
  if (map === undefined || stepping.kind === 'fixed') return
  const { rtol, atol } = stepping.tolerances
  new View(memory.buffer, tolerancesAt, 2 * field.stateSize).set([...rtol, ...atol])
  rows[map.time]?.fill(span[0])
  const state = rows[map.code] as Float64Array | Float32Array
  eachNonFinite(columns, (i) => {
    state[i] = codes.nonFinite
  })
}

/** Calls back for every trajectory that has an entry which is not finite. */
function eachNonFinite(columns: LaneMemory['columns'], call: (i: number) => void): void {
  for (const column of columns)
    for (let i = 0; i < column.length; i++) if (!Number.isFinite(column[i])) call(i)
}

function job(plan: EnsemblePlan, name: string, calls: readonly (readonly number[])[]): LaneJob {
  return { name, total: plan.batch, block: blockSize, calls }
}

/** The calls that lead from one kept time to the next. */
function stretch(plan: EnsemblePlan, memory: LaneMemory, from: number, to: number): LaneJob {
  const { rowsAt, thetaAt, tolerancesAt } = memory
  const stride = memory.stride * memory.bytes
  if (memory.map !== undefined) {
    const state = memory.rows[memory.map.code] as Float64Array | Float32Array
    for (let i = 0; i < plan.batch; i++) if (state[i] === codes.stop) state[i] = 0
    return job(plan, 'adaptive', [
      [to, plan.direction, plan.maxSteps, trialsPerCall, rowsAt, thetaAt, stride, tolerancesAt],
    ])
  }
  const h = plan.direction * plan.step
  const exact = (to - from) / h
  const count = Math.max(1, Math.ceil(exact - remainderTolerance))
  const whole = Math.abs(exact - count) <= remainderTolerance
  const calls: number[][] = []
  const full = whole ? count : count - 1
  for (let index = 0; index < full; index += stepsPerCall)
    calls.push([from, index, h, Math.min(stepsPerCall, full - index), Number.NaN, rowsAt, thetaAt, stride])
  const reached = from + full * h
  if (!whole) calls.push([reached, 0, to - reached, 1, to, rowsAt, thetaAt, stride])
  return job(plan, 'fixed', calls)
}

/** Notes what became of each trajectory by time t, and blanks the failed ones. */
function settle(
  plan: EnsemblePlan,
  { map, rows, columns }: LaneMemory,
  recorder: Recorder,
  t: number,
  cancelled: boolean,
): void {
  const { batch } = plan
  if (map === undefined) {
    recorder.countSteps(plan, t)
    eachNonFinite(columns, (i) => recorder.fail(i, 'non-finite'))
    if (cancelled) recorder.cancel()
  } else {
    const row = (r: number) => rows[r] as Float64Array | Float32Array
    const [state, nonFinite] = [row(map.code), row(map.nonFinite)]
    for (let i = 0; i < batch; i++) {
      if (state[i] === codes.underflow) recorder.fail(i, nonFinite[i] === 1 ? 'non-finite' : 'step-underflow')
      if (state[i] === codes.maxSteps) recorder.fail(i, 'max-steps')
      if (state[i] === codes.nonFinite) recorder.fail(i, 'non-finite')
      if (state[i] === 0 && cancelled) recorder.fail(i, 'cancelled')
    }
    recorder.accepted.set(row(map.accepted).subarray(0, batch))
    recorder.rejected.set(row(map.rejected).subarray(0, batch))
  }
  for (const i of recorder.failures.keys()) for (const column of columns) column[i] = Number.NaN
}

/** The compiled kernels of a plan. */
interface Kernels {
  readonly module: WebAssembly.Module
  /** numbers behind θ, and bytes of each thread's scratch memory, that the field asks for */
  readonly constants: readonly number[]
  readonly scratchBytes: number
}

/**
 * Vectors that a kernel interleaves. Equal steps of two components run fastest with four (20 % over two), of
 * three or four with three (8 to 12 %), elementary functions or not; chosen steps hold more state, and four take
 * 30 % longer than two. Measured interleaved on fields of two to four components.
 */
function groupsFor({ stepping, field, thetaSpread }: EnsemblePlan): number {
  if (stepping.kind === 'adaptive' || wasmForm(field, thetaSpread) === 'tile') return 2
  return field.stateSize <= 2 ? 4 : field.stateSize <= 4 ? 3 : 2
}

/** Compiles the kernels of a plan, once per field, method and settings. */
function laneKernels(plan: EnsemblePlan, method: ExplicitMethod, shared: boolean): Promise<Kernels> {
  const { stepping, thetaSpread: theta, single, field } = plan
  const adaptiveParts =
    stepping.kind === 'fixed' ? undefined : [stepping.control, stepping.tolerances.uniform]
  const key = JSON.stringify(['lanes', single, shared, theta, adaptiveParts])
  return remember(field, method, key, async () => {
    const builder = makeModule({ lanes: single ? 'f32x4' : 'f64x2', shared, groups: groupsFor(plan) })
    const laneField = makeLaneField(builder, field, theta)
    if (stepping.kind === 'fixed') {
      builder.define(builder.reserve(), printFixedKernel(builder, method, laneField, theta))
    } else {
      const { control, tolerances } = stepping
      const kernel: AdaptiveKernel = { method, field: laneField, theta, control, uniform: tolerances.uniform }
      builder.define(builder.reserve(), printStart(builder, kernel))
      printAdaptive(builder, kernel)
    }
    const { constants, scratchBytes } = laneField
    return { module: await WebAssembly.compile(builder.finish()), constants, scratchBytes }
  }) as Promise<Kernels>
}

async function localRunner(
  module: WebAssembly.Module,
  { memory, scratchAt }: LaneMemory,
  signal: AbortSignal | undefined,
): Promise<Runner> {
  const { exports } = await WebAssembly.instantiate(module, importsFor(memory))
  return {
    async run(work) {
      const blocks = Math.ceil(work.total / work.block)
      const run = exports[work.name] as (...args: number[]) => number
      for (let at = 0; at < blocks; ) {
        if (signal !== undefined) await turn()
        if (signal?.aborted) return
        const end = signal === undefined ? blocks : Math.min(blocks, at + blocksPerTurn)
        runBlocks(
          run,
          work,
          scratchAt(0),
          () => (at < end ? at++ : blocks),
          () => false,
        )
      }
    },
  }
}

/** Lets other events happen, such as the one that sets the signal. */
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0))

async function poolRunner(
  module: WebAssembly.Module,
  { memory, scratchAt }: LaneMemory,
  pool: ThreadPool,
  signal: AbortSignal | undefined,
): Promise<Runner> {
  await pool.open(module, memory, scratchAt)
  return {
    async run(work) {
      const stop = () => pool.stop()
      if (signal?.aborted) return
      signal?.addEventListener('abort', stop)
      try {
        await pool.run(work)
      } finally {
        signal?.removeEventListener('abort', stop)
      }
    },
  }
}
