import { FunctionCode, type Id } from '../functionCode.js'
import { LaneCode, type LaneValue } from '../laneCode.js'
import { simd } from '../lanes.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { shift, vectorBytes, walk } from './source.js'

/** Sums over lanes: S[i][j] += Σ W[i]·X[j] for rows W and X of a tile, or S[i] += Σ W[i] where cols is 0. */
export interface SumShape {
  /** matrices W, or pairs W, X, that are summed up together */
  readonly terms: number
  readonly rows: number
  readonly cols: number
  readonly rowBytes: number
}

/** Accumulators: two rows by four columns, a vector each. */
const [rowsAtOnce, colsAtOnce] = [2, 4] as const

/** Bytes behind a block of sums that have 0 added to them, so that the last vector needs no care. */
export const sumPadding = vectorBytes

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/**
 * Prints such sums as a function (sums, w, w, …) or (sums, w, x, w, x, …) of its own: accumulators run along the
 * lanes and are then added across by a transposition, which gives neighbouring entries of S.
 */
export function sumFunction(module: ModuleBuilder, shape: SumShape): number {
  const count = shape.cols === 0 ? shape.terms : 2 * shape.terms
  const code = new FunctionCode(['i32', ...range(count).map(() => 'i32' as const)])
  const c = new LaneCode(code, { ...module.settings, groups: 1 })
  if (shape.cols === 0) sumRows(c, shape)
  else sumOuter(c, shape)
  const position = module.reserve()
  module.define(position, code.finish())
  return position
}

/** Parameters of the printed function. */
const target = 0
const factors = (shape: SumShape) => range(shape.terms).map((k) => ({ w: 1 + 2 * k, x: 2 + 2 * k }))

type Starts = Readonly<Record<string, { readonly start: Id; readonly bytes: number }>>

/** Pointers by number, as loops take them. */
const pointers = (starts: readonly Id[], bytes: number): Starts =>
  Object.fromEntries(starts.map((start, k) => [k, { start, bytes }]))

function sumRows(c: LaneCode, { terms, rows, rowBytes }: SumShape): void {
  const down: Starts = {
    ...pointers(
      range(terms).map((k) => 1 + k),
      rowBytes,
    ),
    sums: number(c, target, 1),
  }
  inBlocks(c, rows, colsAtOnce, down, (at, count) => {
    const sums = accumulators(c, count)
    for (const k of range(terms))
      walk(c, rowBytes / vectorBytes, { w: { start: at[k], bytes: vectorBytes } }, ({ w }) => {
        for (let i = 0; i < count; i++)
          c.assign(sums[i], c.op('add', c.snapshot(sums[i]), c.load(w, i * rowBytes)))
      })
    addAcross(c, sums, at.sums)
  })
}

const number = (c: LaneCode, start: Id, stride: number) => ({ start, bytes: stride * c.type.bytes })

function sumOuter(c: LaneCode, shape: SumShape): void {
  const { rows, cols, rowBytes } = shape
  const terms = factors(shape)
  const down: Starts = {
    ...pointers(
      terms.map(({ w }) => w),
      rowBytes,
    ),
    sums: number(c, target, cols),
  }
  inBlocks(c, rows, rowsAtOnce, down, (left, height) => {
    const right: Starts = {
      ...pointers(
        terms.map(({ x }) => x),
        rowBytes,
      ),
      sums: number(c, left.sums, 1),
    }
    inBlocks(c, cols, colsAtOnce, right, (top, width) => {
      const sums = range(height).map(() => accumulators(c, width))
      terms.forEach((_, k) => {
        const lanes = { w: { start: left[k], bytes: vectorBytes }, x: { start: top[k], bytes: vectorBytes } }
        walk(c, rowBytes / vectorBytes, lanes, ({ w, x }) => {
          const entries = sums.map((_, i) => c.load(w, i * rowBytes))
          for (let j = 0; j < width; j++) {
            const factor = c.load(x, j * rowBytes)
            for (let i = 0; i < height; i++)
              c.assign(sums[i][j], c.op('madd', entries[i], factor, c.snapshot(sums[i][j])))
          }
        })
      })
      sums.forEach((row, i) => {
        addAcross(c, row, shift(c, top.sums, i * cols * c.type.bytes))
      })
    })
  })
}

/** Goes through `count` items, `atOnce` at a time, the rest together. */
function inBlocks<K extends string>(
  c: LaneCode,
  count: number,
  atOnce: number,
  items: { readonly [P in K]: { readonly start: Id; readonly bytes: number } },
  body: (at: { readonly [P in K]: Id }, count: number) => void,
): void {
  const entries = Object.entries(items) as [K, { start: Id; bytes: number }][]
  const whole = Math.floor(count / atOnce)
  const each = (f: (item: { start: Id; bytes: number }) => unknown) =>
    Object.fromEntries(entries.map(([name, item]) => [name, f(item)]))
  const strides = each(({ start, bytes }) => ({ start, bytes: bytes * atOnce })) as typeof items
  walk(c, whole, strides, (at) => body(at, atOnce))
  const rest = count - whole * atOnce
  if (rest > 0)
    body(each(({ start, bytes }) => shift(c, start, whole * atOnce * bytes)) as { [P in K]: Id }, rest)
}

function accumulators(c: LaneCode, count: number): LaneValue[] {
  return Array.from({ length: count }, () => {
    const sum = c.variable()
    c.assign(sum, c.constant(0))
    return sum
  })
}

/** Adds the lanes of each accumulator, and the totals to neighbouring numbers of memory. */
function addAcross(c: LaneCode, sums: readonly LaneValue[], target: Id): void {
  const { width, bytes } = c.type
  const zero = c.constant(0)
  for (let k = 0; k < sums.length; k += width) {
    const parts = Array.from({ length: width }, (_, i) =>
      k + i < sums.length ? c.snapshot(sums[k + i]) : zero,
    )
    const total = width === 2 ? pairTotal(c, parts, 8) : pairTotal(c, fours(c, parts), 8)
    c.store(target, c.op('add', c.load(target, k * bytes), total), k * bytes)
  }
}

/** [a₀ + a₂, b₀ + b₂, a₁ + a₃, b₁ + b₃] of two and two vectors of four lanes. */
function fours(c: LaneCode, [a, b, d, e]: readonly LaneValue[]): LaneValue[] {
  const interleaved = (x: LaneValue, y: LaneValue) =>
    c.op('add', shuffle(c, x, y, [0, 4, 1, 5], 4), shuffle(c, x, y, [2, 6, 3, 7], 4))
  return [interleaved(a, b), interleaved(d, e)]
}

/** The halves of two vectors added: [a_low + a_high, b_low + b_high]. */
function pairTotal(c: LaneCode, [a, b]: readonly LaneValue[], half: number): LaneValue {
  return c.op('add', shuffle(c, a, b, [0, 2], half), shuffle(c, a, b, [1, 3], half))
}

/** Lanes of two vectors, chosen by position in both. */
function shuffle(
  c: LaneCode,
  x: LaneValue,
  y: LaneValue,
  lanes: readonly number[],
  bytes: number,
): LaneValue {
  const picks = lanes.flatMap((lane) => Array.from({ length: bytes }, (_, i) => lane * bytes + i))
  return { spread: 'each', ids: [c.code.value('v128', simd(13, ...picks), [c.at(x, 0), c.at(y, 0)])] }
}
