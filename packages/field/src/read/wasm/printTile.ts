import type { Field } from '../../field.js'
import { type Binary, binary, type Node, type NodeOf, type Unary, unary } from '../../graph/node.js'
import { binaryLanes, integerPower, unaryLanes } from './elementary.js'
import { FunctionCode, type Id } from './functionCode.js'
import { LaneCode, type LaneValue } from './laneCode.js'
import type { ModuleBuilder } from './moduleBuilder.js'

/** Bytes of one number for all lanes of a tile: two vectors. */
export const rowBytes = 32

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

/** Where the entries of a vector are: rows of scratch memory, or numbers shared by all lanes. */
interface Source {
  readonly base: 'scratch' | 'theta' | 'input'
  /** first entry, in bytes */
  readonly at: number
  /** bytes from entry to entry; 0 repeats one */
  readonly step: number
}

/** Accumulators of a matrix product: four outputs by two vectors; twelve would spill (measured). */
const outputsAtOnce = 4

/**
 * Prints a field as loops over rows, vector by vector of its graph: the form for networks, whose products
 * become register-blocked kernels. Weights are read in place, from θ; gathers of neighbours cost nothing.
 */
export function printTile(module: ModuleBuilder, field: Field): TileField {
  const code = new FunctionCode(['i32', 'i32', 'i32'])
  const c = new LaneCode(code, module.settings)
  const constants: number[] = []
  const layout = { used: rowBytes * (1 + field.stateSize) }
  const tile: Printer = {
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

interface Printer {
  readonly c: LaneCode
  readonly field: Field
  readonly sources: Source[]
  /** fresh rows */
  rows(size: number): Source
  constantsAt(values: readonly number[]): Source
}

const parameter = { scratch: 0, theta: 1, input: 2 } as const

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

function printNode(p: Printer, node: Node): Source {
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

const sizeOf = (p: Printer, node: Node, which: number) =>
  (p.field.nodes[node.args[which] as number] as Node).size

/** Entry of a vector: at a position known now, or at the loop variable. */
type Index = number | Loop

/** The variable of a running loop. */
interface Loop {
  readonly variable: Id
}

function address(p: Printer, source: Source, index: Index): { readonly base: Id; readonly offset: number } {
  const base = parameter[source.base]
  if (typeof index === 'number') return { base, offset: source.at + index * source.step }
  if (source.step === 0) return { base, offset: source.at }
  const { code } = p.c
  const shift = code.integer(Math.log2(source.step), true)
  const distance = code.value('i32', [0x74], [index.variable, shift])
  return { base: code.value('i32', [0x6a], [base, distance]), offset: source.at }
}

function entry(p: Printer, source: Source, index: Index): LaneValue {
  const { base, offset } = address(p, source, index)
  if (source.base === 'scratch') return p.c.load(base, offset)
  const fixed = typeof index === 'number' || source.step === 0
  return p.c.loadSplat(base, offset, fixed ? 'fixed' : 'common')
}

function put(p: Printer, target: Source, index: Index, value: LaneValue): void {
  const { base, offset } = address(p, target, index)
  p.c.store(base, value, offset)
}

/** Rows up to which a loop is written out. */
const unrolledRows = 4

/** for i < size: a loop, or its iterations where they are few. */
function forEach(p: Printer, size: number, body: (index: Index) => void): void {
  if (size <= unrolledRows) {
    for (let i = 0; i < size; i++) body(i)
    return
  }
  const { code } = p.c
  const variable = code.variable('i32')
  code.set(variable, code.integer(0))
  code.countTo(variable, code.integer(size), code.integer(1), () => body({ variable }))
}

function elementwise(
  p: Printer,
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

function copy(p: Printer, from: Source, to: Source, size: number): void {
  forEach(p, size, (i) => {
    put(p, to, i, entry(p, from, i))
  })
}

/** Neighbours, or one entry repeated, are read where they are; others are copied. */
function gather(p: Printer, x: Source, indices: readonly number[]): Source {
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

function scatter(p: Printer, x: Source, node: NodeOf<'scatter'>): Source {
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

function concat(p: Printer, node: NodeOf<'concat'>, args: readonly Source[]): Source {
  const out = p.rows(node.size)
  let start = 0
  args.forEach((part, k) => {
    const size = sizeOf(p, node, k)
    copy(p, part, { ...out, at: out.at + start * rowBytes }, size)
    start += size
  })
  return out
}

function total(p: Printer, size: number, term: (i: Index) => LaneValue): Source {
  const out = p.rows(1)
  const sum = p.c.variable()
  p.c.assign(sum, p.c.constant(0))
  forEach(p, size, (i) => {
    p.c.assign(sum, p.c.op('add', p.c.snapshot(sum), term(i)))
  })
  put(p, out, 0, p.c.snapshot(sum))
  return out
}

function outer(p: Printer, x: Source, y: Source, [rows, cols]: readonly [number, number]): Source {
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

interface Product {
  readonly weight: Source
  readonly vector: Source
  readonly bias: Source | undefined
  readonly transposed: boolean
}

/** W·x (+ b) or Wᵀ·x, several outputs at a time in accumulators. */
function product(p: Printer, node: NodeOf<'affine'> | NodeOf<'matvec'>, spec: Product): Source {
  const [outputs, inner] = spec.transposed ? [node.cols, node.rows] : [node.rows, node.cols]
  const out = p.rows(outputs)
  const { step } = spec.weight
  // bytes from one output's weights to the next one's, and from one factor's to the next
  const [acrossOutputs, along] = spec.transposed ? [step, node.cols * step] : [node.cols * step, step]
  const shape = { inner, acrossOutputs, along }
  const whole = Math.floor(outputs / outputsAtOnce)
  if (whole > 0)
    forEach(p, whole, (block) => {
      productBlock(p, spec, out, { ...shape, block, outputs: outputsAtOnce, first: 0 })
    })
  if (outputs % outputsAtOnce > 0)
    productBlock(p, spec, out, {
      ...shape,
      block: 0,
      outputs: outputs % outputsAtOnce,
      first: whole * outputsAtOnce,
    })
  return out
}

interface Block {
  readonly inner: number
  readonly acrossOutputs: number
  readonly along: number
  /** which block of `outputsAtOnce`, counted from output `first` */
  readonly block: Index
  readonly outputs: number
  readonly first: number
}

function productBlock(p: Printer, { weight, vector, bias }: Product, out: Source, b: Block): void {
  const { c } = p
  const { code } = c
  /** pointer + block·stride, static where the block is known */
  const shifted = (source: Source, stride: number): { base: Id; at: number } => {
    const base = parameter[source.base]
    if (typeof b.block === 'number') return { base, at: source.at + b.block * stride }
    const distance = code.value('i32', [0x6c], [b.block.variable, code.integer(stride, true)])
    return { base: code.value('i32', [0x6a], [base, distance]), at: source.at }
  }
  const outputAt = (source: Source, k: number) => {
    const { base, at } = shifted(source, outputsAtOnce * source.step)
    return { base, offset: at + (b.first + k) * source.step }
  }
  const range = Array.from({ length: b.outputs }, (_, k) => k)
  const sums = range.map((k) => {
    const sum = c.variable()
    if (bias === undefined) {
      c.assign(sum, c.constant(0))
    } else {
      const { base, offset } = outputAt(bias, k)
      c.assign(sum, bias.base === 'scratch' ? c.load(base, offset) : c.loadSplat(base, offset, 'common'))
    }
    return sum
  })
  const weights = shifted(weight, outputsAtOnce * b.acrossOutputs)
  const [w, x, left] = [0, 1, 2].map(() => code.variable('i32')) as [Id, Id, Id]
  code.set(w, weights.base)
  code.set(x, parameter[vector.base])
  const factor = (j: number) =>
    vector.base === 'scratch'
      ? c.load(x, vector.at + j * vector.step)
      : c.loadSplat(x, vector.at + j * vector.step, 'common')
  const accumulate = (j: number) => {
    const value = factor(j)
    const start = range.map((k) => {
      const offset = weights.at + (b.first + k) * b.acrossOutputs + j * b.along
      return weight.base === 'scratch' ? c.load(w, offset) : c.loadSplat(w, offset, 'common')
    })
    range.forEach((k) => {
      const sum = sums[k] as LaneValue
      c.assign(sum, c.op('madd', start[k] as LaneValue, value, c.snapshot(sum)))
    })
  }
  const unroll = [4, 2, 1].find((u) => b.inner % u === 0) as number
  const turns = b.inner / unroll
  const turn = () => {
    for (let j = 0; j < unroll; j++) accumulate(j)
  }
  if (turns === 1) {
    turn()
  } else {
    const advance = (variable: Id, bytes: number) =>
      code.set(variable, code.value('i32', [0x6a], [variable, code.integer(bytes, true)]))
    code.set(left, code.integer(0))
    code.countTo(left, code.integer(turns), code.integer(1), () => {
      turn()
      advance(w, unroll * b.along)
      advance(x, unroll * vector.step)
    })
  }
  range.forEach((k) => {
    const { base, offset } = outputAt(out, k)
    c.store(base, c.snapshot(sums[k] as LaneValue), offset)
  })
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
    c.code.effect([0x10, ...position(tile.position)], [scratch, theta, input])
    return Array.from({ length: outputSize }, (_, k) => c.load(scratch, tile.outputAt + k * rowBytes))
  }
}

const position = (index: number) => (index < 128 ? [index] : [(index & 127) | 128, index >> 7])
