import { importsFor } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { code as codes } from '../state.js'
import { laneKernels } from './laneKernels.js'
import { eachNonFinite, type LaneMemory, layOut, tileMultiple, writeInitial } from './laneMemory.js'
import type { EnsemblePlan } from './plan.js'
import type { Recorder } from './recorder.js'
import { type LaneJob, runBlocks } from './runBlocks.js'
import type { ThreadPool } from './threadPool.js'

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
  writeInitial(plan, memory, kernels.constants)
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
