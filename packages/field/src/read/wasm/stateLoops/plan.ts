import { vectorize } from '../../../derive/vectorize.js'
import type { Field } from '../../../field.js'
import { dearOperations } from '../../../graph/dearOperations.js'
import type { Node, NodeOf, Op } from '../../../graph/node.js'
import type { Layout } from './layout.js'
import { evenRuns, isUniform, partsOf, pieceBounds, through, type View } from './pieces.js'

/** Where an array stands: at an address, or where the printer is told that the state is. */
export type Base = 'state' | number

/** What a formula is made of; `args` are positions of earlier terms. */
export type Term =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'time' }
  /** entry start + stride·i of the array */
  | { readonly kind: 'even'; readonly base: Base; readonly start: number; readonly stride: number }
  /** the entry whose byte offset stands in a table */
  | { readonly kind: 'table'; readonly base: Base; readonly table: number }
  | { readonly kind: 'operation'; readonly node: Node; readonly args: readonly number[] }

/** A part of a loop in which one formula holds. */
export interface Piece {
  readonly first: number
  readonly end: number
  readonly terms: readonly Term[]
  /** the terms that are its values, one per root */
  readonly results: readonly number[]
}

/** A vector in memory, contiguous. */
export interface Stored {
  readonly base: Base
  readonly start: number
}

/** What is done before the output can be computed, in order. */
export type Task =
  | { readonly kind: 'store'; readonly pieces: readonly Piece[]; readonly target: number }
  /** Σ of the one result, or of the product of the two */
  | { readonly kind: 'sum'; readonly pieces: readonly Piece[]; readonly target: number }
  | {
      readonly kind: 'product'
      readonly weight: Stored
      readonly vector: Stored
      readonly bias: Stored | undefined
      readonly rows: number
      readonly cols: number
      readonly transposed: boolean
      readonly target: number
    }
  | {
      readonly kind: 'outer'
      readonly left: Stored
      readonly right: Stored
      readonly rows: number
      readonly cols: number
      readonly target: number
    }
  | {
      readonly kind: 'scatter'
      readonly source: Stored
      readonly table: number
      readonly count: number
      readonly size: number
      readonly target: number
    }

/** A field as loops along its state. */
export interface LoopPlan {
  readonly tasks: readonly Task[]
  readonly output: readonly Piece[]
  readonly thetaAt: number
  readonly inputAt: number
  /** what to write into memory once */
  readonly tables: readonly {
    readonly at: number
    readonly values: Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer>
  }[]
  /** entries of vectors per printed formula, weighted by their operations: what loops gain by being loops */
  readonly reuse: number
  /** printed operations */
  readonly length: number
}

/** Operations whose arguments are read as arrays; their results stand in memory. */
const arrayOps: ReadonlySet<Op> = new Set<Op>(['sum', 'dot', 'matvec', 'affine', 'outer', 'scatter'])

/** Plans a field as loops along its state. Nodes without vectors in them stay single numbers. */
export function planStateLoops(given: Field, layout: Layout): LoopPlan {
  const field = vectorize(given)
  const { nodes } = field
  const tables: { at: number; values: Float64Array<ArrayBuffer> | Int32Array<ArrayBuffer> }[] = []
  const thetaAt = layout.take(field.theta.length)
  const inputAt = layout.take(field.inputSize)
  const stored = new Map<number, Stored>()
  const knownTables = new Map<string, number>()
  const keep = storedNodes(field)
  const view: View = { nodes, inMemory: (i) => keep.has(i) || isLeafArray(nodes[i] as Node) }
  const numbers = (values: readonly number[]): number => {
    const at = layout.take(values.length)
    tables.push({ at, values: Float64Array.from(values) })
    return at
  }
  const placesTable = (places: Int32Array): number => {
    const key = places.join()
    const found = knownTables.get(key)
    if (found !== undefined) return found
    const at = layout.take(Math.ceil(places.length / 2))
    tables.push({ at, values: Int32Array.from(places, (i) => 8 * i) })
    knownTables.set(key, at)
    return at
  }
  const leafBase = (node: Node): Base => {
    if (node.op === 'state') return 'state'
    if (node.op === 'const') return numbers(node.values)
    return node.op === 'theta' ? thetaAt : inputAt
  }
  const arrayOf = (at: number): Stored => {
    const node = nodes[at] as Node
    const found = stored.get(at)
    if (found !== undefined) return found
    if (node.op === 'gather') {
      const source = arrayOf(node.args[0] as number)
      return { base: source.base, start: source.start + (node.indices[0] ?? 0) }
    }
    const made: Stored = { base: leafBase(node), start: 0 }
    stored.set(at, made)
    return made
  }
  const context: PieceContext = { view, nodes, arrayOf, placesTable, numbers }
  const tasks: Task[] = []
  nodes.forEach((node, i) => {
    if (!keep.has(i)) return
    const target = layout.take(node.size)
    tasks.push(taskFor(context, node, i, target))
    stored.set(i, { base: target, start: 0 })
  })
  const output = piecesOf(context, [field.output], (nodes[field.output] as Node).size)
  const loops = [...tasks.flatMap((t) => ('pieces' in t ? t.pieces : [])), ...output]
  const length = loops.reduce((total, p) => total + p.terms.length, 0)
  const work = loops.reduce((total, p) => total + p.terms.length * (p.end - p.first), 0)
  // a product is three loops whose bodies are a handful of instructions
  const products = tasks.filter((t) => t.kind === 'product' || t.kind === 'outer')
  const productWork = products.reduce((total, t) => total + 2 * t.rows * t.cols, 0)
  const printed = length + 8 * products.length
  return { tasks, output, thetaAt, inputAt, tables, length: printed, reuse: (work + productWork) / printed }
}

const isLeafArray = (node: Node) =>
  node.op === 'state' ||
  node.op === 'theta' ||
  node.op === 'input' ||
  (node.op === 'const' && !isUniform(node.values))

const arrayLeaves: ReadonlySet<Op> = new Set<Op>(['state', 'theta', 'input', 'const'])

/** The nodes that are computed into memory. */
function storedNodes(field: Field): ReadonlySet<number> {
  const { nodes } = field
  const keep = new Set<number>()
  const contiguous = (at: number): boolean => {
    const node = nodes[at] as Node
    if (keep.has(at) || arrayLeaves.has(node.op)) return true
    return node.op === 'gather' && isRun(node.indices) && contiguous(node.args[0] as number)
  }
  const readers = countReaders(field)
  nodes.forEach((node, i) => {
    if (arrayOps.has(node.op)) {
      // the terms of sums are formulas; the operands of the others are arrays
      if (node.op !== 'sum' && node.op !== 'dot')
        for (const arg of node.args) if (!contiguous(arg)) keep.add(arg)
      keep.add(i)
    } else if (dearOperations.has(node.op) && (readers[i] as number) > 1) keep.add(i)
  })
  return keep
}

/** From how many different places each node is read: gathers shift them, everything else hands them on. */
function countReaders({ nodes, output }: Field): Int32Array {
  const contexts = nodes.map(() => new Set<number>())
  contexts[output]?.add(-1)
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i] as Node
    const own = contexts[i] as Set<number>
    const fresh = node.op === 'gather' || arrayOps.has(node.op)
    for (const arg of node.args) {
      const target = contexts[arg] as Set<number>
      if (fresh) target.add(i)
      else for (const context of own) target.add(context)
    }
  }
  return Int32Array.from(contexts, (c) => c.size)
}

const isRun = (indices: readonly number[]) => indices.every((v, i) => v === (indices[0] as number) + i)

interface PieceContext {
  readonly view: View
  readonly nodes: readonly Node[]
  arrayOf(node: number): Stored
  placesTable(places: Int32Array): number
  numbers(values: readonly number[]): number
}

function taskFor(context: PieceContext, node: Node, self: number, target: number): Task {
  const { arrayOf, nodes } = context
  const [p, q, r] = node.args as readonly [number, number, number]
  const sizeOf = (at: number) => (nodes[at] as Node).size
  switch (node.op) {
    case 'sum':
      return { kind: 'sum', pieces: piecesOf(context, [p], sizeOf(p)), target }
    case 'dot':
      return { kind: 'sum', pieces: piecesOf(context, [p, q], sizeOf(p)), target }
    case 'affine':
    case 'matvec':
      return {
        kind: 'product',
        weight: arrayOf(p),
        vector: arrayOf(q),
        bias: node.op === 'affine' ? arrayOf(r) : undefined,
        rows: node.rows,
        cols: node.cols,
        transposed: node.op === 'matvec' && node.transposed,
        target,
      }
    case 'outer':
      return {
        kind: 'outer',
        left: arrayOf(p),
        right: arrayOf(q),
        rows: sizeOf(p),
        cols: sizeOf(q),
        target,
      }
    case 'scatter':
      return scatterTask(context, node, target)
    default:
      return { kind: 'store', pieces: piecesOf(context, [self], node.size, self), target }
  }
}

function scatterTask({ arrayOf, placesTable }: PieceContext, node: NodeOf<'scatter'>, target: number): Task {
  return {
    kind: 'scatter',
    source: arrayOf(node.args[0] as number),
    table: placesTable(Int32Array.from(node.indices)),
    count: node.indices.length,
    size: node.size,
    target,
  }
}

/** The pieces of a loop over `size` entries of the roots; `computing` is not yet in memory. */
function piecesOf(context: PieceContext, roots: readonly number[], size: number, computing = -1): Piece[] {
  const inMemory = (i: number) => i !== computing && context.view.inMemory(i)
  const bounds = pieceBounds({ ...context.view, inMemory }, roots, size)
  return bounds.slice(1).map((end, i) => {
    const first = bounds[i] as number
    const places = Int32Array.from({ length: end - first }, (_, k) => first + k)
    const { terms, visit } = termCollector({ ...context, view: { ...context.view, inMemory } })
    const results = roots.map((root) => visit(root, places))
    return { first, end, terms, results }
  })
}

function termCollector({ view, nodes, arrayOf, placesTable, numbers }: PieceContext) {
  const terms: Term[] = []
  const known = new Map<string, number>()
  const gathered = new Map<string, Int32Array>()
  const ids = new Map<Int32Array, number>()
  const idOf = (places: Int32Array) => {
    const id = ids.get(places) ?? ids.size
    ids.set(places, id)
    return id
  }
  const intern = (key: string, make: () => Term): number => {
    const found = known.get(key)
    if (found !== undefined) return found
    const term = make()
    terms.push(term)
    known.set(key, terms.length - 1)
    return terms.length - 1
  }
  const read = (at: number, places: Int32Array): number => {
    const { base, start } = arrayOf(at)
    const stride = places.length > 1 ? (places[1] as number) - (places[0] as number) : 0
    const first = start + (places[0] as number)
    if (evenRuns(places)?.length === 1)
      return intern(`even ${base} ${first} ${stride}`, () => ({ kind: 'even', base, start: first, stride }))
    const table = placesTable(places.map((i) => i + start))
    return intern(`table ${base} ${table}`, () => ({ kind: 'table', base, table }))
  }
  const constants = (values: readonly number[], places: Int32Array): number => {
    const own = Array.from(places, (i) => values[i] as number)
    if (isUniform(own)) return constant(own[0] as number)
    const base = numbers(own)
    return intern(`even ${base} 0 1`, () => ({ kind: 'even', base, start: 0, stride: 1 }))
  }
  const constant = (value: number) =>
    intern(`constant ${Object.is(value, -0) ? '-0' : value}`, () => ({ kind: 'constant', value }))
  const shifted = (node: NodeOf<'gather'>, at: number, places: Int32Array): Int32Array => {
    const key = `${at} ${idOf(places)}`
    const found = gathered.get(key) ?? through(node.indices, places)
    gathered.set(key, found)
    return found
  }
  const visited = new Map<string, number>()
  const visit = (at: number, places: Int32Array): number => {
    const key = `${at} ${idOf(places)}`
    const found = visited.get(key) ?? visitAnew(at, places)
    visited.set(key, found)
    return found
  }
  const visitAnew = (at: number, places: Int32Array): number => {
    const node = nodes[at] as Node
    if (node.op === 'const') return constants(node.values, places)
    if (node.op === 'time') return intern('time', () => ({ kind: 'time' }))
    if (view.inMemory(at)) return read(at, places)
    if (node.op === 'gather') return visit(node.args[0] as number, shifted(node, at, places))
    if (node.op === 'concat') {
      const run = partsOf(nodes, node.args, places)[0]
      if (run === undefined) throw new Error('unreachable: an empty piece')
      return visit(run.part, run.places)
    }
    const args = node.args.map((a) => visit(a, places))
    const attribute = node.op === 'powi' ? node.exponent : ''
    return intern(`${node.op} ${attribute} ${args}`, () => ({ kind: 'operation', node, args }))
  }
  return { terms, visit }
}
