import { misuse, mostPages, rowStride } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { code as codes } from '../state.js'
import { type RowMap, rowMap, scratchBytes } from './adaptiveKernel.js'
import type { Kernels } from './laneKernels.js'
import type { EnsemblePlan } from './plan.js'
import { sharedWords } from './threadPool.js'

/** Every tile, of two to four vectors of two or four lanes, divides this. */
export const tileMultiple = 48

/** Views on the memory of one ensemble. */
export interface LaneMemory {
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

/** Lays out what a plan's kernels read and write, each part on a cache line. */
export function layOut(
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
export function writeInitial(
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
export function eachNonFinite(columns: LaneMemory['columns'], call: (i: number) => void): void {
  for (const column of columns)
    for (let i = 0; i < column.length; i++) if (!Number.isFinite(column[i])) call(i)
}
