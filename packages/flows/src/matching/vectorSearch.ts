import {
  FunctionCode,
  type Id,
  importsFor,
  LaneCode,
  type LaneValue,
  type ModuleBuilder,
  makeModule,
  memoryOperand,
  simd,
} from '@separatrix/field/core'
import type { RowSearch } from './rowSearch.js'

/** Columns that one turn of a loop handles: two vectors of two, whose chains of minima hide one another's latency. */
const turn = 4
const bytes = 8

/** The searches of {@link RowSearch} on 128-bit vectors, in a memory of their own. */
export function vectorSearch(n: number): RowSearch {
  const stride = Math.ceil(n / turn) * turn
  let end = 0
  const take = (count: number) => {
    end += count * bytes
    return end - count * bytes
  }
  // vectors first: a matrix of odd size leaves nothing behind it unaligned
  const [price, open, distance, second, cost] = [stride, stride, stride, turn, n * stride].map(take)
  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / 65_536) })
  const view = (at: number, count: number) => new Float64Array(memory.buffer, at, count)
  const { exports } = new WebAssembly.Instance(searchModule(), importsFor(memory))
  const { lower, twoLeast, relax } = exports as Searches
  view(price, stride).fill(Number.NEGATIVE_INFINITY)
  view(open, stride).fill(Number.NEGATIVE_INFINITY)
  view(distance, stride).fill(Number.POSITIVE_INFINITY)
  const rowAt = (i: number) => cost + i * stride * bytes
  return {
    n,
    stride,
    cost: view(cost, n * stride),
    price: view(price, n),
    open: view(open, n),
    distance: view(distance, n),
    second: view(second, 1),
    lower: (i, u) => lower(rowAt(i), price, stride * bytes, u),
    twoLeast: (i) => twoLeast(rowAt(i), price, stride * bytes, second),
    relax: (i, base) => relax(rowAt(i), open, distance, stride * bytes, base),
  }
}

type Searches = WebAssembly.Exports & {
  readonly lower: (row: number, price: number, length: number, u: number) => void
  readonly twoLeast: (row: number, price: number, length: number, second: number) => number
  readonly relax: (row: number, open: number, distance: number, length: number, base: number) => number
}

let compiled: WebAssembly.Module | undefined

/** One module serves matrices of every size. */
function searchModule(): WebAssembly.Module {
  if (compiled !== undefined) return compiled
  const module = makeModule({ lanes: 'f64x2' })
  for (const print of [printLower, printTwoLeast, printRelax]) module.define(module.reserve(), print(module))
  compiled = new WebAssembly.Module(module.finish())
  return compiled
}

/** Runs the body for every turn of `length` bytes; pointers move along. */
function alongRow(c: LaneCode, starts: readonly Id[], length: Id, body: (at: readonly Id[]) => void): void {
  const { code } = c
  const step = code.integer(turn * bytes, true)
  const at = starts.map((start) => {
    const pointer = code.variable('i32')
    code.set(pointer, start)
    return pointer
  })
  const end = code.value('i32', [0x6a], [starts[0], length], true)
  code.loop((again) => {
    body(at)
    for (const pointer of at) code.set(pointer, code.value('i32', [0x6a], [pointer, step]))
    again(code.value('i32', [0x48], [at[0], end]))
  })
}

function printLower(module: ModuleBuilder) {
  const [row, price, length, u] = [0, 1, 2, 3]
  const c = new LaneCode(new FunctionCode(['i32', 'i32', 'i32', 'f64']), module.settings)
  const offset = c.splat(u, 'f64', 'fixed')
  alongRow(c, [row, price], length, ([from, to]) => {
    c.store(to, c.op('pmin', c.load(to), c.op('sub', c.load(from), offset)))
  })
  return c.code.finish({ exported: 'lower' })
}

/** Least values lane by lane and the columns where they are first found. */
interface Least {
  readonly value: LaneValue
  readonly column: LaneValue
  /** compares with the values of the next columns; returns the values before */
  take(values: LaneValue): LaneValue
}

function leastOf(c: LaneCode): Least {
  const [value, column, at] = [c.variable(), c.variable(), c.variable()]
  c.assign(value, c.constant(Number.POSITIVE_INFINITY))
  // columns as doubles, exact as far as memory goes: 0, 1 in the first vector and 2, 3 in the second
  at.ids.forEach((id, g) => {
    const lane = (k: number) => Array.from(new Uint8Array(Float64Array.of(2 * g + k).buffer))
    c.code.set(id, c.code.value('v128', simd(12, ...lane(0), ...lane(1))))
  })
  return {
    value,
    column,
    take(values) {
      const before = c.snapshot(value)
      const isLess = c.op('lt', values, before)
      c.assign(column, c.select(isLess, c.snapshot(at), c.snapshot(column)))
      c.assign(value, c.op('pmin', before, values))
      c.assign(at, c.op('add', c.snapshot(at), c.constant(turn)))
      return before
    },
  }
}

/** The lanes of both vectors as single numbers. */
const lanesOf = (c: LaneCode, { ids }: LaneValue): Id[] =>
  ids.flatMap((id) => [0, 1].map((lane) => c.code.value('f64', simd(c.type.extract, lane), [id])))

/** The least of all lanes' values, the first of its columns, and which lane had it. */
function firstOfLanes(c: LaneCode, { value, column }: Least): { readonly column: Id; readonly value: Id } {
  const { code } = c
  const [values, columns] = [lanesOf(c, value), lanesOf(c, column)]
  const choose = (take: Id, a: Id, b: Id) => code.value('f64', [0x1b], [a, b, take])
  let best = { value: values[0], column: columns[0] }
  for (let k = 1; k < values.length; k++) {
    const isLess = code.value('i32', [0x63], [values[k], best.value])
    const isSame = code.value('i32', [0x61], [values[k], best.value])
    const isFirst = code.value('i32', [0x63], [columns[k], best.column])
    const take = code.value('i32', [0x72], [isLess, code.value('i32', [0x71], [isSame, isFirst])])
    best = {
      value: choose(take, values[k], best.value),
      column: choose(take, columns[k], best.column),
    }
  }
  return best
}

const asInteger = (c: LaneCode, value: Id) => c.code.value('i32', [0xaa], [value])

function printTwoLeast(module: ModuleBuilder) {
  const [row, price, length, result] = [0, 1, 2, 3]
  const c = new LaneCode(new FunctionCode(['i32', 'i32', 'i32', 'i32'], ['i32']), module.settings)
  const { code } = c
  const least = leastOf(c)
  const second = c.variable()
  c.assign(second, c.constant(Number.POSITIVE_INFINITY))
  alongRow(c, [row, price], length, ([cost, v]) => {
    const reduced = c.op('sub', c.load(cost), c.load(v))
    const before = least.take(reduced)
    c.assign(second, c.op('pmin', c.snapshot(second), c.op('pmax', before, reduced)))
  })
  const { column } = firstOfLanes(c, least)
  // the second least of all is a lane's second, or the least of another lane
  const columns = lanesOf(c, least.column)
  const others = lanesOf(c, least.value).map((v, k) => {
    const isChosen = code.value('i32', [0x61], [columns[k], column])
    return code.value('f64', [0x1b], [code.value('f64', infinity), v, isChosen])
  })
  const all = [...lanesOf(c, second), ...others]
  const smallest = all.reduce((a, b) => code.value('f64', [0xa4], [a, b]))
  code.effect([0x39, ...memoryOperand(3, 0)], [result, smallest])
  return code.finish({ exported: 'twoLeast', result: [asInteger(c, column)] })
}

const infinity = [0x44, ...new Uint8Array(Float64Array.of(Number.POSITIVE_INFINITY).buffer)]

function printRelax(module: ModuleBuilder) {
  const [row, open, distance, length, base] = [0, 1, 2, 3, 4]
  const c = new LaneCode(new FunctionCode(['i32', 'i32', 'i32', 'i32', 'f64'], ['i32']), module.settings)
  const start = c.splat(base, 'f64', 'fixed')
  const least = leastOf(c)
  alongRow(c, [row, open, distance], length, ([cost, v, d]) => {
    const reach = c.op('add', start, c.op('sub', c.load(cost), c.load(v)))
    const shorter = c.op('pmin', c.load(d), reach)
    c.store(d, shorter)
    least.take(shorter)
  })
  return c.code.finish({ exported: 'relax', result: [asInteger(c, firstOfLanes(c, least).column)] })
}
