import { makeArray, misuse, show } from '@separatrix/field/core'
import type { NdArray } from 'ndarray'

/** What the door accepts as a matrix. */
export type MatrixLike = readonly (readonly number[])[] | NdArray<Float64Array | number[]>

/** A dense matrix inside: row-major. */
export interface Matrix {
  readonly rows: number
  readonly cols: number
  readonly data: Float64Array
}

export function zeros(rows: number, cols = rows): Matrix {
  return { rows, cols, data: new Float64Array(rows * cols) }
}

export function identity(n: number, scale = 1): Matrix {
  const out = zeros(n)
  for (let i = 0; i < n; i++) out.data[i * n + i] = scale
  return out
}

/** Reads nested arrays or an ndarray, checking shape and finiteness; `rows`/`cols` where they are known. */
export function readMatrix(
  where: string,
  value: MatrixLike,
  { rows, cols }: { readonly rows?: number; readonly cols?: number } = {},
): Matrix {
  const list = Array.isArray(value)
    ? (value as readonly (readonly number[])[]).map((row) => Array.from(row))
    : ndarrayRows(where, value as NdArray<Float64Array | number[]>)
  const width = list[0]?.length ?? 0
  const wanted = `${rows ?? 'n'}×${cols ?? 'm'}`
  if (list.length === 0 || width === 0 || list.some((row) => row.length !== width))
    throw misuse({
      where,
      expected: 'a matrix with rows of equal length',
      got: show(list),
      try: '[[1, 0], [0, 1]]',
    })
  if ((rows !== undefined && list.length !== rows) || (cols !== undefined && width !== cols))
    throw misuse({
      where,
      expected: `a ${wanted} matrix`,
      got: `${list.length}×${width}`,
      try: 'transposing it, or checking the number of states and inputs',
      code: 'wrong-dimension',
    })
  const data = Float64Array.from(list.flat())
  if (!data.every(Number.isFinite))
    throw misuse({
      where,
      expected: 'finite entries',
      got: show(data.find((v) => !Number.isFinite(v))),
      try: 'checking the data',
    })
  return { rows: list.length, cols: width, data }
}

function ndarrayRows(where: string, value: NdArray<Float64Array | number[]>): number[][] {
  if (value?.shape?.length !== 2)
    throw misuse({
      where,
      expected: 'nested arrays or a 2-D ndarray',
      got: show(value),
      try: '[[1, 0], [0, 1]]',
    })
  const [rows, cols] = value.shape as [number, number]
  return Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, j) => value.get(i, j)))
}

export function toNdarray(m: Matrix): NdArray<Float64Array> {
  return makeArray(m.data, [m.rows, m.cols])
}

export function transpose(a: Matrix): Matrix {
  const out = zeros(a.cols, a.rows)
  for (let i = 0; i < a.rows; i++)
    for (let j = 0; j < a.cols; j++) out.data[j * a.rows + i] = a.data[i * a.cols + j] as number
  return out
}

export function multiply(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.rows, b.cols)
  for (let i = 0; i < a.rows; i++)
    for (let k = 0; k < a.cols; k++) {
      const v = a.data[i * a.cols + k] as number
      for (let j = 0; j < b.cols; j++)
        out.data[i * b.cols + j] =
          (out.data[i * b.cols + j] as number) + v * (b.data[k * b.cols + j] as number)
    }
  return out
}

/** a + scale·b. */
export function combination(a: Matrix, b: Matrix, scale = 1): Matrix {
  return { ...a, data: a.data.map((v, i) => v + scale * (b.data[i] as number)) }
}

export function symmetrize(a: Matrix): Matrix {
  const t = transpose(a)
  return { ...a, data: a.data.map((v, i) => (v + (t.data[i] as number)) / 2) }
}

/** Largest absolute entry. */
export function largest(a: Matrix): number {
  return a.data.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
}

/**
 * Solves A·X = B by Gaussian elimination with partial pivoting and one step of iterative refinement;
 * `undefined` where a pivot vanishes (relative to the largest entry, n·2⁻⁵²).
 */
export function solveLinear(a: Matrix, b: Matrix): Matrix | undefined {
  const factors = factorize(a)
  if (factors === undefined) return undefined
  const x = substitute(factors, b)
  return combination(x, substitute(factors, combination(b, multiply(a, x), -1)))
}

interface Factors {
  readonly lu: Float64Array
  readonly order: Int32Array
}

function factorize(a: Matrix): Factors | undefined {
  const n = a.rows
  const lu = Float64Array.from(a.data)
  const order = Int32Array.from({ length: n }, (_, i) => i)
  const at = (i: number, j: number) => lu[i * n + j] as number
  const tiny = n * 2 ** -52 * largest(a)
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(at(i, k)) > Math.abs(at(pivot, k))) pivot = i
    if (!(Math.abs(at(pivot, k)) > tiny)) return undefined
    if (pivot !== k) {
      for (let j = 0; j < n; j++) [lu[k * n + j], lu[pivot * n + j]] = [at(pivot, j), at(k, j)]
      ;[order[k], order[pivot]] = [order[pivot] as number, order[k] as number]
    }
    for (let i = k + 1; i < n; i++) {
      const factor = (lu[i * n + k] = at(i, k) / at(k, k))
      if (factor !== 0) for (let j = k + 1; j < n; j++) lu[i * n + j] = at(i, j) - factor * at(k, j)
    }
  }
  return { lu, order }
}

function substitute({ lu, order }: Factors, b: Matrix): Matrix {
  const n = order.length
  const x = zeros(n, b.cols)
  for (let c = 0; c < b.cols; c++) {
    for (let i = 0; i < n; i++) {
      let s = b.data[(order[i] as number) * b.cols + c] as number
      for (let j = 0; j < i; j++) s -= (lu[i * n + j] as number) * (x.data[j * b.cols + c] as number)
      x.data[i * b.cols + c] = s
    }
    for (let i = n - 1; i >= 0; i--) {
      let s = x.data[i * b.cols + c] as number
      for (let j = i + 1; j < n; j++) s -= (lu[i * n + j] as number) * (x.data[j * b.cols + c] as number)
      x.data[i * b.cols + c] = s / (lu[i * n + i] as number)
    }
  }
  return x
}
