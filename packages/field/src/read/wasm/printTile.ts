import type { Field } from '../../field.js'
import { type Binary, binary, type Node, type NodeOf, type Unary, unary } from '../../graph/node.js'
import { binaryLanes, integerPower, unaryLanes } from './elementary.js'
import { callCode, FunctionCode, type Id } from './functionCode.js'
import { LaneCode, type LaneValue } from './laneCode.js'
import type { ModuleBuilder } from './moduleBuilder.js'
import { product } from './printProduct.js'
import { entry, forEach, type Index, put, rowBytes, type Source, type TilePrinter } from './tileRows.js'

/**
 * A field as a function tile(scratch, theta, input) of a module: it reads the states of one tile of lanes from
 * scratch memory, a row each, and leaves its values there.
 */
export interface TileField {
  /** position of the function */
  readonly position: number
  readonly scratchBytes: number
  /** bytes from the start of the scratch memory */
  readonly timeAt: number
  readonly stateAt: number
  readonly outputAt: number
  /** numbers that the caller writes behind θ */
  readonly constants: readonly number[]
}

/**
 * Prints a field as loops over rows, vector by vector of its graph: the form for networks, whose products
 * become register-blocked kernels. Weights are read in place, from θ; gathers of neighbours cost nothing.
 */
export function printTile(module: ModuleBuilder, field: Field): TileField {
  const code = new FunctionCode(['i32', 'i32', 'i32'])
  const c = new LaneCode(code, module.settings)
  const constants: number[] = []
  const layout = { used: rowBytes * (1 + field.stateSize) }
  const tile: TilePrinter = {
    c,
    sources: [],
    field,
    rows(size) {
      const at = layout.used
      layout.used += size * rowBytes
      return { base: 'scratch', at, step: rowBytes }
    },
    constantsAt(values) {
      const at = (field.theta.length + constants.length) * c.type.bytes
      constants.push(...values)
      return { base: 'theta', at, step: c.type.bytes }
    },
  }
  for (const node of field.nodes) tile.sources.push(printNode(tile, node))
  const value = tile.sources[field.output] as Source
  const output = tile.rows(field.outputSize)
  copy(tile, value, output, field.outputSize)
  const position = module.reserve()
  module.define(position, code.finish())
  return {
    position,
    scratchBytes: layout.used,
    timeAt: 0,
    stateAt: rowBytes,
    outputAt: output.at,
    constants,
  }
}

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

function printNode(p: TilePrinter, node: Node): Source {
  const { c } = p
  const args = node.args.map((a) => p.sources[a] as Source)
  const [x, y] = args as [Source, Source]
  if (unaryOps.has(node.op))
    return elementwise(p, node.size, args, ([v]) => unaryLanes[node.op as Unary](c, v!))
  if (binaryOps.has(node.op))
    return elementwise(p, node.size, args, ([v, w]) => binaryLanes[node.op as Binary](c, v!, w!))
  switch (node.op) {
    case 'const':
      return p.constantsAt(node.values)
    case 'time':
      return { base: 'scratch', at: 0, step: rowBytes }
    case 'state':
      return { base: 'scratch', at: rowBytes, step: rowBytes }
    case 'theta':
    case 'input':
      return { base: node.op, at: 0, step: c.type.bytes }
    case 'powi':
      return elementwise(p, node.size, args, ([v]) => integerPower(c, v!, node.exponent))
    case 'gather':
      return gather(p, x, node.indices)
    case 'scatter':
      return scatter(p, x, node)
    case 'concat':
      return concat(p, node, args)
    case 'sum':
      return total(p, sizeOf(p, node, 0), (i) => entry(p, x, i))
    case 'dot':
      return total(p, sizeOf(p, node, 0), (i) => c.op('mul', entry(p, x, i), entry(p, y, i)))
    case 'outer':
      return outer(p, x, y, [sizeOf(p, node, 0), sizeOf(p, node, 1)])
    case 'affine':
      return product(p, node, { weight: x, vector: y, bias: args[2] as Source, transposed: false })
    case 'matvec':
      return product(p, node, { weight: x, vector: y, bias: undefined, transposed: node.transposed })
    default:
      throw new Error(`unreachable: ${node.op}`)
  }
}

const sizeOf = (p: TilePrinter, node: Node, which: number) =>
  (p.field.nodes[node.args[which] as number] as Node).size

function elementwise(
  p: TilePrinter,
  size: number,
  args: readonly Source[],
  f: (values: readonly LaneValue[]) => LaneValue,
): Source {
  const out = p.rows(size)
  forEach(p, size, (i) => {
    put(p, out, i, f(args.map((a) => entry(p, a, i))))
  })
  return out
}

function copy(p: TilePrinter, from: Source, to: Source, size: number): void {
  forEach(p, size, (i) => {
    put(p, to, i, entry(p, from, i))
  })
}

/** Neighbours, or one entry repeated, are read where they are; others are copied. */
function gather(p: TilePrinter, x: Source, indices: readonly number[]): Source {
  const first = indices[0] as number
  const at = x.at + first * x.step
  if (indices.every((v, i) => v === first + i)) return { ...x, at }
  if (indices.every((v) => v === first)) return { ...x, at, step: 0 }
  const out = p.rows(indices.length)
  indices.forEach((from, i) => {
    put(p, out, i, entry(p, x, from))
  })
  return out
}

function scatter(p: TilePrinter, x: Source, node: NodeOf<'scatter'>): Source {
  const out = p.rows(node.size)
  const zero = p.c.constant(0)
  forEach(p, node.size, (i) => {
    put(p, out, i, zero)
  })
  node.indices.forEach((to, i) => {
    put(p, out, to, p.c.op('add', entry(p, out, to), entry(p, x, i)))
  })
  return out
}

function concat(p: TilePrinter, node: NodeOf<'concat'>, args: readonly Source[]): Source {
  const out = p.rows(node.size)
  let start = 0
  args.forEach((part, k) => {
    const size = sizeOf(p, node, k)
    copy(p, part, { ...out, at: out.at + start * rowBytes }, size)
    start += size
  })
  return out
}

function total(p: TilePrinter, size: number, term: (i: Index) => LaneValue): Source {
  const out = p.rows(1)
  const sum = p.c.variable()
  p.c.assign(sum, p.c.constant(0))
  forEach(p, size, (i) => {
    p.c.assign(sum, p.c.op('add', p.c.snapshot(sum), term(i)))
  })
  put(p, out, 0, p.c.snapshot(sum))
  return out
}

function outer(p: TilePrinter, x: Source, y: Source, [rows, cols]: readonly [number, number]): Source {
  const out = p.rows(rows * cols)
  for (let i = 0; i < rows; i++) {
    const factor = entry(p, x, i)
    const row = { ...out, at: out.at + i * cols * rowBytes }
    forEach(p, cols, (j) => {
      put(p, row, j, p.c.op('mul', factor, entry(p, y, j)))
    })
  }
  return out
}

/** Calls a tile: states and time into its rows, values out of them. */
export function callTile(
  c: LaneCode,
  tile: TileField,
  { scratch, theta, input }: { readonly scratch: Id; readonly theta: Id; readonly input: Id },
  outputSize: number,
): (t: LaneValue, y: readonly LaneValue[]) => LaneValue[] {
  return (t, y) => {
    c.store(scratch, t, tile.timeAt)
    y.forEach((v, k) => {
      c.store(scratch, v, tile.stateAt + k * rowBytes)
    })
    c.code.effect(callCode(tile.position), [scratch, theta, input])
    return Array.from({ length: outputSize }, (_, k) => c.load(scratch, tile.outputAt + k * rowBytes))
  }
}
