import { FunctionCode, type Id } from '../functionCode.js'
import { LaneCode, type LaneValue } from '../laneCode.js'
import { simd } from '../lanes.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { shift, vectorBytes, walk } from './source.js'

/** Sums over lanes: S[i][j] += Σ W[i]·X[j] for rows W and X of a tile, or S[i] += Σ W[i] where cols is 0. */
export interface SumShape {
  readonly rows: number
  readonly cols: number
  readonly rowBytes: number
}

const argument = { w: 0, x: 1, sums: 2 } as const

/** Accumulators: two rows by four columns, a vector each. */
const [rowsAtOnce, colsAtOnce] = [2, 4] as const

/** Bytes behind a block of sums that have 0 added to them, so that the last vector needs no care. */
export const sumPadding = vectorBytes

/**
 * Prints such sums as a function (w, x, sums) of its own: accumulators run along the lanes and are then added
 * across by a transposition, which gives neighbouring entries of S.
 */
export function sumFunction(module: ModuleBuilder, shape: SumShape): number {
  const code = new FunctionCode(['i32', 'i32', 'i32'])
  const c = new LaneCode(code, { ...module.settings, groups: 1 })
  if (shape.cols === 0) sumRows(c, shape)
  else sumOuter(c, shape)
  const position = module.reserve()
  module.define(position, code.finish())
  return position
}

function sumRows(c: LaneCode, { rows, rowBytes }: SumShape): void {
  inBlocks(
    c,
    rows,
    colsAtOnce,
    { w: { start: argument.w, bytes: rowBytes }, sums: number(c, 1) },
    (at, count) => {
      const sums = accumulators(c, count)
      walk(c, rowBytes / vectorBytes, { w: { start: at.w, bytes: vectorBytes } }, ({ w }) => {
        for (let i = 0; i < count; i++)
          c.assign(sums[i], c.op('add', c.snapshot(sums[i]), c.load(w, i * rowBytes)))
      })
      addAcross(c, sums, at.sums)
    },
  )
}

const number = (c: LaneCode, stride: number) => ({ start: argument.sums, bytes: stride * c.type.bytes })

function sumOuter(c: LaneCode, { rows, cols, rowBytes }: SumShape): void {
  const { bytes } = c.type
  const down = { w: { start: argument.w, bytes: rowBytes }, sums: number(c, cols) }
  inBlocks(c, rows, rowsAtOnce, down, (left, height) => {
    const right = { x: { start: argument.x, bytes: rowBytes }, sums: { start: left.sums, bytes } }
    inBlocks(c, cols, colsAtOnce, right, (top, width) => {
      const sums = Array.from({ length: height }, () => accumulators(c, width))
      const lanes = {
        w: { start: left.w, bytes: vectorBytes },
        x: { start: top.x, bytes: vectorBytes },
      }
      walk(c, rowBytes / vectorBytes, lanes, ({ w, x }) => {
        const factors = sums.map((_, i) => c.load(w, i * rowBytes))
        for (let j = 0; j < width; j++) {
          const entry = c.load(x, j * rowBytes)
          for (let i = 0; i < height; i++)
            c.assign(sums[i][j], c.op('madd', factors[i], entry, c.snapshot(sums[i][j])))
        }
      })
      sums.forEach((row, i) => {
        addAcross(c, row, shift(c, top.sums, i * cols * bytes))
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
