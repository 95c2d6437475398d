import { type Field, misuse, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'

/** A measured trajectory: times, ascending, and a row of states per time. */
export interface Trajectory {
  readonly t: ArrayLike<number>
  readonly y: readonly ArrayLike<number>[] | NdArray
  /** where the solve starts, at t[0]; the first row by default, which then is no residual */
  readonly y0?: ArrayLike<number>
}

/** A measured trajectory as a list of samples. */
export type TrajectorySamples = readonly { readonly t: number; readonly y: ArrayLike<number> }[]

/** A trajectory ready to be compared with. */
export interface Target {
  readonly y0: Float64Array
  readonly span: readonly [number, number]
  readonly saveAt: Float64Array
  /** [times, n], row-major */
  readonly y: Float64Array
}

/** Checks data and brings it into one form. */
export function readTrajectories(data: unknown, field: Field): Target[] {
  const list = Array.isArray(data) ? data : data === undefined ? [] : [data]
  if (list.length > 0 && list.every((item) => typeof item?.t === 'number'))
    return [
      readTrajectory({ t: list.map((item) => item.t), y: list.map((item) => item.y) }, 0, field.stateSize),
    ]
  if (list.length === 0) throw bad('data: a list of trajectories { t, y }', show(data))
  return list.map((item: Partial<Trajectory>, k) => readTrajectory(item, k, field.stateSize))
}

function readTrajectory({ t, y, y0 }: Partial<Trajectory>, k: number, n: number): Target {
  if (t === undefined || y === undefined || !(t.length > 0))
    throw bad(`times t and states y in trajectory ${k}`, show({ t, y }))
  const rows = Array.from({ length: t.length }, (_, i) => Array.from({ length: n }, (_, j) => entry(y, i, j)))
  const times = Float64Array.from(t)
  if (rowCount(y) !== t.length || rows.flat().some((v) => !Number.isFinite(v)))
    throw bad(`${t.length} rows of ${n} finite numbers in trajectory ${k}`, show(y))
  if (times.some((v, i) => !(i === 0 ? Number.isFinite(v) : v > times[i - 1])))
    throw bad(`ascending times in trajectory ${k}`, show(t))
  const from = y0 === undefined ? 1 : 0
  if (y0 === undefined && t.length < 2) throw bad(`two times in trajectory ${k}, or its y0`, show(t))
  return {
    y0: Float64Array.from(y0 ?? rows[0]),
    span: [times[0], times[times.length - 1]],
    saveAt: times.slice(from),
    y: Float64Array.from(rows.slice(from).flat()),
  }
}

function rowCount(y: Trajectory['y']): number {
  return 'shape' in y ? y.shape[0] : y.length
}

function entry(y: Trajectory['y'], i: number, j: number): number {
  return 'shape' in y ? y.get(i, j) : (y[i]?.[j] ?? Number.NaN)
}

/** One factor per state. */
export function readWeights(weights: ArrayLike<number> | undefined, field: Field): Float64Array {
  const factors = Float64Array.from(weights ?? field.stateNames.map(() => 1))
  if (factors.length === field.stateSize && factors.every(Number.isFinite)) return factors
  throw bad(`${field.stateSize} finite weights`, show(weights))
}

function bad(expected: string, got: string) {
  return misuse({
    where: 'trajectoryLoss',
    expected,
    got,
    try: 'data: [{ t: [0, 1], y: [[1, 0], [0.5, 0.2]] }]',
    code: 'bad-data',
  })
}
