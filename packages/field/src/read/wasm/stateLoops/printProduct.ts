import { type Id, memoryOperand } from '../functionCode.js'
import type { LaneValue } from '../laneCode.js'
import { simd } from '../lanes.js'
import { along, type LoopPrinter } from './cursor.js'
import type { Base, Task } from './plan.js'

type ProductTask = Extract<Task, { kind: 'product' }>

/** Rows of W·x at a time: as many accumulators as hide the latency of addition (4 cycles, 2 a cycle). */
const rowsAtOnce = 4

/** W·x (+ b) or Wᵀ·x with W row-major in memory: each weight is read once, in its order. */
export function printProduct(p: LoopPrinter, task: ProductTask, resolve: (base: Base) => number): void {
  const addresses: Addresses = {
    weight: resolve(task.weight.base) + 8 * task.weight.start,
    vector: resolve(task.vector.base) + 8 * task.vector.start,
    bias: task.bias === undefined ? undefined : resolve(task.bias.base) + 8 * task.bias.start,
  }
  if (task.transposed) columns(p, task, addresses)
  else rows(p, task, addresses)
}

interface Addresses {
  readonly weight: number
  readonly vector: number
  readonly bias: number | undefined
}

/** Rows at a time against the vector. */
function rows(p: LoopPrinter, task: ProductTask, addresses: Addresses): void {
  const { code } = p
  const blocks = Math.floor(task.rows / rowsAtOnce)
  const [row, weights] = [code.variable('i32'), code.variable('i32')]
  code.set(row, code.integer(0))
  code.set(weights, code.integer(0))
  if (blocks > 0)
    code.countTo(row, code.integer(8 * rowsAtOnce * blocks), code.integer(8 * rowsAtOnce), () => {
      rowBlock(p, task, addresses, { row, weights, count: rowsAtOnce })
      const next = code.integer(8 * rowsAtOnce * task.cols)
      code.set(weights, code.value('i32', [0x6a], [weights, next]))
    })
  const rest = task.rows % rowsAtOnce
  if (rest > 0) rowBlock(p, task, addresses, { row, weights, count: rest })
}

interface RowBlock {
  /** byte offsets of the first row's result and weights */
  readonly row: Id
  readonly weights: Id
  readonly count: number
}

function rowBlock(p: LoopPrinter, task: ProductTask, at: Addresses, block: RowBlock): void {
  const { code, narrow: c } = p
  const range = Array.from({ length: block.count }, (_, k) => k)
  const zero = c.constant(0)
  const sums = range.map(() => {
    const sum = c.variable()
    c.assign(sum, zero)
    return sum
  })
  const [j, w] = [code.variable('i32'), code.variable('i32')]
  code.set(j, code.integer(0))
  code.set(w, block.weights)
  const pairs = Math.floor(task.cols / 2)
  const accumulate = (load: (address: Id, offset: number) => LaneValue) => {
    const x = load(j, at.vector)
    for (const k of range) {
      const sum = sums[k] as LaneValue
      c.assign(sum, c.op('madd', load(w, at.weight + 8 * k * task.cols), x, c.snapshot(sum)))
    }
  }
  const pairBytes = code.integer(16)
  if (pairs > 0)
    code.countTo(j, code.integer(16 * pairs), pairBytes, () => {
      accumulate((address, offset) => c.load(address, offset))
      code.set(w, code.value('i32', [0x6a], [w, pairBytes]))
    })
  // an odd last column: the other lane holds 0
  if (task.cols % 2 === 1)
    accumulate((address, offset) => ({
      spread: 'each',
      ids: [code.value('v128', simd(93, ...memoryOperand(3, offset)), [address])],
    }))
  for (const k of range) {
    const id = c.at(c.snapshot(sums[k] as LaneValue), 0)
    const [low, high] = [0, 1].map((lane) => code.value('f64', simd(33, lane), [id])) as [Id, Id]
    const sum = code.value('f64', [0xa0], [low, high])
    const bias = at.bias
    const value =
      bias === undefined
        ? sum
        : code.value(
            'f64',
            [0xa0],
            [sum, code.value('f64', [0x2b, ...memoryOperand(3, bias + 8 * k)], [block.row])],
          )
    code.effect([0x39, ...memoryOperand(3, task.target + 8 * k)], [block.row, value])
  }
}

/** Wᵀ·x: tiles of results in accumulators, over the rows of W. */
function columns(p: LoopPrinter, task: ProductTask, at: Addresses): void {
  const { code } = p
  const rowBytes = 8 * task.cols
  along(p, 0, task.cols, (cursor) => {
    const { c } = cursor
    const sum = c.variable()
    c.assign(sum, c.constant(0))
    const [i, shift] = [code.variable('i32'), code.variable('i32')]
    code.set(i, code.integer(0))
    code.set(shift, cursor.place())
    code.countTo(i, code.integer(8 * task.rows), code.integer(8), () => {
      const x = c.loadSplat(i, at.vector, 'common')
      const w = cursor.loadAt(shift, at.weight)
      c.assign(sum, c.op('madd', w, x, c.snapshot(sum)))
      code.set(shift, code.value('i32', [0x6a], [shift, code.integer(rowBytes, true)]))
    })
    cursor.store(task.target, c.snapshot(sum))
  })
}

/** out[i·cols + j] = a[i]·b[j], row by row. */
export function printOuter(
  p: LoopPrinter,
  { left, right, rows: count, cols, target }: Extract<Task, { kind: 'outer' }>,
  resolve: (base: Base) => number,
): void {
  const { code } = p
  const [a, b] = [left, right].map((s) => resolve(s.base) + 8 * s.start) as [number, number]
  const [i, row] = [code.variable('i32'), code.variable('i32')]
  code.set(i, code.integer(0))
  code.set(row, code.integer(0))
  code.countTo(i, code.integer(8 * count), code.integer(8), () => {
    const factor = p.narrow.loadSplat(i, a, 'common')
    along(p, 0, cols, (cursor) => {
      const place = code.value('i32', [0x6a], [row, cursor.place()])
      cursor.storeAt(place, target, cursor.c.op('mul', factor, cursor.load(b)))
    })
    code.set(row, code.value('i32', [0x6a], [row, code.integer(8 * cols, true)]))
  })
}
