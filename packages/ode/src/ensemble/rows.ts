import { type Field, misuse, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'
import type { ThetaSpread } from './laneField.js'
import type { EnsembleOptions, Rows } from './types.js'

/** Rows of numbers, wherever they come from. */
export interface Matrix {
  readonly rows: number
  get(i: number, k: number): number
  /** writes column k */
  fill(k: number, target: Float64Array | Float32Array): void
}

/** Columns of strided data; the loop is on the data itself, since `get` of an ndarray costs ten times as much. */
function strided(
  data: ArrayLike<number>,
  rows: number,
  [start, byRow, byColumn]: readonly [number, number, number],
): Matrix {
  return {
    rows,
    get: (i, k) => data[start + i * byRow + k * byColumn] as number,
    fill(k, target) {
      for (let i = 0, at = start + k * byColumn; i < rows; i++, at += byRow) target[i] = data[at] as number
    },
  }
}

/** Checks rows of a given width. */
export function readRows(where: string, rows: Rows, width: number, remedy: string): Matrix {
  const wrong = (got: string) =>
    misuse({ where, expected: `rows of ${width} numbers`, got, try: remedy, code: 'wrong-dimension' })
  if (Array.isArray(rows)) {
    const list = rows as readonly ArrayLike<number>[]
    list.forEach((row, i) => {
      if (row?.length !== width) throw wrong(`${show(row)} as row ${i}`)
    })
    if (list.length === 0) throw wrong('no row')
    return {
      rows: list.length,
      get: (i, k) => (list[i] as ArrayLike<number>)[k] as number,
      fill(k, target) {
        for (let i = 0; i < list.length; i++) target[i] = (list[i] as ArrayLike<number>)[k] as number
      },
    }
  }
  const array = rows as NdArray
  if (array?.shape?.length !== 2 || array.shape[1] !== width || array.shape[0] === 0)
    throw wrong(array?.shape ? `shape ${show(array.shape)}` : show(rows))
  const [byRow, byColumn] = array.stride as [number, number]
  return strided(array.data as ArrayLike<number>, array.shape[0] as number, [array.offset, byRow, byColumn])
}

/** Checks parameters: one list for all, or a row for each of `batch` trajectories. */
export function readTheta(
  field: Field,
  theta: EnsembleOptions['theta'],
  batch: number,
): { theta: Matrix; spread: ThetaSpread } {
  const p = field.theta.length
  const names = field.layout.map((b) => b.name).join(', ') || 'none'
  const flat = (values: ArrayLike<number>) => {
    if (values.length === p) return { theta: strided(values, batch, [0, 0, 1]), spread: 'shared' as const }
    throw misuse({
      where: 'ensemble(theta)',
      expected: `${p} parameters (${names})`,
      got: String(values.length),
      try: 'a changed copy of field.theta, or a row of them for each trajectory',
      code: 'wrong-dimension',
    })
  }
  if (theta === undefined) return flat(field.theta)
  const nested = Array.isArray(theta) && typeof theta[0] === 'object'
  const shape = (theta as NdArray).shape as readonly number[] | undefined
  if (!nested && shape?.length !== 2)
    return flat(
      shape === undefined ? (theta as ArrayLike<number>) : ((theta as NdArray).data as ArrayLike<number>),
    )
  const rows = readRows(
    'ensemble(theta)',
    theta as Rows,
    p,
    `one row of ${p} parameters (${names}) for each trajectory`,
  )
  if (rows.rows === batch) return { theta: rows, spread: 'each' }
  throw misuse({
    where: 'ensemble(theta)',
    expected: `${batch} rows, as many as Y0 has`,
    got: String(rows.rows),
    try: 'one row for each trajectory, or a single flat list for all',
    code: 'wrong-dimension',
  })
}
