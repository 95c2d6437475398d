import type { Node, NodeOf, Op } from '../../../graph/node.js'
import type { LaneCode, LaneValue } from '../laneCode.js'
import { strides } from './matrixProduct.js'
import { add, multiply, overLanes, overRange, type Position, read, type Source, write } from './source.js'

/** One vector operation, and where its arguments and its value are. */
export interface NodeWork {
  readonly node: Node
  readonly args: readonly Source[]
  readonly sizes: readonly number[]
  readonly out: Source
  readonly rowBytes: number
}

/** Rows that are written out rather than looped over. */
const unrolledRows = 4

type Printer = (c: LaneCode, work: NodeWork) => void

/** How each vector operation is printed; leaves and elementwise operations are printed elsewhere. */
const printers: { readonly [K in Op]?: Printer } = {
  gather,
  scatter,
  concat,
  outer,
  sum: (c, work) => total(c, work, (c, i, lane) => read(c, work.args[0], i, lane)),
  dot: (c, work) =>
    total(c, work, (c, i, lane) =>
      c.op('mul', read(c, work.args[0], i, lane), read(c, work.args[1], i, lane)),
    ),
  affine: product,
  matvec: product,
}

/** Prints a vector operation as loops over rows and lanes; products with shared weights have functions of their own. */
export function nodeLoop(c: LaneCode, work: NodeWork): void {
  const printer = printers[work.node.op]
  if (printer === undefined) throw new Error(`unreachable: ${work.node.op} is no vector operation`)
  printer(c, work)
}

/** A source from one of its entries on. */
export function at(source: Source, entry: number): Source {
  return source.kind === 'constant' ? source : { ...source, at: source.at + entry * source.step }
}

const overRows = (c: LaneCode, size: number, body: (row: Position) => void) =>
  overRange(c, { end: size, step: 1, unrolled: unrolledRows }, body)

export function copyRows(
  c: LaneCode,
  from: Source,
  to: Source,
  { size, rowBytes }: { readonly size: number; readonly rowBytes: number },
): void {
  overRows(c, size, (row) =>
    overLanes(c, rowBytes, 1, (c, lane) => write(c, to, { row, lane }, read(c, from, row, lane))),
  )
}

function gather(c: LaneCode, { node, args: [x], out, rowBytes }: NodeWork): void {
  const { indices } = node as NodeOf<'gather'>
  indices.forEach((from, i) => {
    copyRows(c, at(x, from), at(out, i), { size: 1, rowBytes })
  })
}

function scatter(c: LaneCode, { node, args, out, rowBytes }: NodeWork): void {
  const { indices } = node as NodeOf<'scatter'>
  const zero: Source = { kind: 'constant', value: 0 }
  copyRows(c, zero, out, { size: node.size, rowBytes })
  indices.forEach((to, i) => {
    overLanes(c, rowBytes, 1, (c, lane) =>
      write(c, out, { row: to, lane }, c.op('add', read(c, out, to, lane), read(c, args[0], i, lane))),
    )
  })
}

function concat(c: LaneCode, { args, sizes, out, rowBytes }: NodeWork): void {
  let start = 0
  args.forEach((part, k) => {
    const target = at(out, start)
    const inPlace =
      part.kind === 'rows' && target.kind === 'rows' && part.base === target.base && part.at === target.at
    if (!inPlace) copyRows(c, part, target, { size: sizes[k], rowBytes })
    start += sizes[k]
  })
}

/** Σ of terms, lane by lane. */
function total(
  c: LaneCode,
  { sizes: [size], out, rowBytes }: NodeWork,
  term: (c: LaneCode, row: Position, lane: Position) => LaneValue,
): void {
  overLanes(c, rowBytes, 1, (c, lane) => {
    const sum = c.variable()
    c.assign(sum, c.constant(0))
    overRows(c, size, (row) => c.assign(sum, c.op('add', c.snapshot(sum), term(c, row, lane))))
    write(c, out, { row: 0, lane }, c.snapshot(sum))
  })
}

function outer(c: LaneCode, { args: [x, y], sizes: [rows, cols], out, rowBytes }: NodeWork): void {
  overLanes(c, rowBytes, 1, (c, lane) => {
    for (let i = 0; i < rows; i++) {
      const factor = read(c, x, i, lane)
      overRows(c, cols, (row) =>
        write(c, at(out, i * cols), { row, lane }, c.op('mul', factor, read(c, y, row, lane))),
      )
    }
  })
}

/** A product whose weights differ from lane to lane. */
function product(c: LaneCode, { node, args: [weight, x, bias], out, rowBytes }: NodeWork): void {
  const { outputs, inner, acrossOutputs, along } = strides(node as NodeOf<'affine'> | NodeOf<'matvec'>)
  overLanes(c, rowBytes, 1, (c, lane) =>
    overRows(c, outputs, (i) => {
      const sum = c.variable()
      c.assign(sum, bias === undefined ? c.constant(0) : read(c, bias, i, lane))
      overRows(c, inner, (j) => {
        const entry = read(c, weight, linear(c, [i, acrossOutputs], [j, along]), lane)
        c.assign(sum, c.op('madd', entry, read(c, x, j, lane), c.snapshot(sum)))
      })
      write(c, out, { row: i, lane }, c.snapshot(sum))
    }),
  )
}

/** i·a + j·b of positions. */
function linear(
  c: LaneCode,
  [i, a]: readonly [Position, number],
  [j, b]: readonly [Position, number],
): Position {
  if (typeof i === 'number' && typeof j === 'number') return i * a + j * b
  const term = (p: Position, factor: number) =>
    typeof p === 'number' ? c.code.integer(p * factor) : multiply(c, p.id, factor)
  return { id: add(c, term(i, a), term(j, b)) }
}
