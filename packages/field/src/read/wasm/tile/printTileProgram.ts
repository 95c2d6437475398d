import { type Field, makeField } from '../../../field.js'
import { applyNode, Builder, type Ref } from '../../../graph/builder.js'
import type { Node } from '../../../graph/node.js'
import { callCode, FunctionCode } from '../functionCode.js'
import { LaneCode } from '../laneCode.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { elementwiseLoop } from './elementwiseLoop.js'
import { type ProductShape, productFunction, strides } from './matrixProduct.js'
import { copyRows, nodeLoop } from './nodeLoop.js'
import { schedule, type Work } from './schedule.js'
import { bases, isDense, pointer, type Source, shift } from './source.js'
import { type SplitSums, type SumLeaf, splitSums, uniformNodes } from './splitSums.js'
import { allocate, viewOf } from './storage.js'
import { type SumShape, sumFunction } from './sumProducts.js'

/** What a tile program computes: rows for every state, and sums over states. */
export interface TileGraph {
  readonly nodes: readonly Node[]
  readonly output: Ref | undefined
  readonly sums: Ref | undefined
  readonly theta: Float64Array
}

/** How a tile program is printed. */
export interface TileProgramOptions {
  /** bytes of the lanes of a tile: a multiple of two vectors */
  readonly rowBytes: number
  readonly exported?: string
  /** inputs of every state of its own, or numbers that all share */
  readonly inputs?: 'rows' | 'numbers'
  /** whether the caller computes what depends on θ only, or the lanes do */
  readonly uniform?: 'given' | 'lanes'
}

/**
 * A function (scratch, numbers, state, input, out, sums) of a module, for one tile of lanes. `state` points to a
 * row of times and the rows of the states; `numbers` holds θ, then `constants`, then the values of `uniform`; to
 * `sums` the sums are added.
 */
export interface TileProgram {
  readonly position: number
  readonly scratchBytes: number
  readonly constants: readonly number[]
  /** what depends on θ only, computed beforehand */
  readonly uniform: Field | undefined
  readonly sums: SplitSums | undefined
}

/** Prints a graph as a program over rows of one tile, every loop a function of its own. */
export function printTileProgram(
  module: ModuleBuilder,
  graph: TileGraph,
  options: TileProgramOptions,
): TileProgram {
  const { nodes, output, theta } = graph
  const { rowBytes, exported } = options
  const { bytes } = module.settings.type
  const sums = graph.sums === undefined ? undefined : splitSums(nodes, graph.sums, theta)
  const leaves = sums?.leaves ?? []
  const numbers = numberLayout(nodes, theta.length, bytes)
  const wanted = [...(output === undefined ? [] : [output]), ...leaves.flatMap((l) => l.args)]
  const views = findViews(nodes, leaves)
  const given = givenSources(nodes, wanted, { views, numbers, ...options })
  const works = schedule({
    nodes,
    given: given.map((source) => source !== undefined),
    views,
    outputs: output === undefined ? [] : [output],
    leaves,
  })
  const { sources, scratchBytes } = allocate({ nodes, given, views, works, output, rowBytes })
  const print = workPrinter(module, { nodes, views, works, sources, output, rowBytes })
  const main = new FunctionCode(bases.map(() => 'i32'))
  for (const work of works) print(main, work)
  const value = output === undefined ? undefined : sources[output]
  if (value !== undefined && !(value.kind === 'rows' && value.base === 'out')) {
    const target: Source = { kind: 'rows', base: 'out', at: 0, step: rowBytes }
    const c = new LaneCode(main, module.settings)
    copyRows(c, value, target, { size: nodes[output as Ref].size, rowBytes })
  }
  const position = module.reserve()
  module.define(position, main.finish(exported === undefined ? {} : { exported }))
  return { position, scratchBytes, sums, constants: numbers.constants, uniform: numbers.uniform(theta) }
}

/** Gathers that are read where their argument is; sums over lanes want an entry that is repeated written out. */
function findViews(nodes: readonly Node[], leaves: readonly SumLeaf[]): boolean[] {
  const summed = new Set(leaves.flatMap((l) => l.args))
  return nodes.map((node, i) => {
    const view = viewOf(node)
    return view !== undefined && !(view.step === 0 && summed.has(i))
  })
}

/** Where numbers are that all states share, beginning with θ. */
function numberLayout(nodes: readonly Node[], thetaLength: number, bytes: number) {
  const constants: number[] = []
  const computed: Ref[] = []
  const known = new Map<Ref, Source>()
  const constantCount = nodes.reduce((n, node) => n + (node.op === 'const' ? node.size : 0), 0)
  let computedSize = 0
  const source = (ref: Ref): Source => {
    const found = known.get(ref)
    if (found !== undefined) return found
    const made = make(nodes[ref], ref)
    known.set(ref, made)
    return made
  }
  const numbersAt = (index: number): Source => ({
    kind: 'numbers',
    base: 'numbers',
    at: index * bytes,
    step: bytes,
  })
  const make = (node: Node, ref: Ref): Source => {
    if (node.op === 'const') {
      if (node.values.every((v) => v === node.values[0])) return { kind: 'constant', value: node.values[0] }
      constants.push(...node.values)
      return numbersAt(thetaLength + constants.length - node.size)
    }
    if (node.op === 'theta') return numbersAt(0)
    const view = viewOf(node)
    if (view !== undefined) {
      const of = source(node.args[0])
      if (of.kind === 'constant') return of
      return { ...of, at: of.at + view.first * of.step, step: view.step * of.step }
    }
    computed.push(ref)
    computedSize += node.size
    return numbersAt(thetaLength + constantCount + computedSize - node.size)
  }
  /** constants, parameters and views of them, which nobody has to compute */
  const isPlain = (ref: Ref): boolean => {
    const node = nodes[ref]
    if (node.op === 'const' || node.op === 'theta') return true
    return viewOf(node) !== undefined && isPlain(node.args[0])
  }
  return {
    source,
    isPlain,
    inputs: { kind: 'numbers', base: 'input', at: 0, step: bytes } as const,
    /** padded, so that the place of what is computed does not depend on how many are used */
    get constants() {
      return [...constants, ...new Array<number>(constantCount - constants.length).fill(0)]
    },
    uniform(theta: Float64Array): Field | undefined {
      if (computed.length === 0) return undefined
      const b = new Builder()
      const copies = new Map<Ref, Ref>()
      const copy = (ref: Ref): Ref => {
        const made = copies.get(ref) ?? applyNode(b, nodes[ref], nodes[ref].args.map(copy))
        copies.set(ref, made)
        return made
      }
      const header = { name: 'uniform', stateNames: [], inputNames: [], theta, layout: [] }
      return makeField(b, b.concat(computed.map(copy)), header)
    },
  }
}

/** Sources of what lanes do not compute: leaves, and what is the same for all states. */
function givenSources(
  nodes: readonly Node[],
  wanted: readonly Ref[],
  {
    views,
    numbers,
    rowBytes,
    inputs = 'rows',
    uniform: computes = 'given',
  }: TileProgramOptions & {
    readonly views: readonly boolean[]
    readonly numbers: Pick<ReturnType<typeof numberLayout>, 'source' | 'isPlain' | 'inputs'>
  },
): (Source | undefined)[] {
  const uniform = uniformNodes(nodes)
  const rows = (base: 'state' | 'input', row: number): Source => ({
    kind: 'rows',
    base,
    at: row * rowBytes,
    step: rowBytes,
  })
  const given: (Source | undefined)[] = nodes.map(() => undefined)
  const needed = new Array<boolean>(nodes.length).fill(false)
  for (const w of wanted) needed[w] = true
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (!needed[i]) continue
    const { op, args } = nodes[i]
    if (uniform[i] && (computes === 'given' || numbers.isPlain(i))) {
      given[i] = numbers.source(i)
      continue
    }
    if (op === 'time') given[i] = rows('state', 0)
    else if (op === 'state') given[i] = rows('state', 1)
    else if (op === 'input') given[i] = inputs === 'rows' ? rows('input', 0) : numbers.inputs
    else for (const a of args) needed[a] = true
  }
  nodes.forEach((node, i) => {
    if (!needed[i] || given[i] !== undefined || !views[i]) return
    const view = viewOf(node)
    const of = given[node.args[0]]
    if (view === undefined || of === undefined) return
    given[i] =
      of.kind === 'constant' ? of : { ...of, at: of.at + view.first * of.step, step: view.step * of.step }
  })
  return given
}

interface Printing {
  readonly nodes: readonly Node[]
  readonly views: readonly boolean[]
  readonly works: readonly Work[]
  readonly sources: readonly (Source | undefined)[]
  readonly output: Ref | undefined
  readonly rowBytes: number
}

/** Prints works as functions, and their calls. */
function workPrinter(module: ModuleBuilder, printing: Printing) {
  const { nodes, sources, rowBytes } = printing
  const { settings } = module
  const source = (ref: Ref) => sources[ref] as Source
  const readers = readElsewhere(printing)
  const shapes = new Map<string, number>()
  const shared = <S>(kind: string, shape: S, print: (module: ModuleBuilder, shape: S) => number): number => {
    const key = kind + JSON.stringify(shape)
    const position = shapes.get(key) ?? print(module, shape)
    shapes.set(key, position)
    return position
  }
  const ownFunction = (main: FunctionCode, body: (c: LaneCode) => void) => {
    const code = new FunctionCode(bases.map(() => 'i32'))
    body(new LaneCode(code, settings))
    if (code.length === 0) return
    const position = module.reserve()
    module.define(position, code.finish())
    main.effect(callCode(position), bases.map(pointer))
  }
  const address = (main: FunctionCode, of: Source) => {
    if (of.kind === 'constant') throw new Error('unreachable: a constant has no address')
    return shift(new LaneCode(main, settings), pointer(of.base), of.at)
  }
  return (main: FunctionCode, work: Work): void => {
    if (work.kind === 'elementwise') {
      const stored = new Set(work.nodes.filter((m) => readers(m, work)))
      ownFunction(main, (c) =>
        elementwiseLoop(c, { nodes, members: work.nodes, size: work.size, sources, stored, rowBytes }),
      )
      return
    }
    if (work.kind === 'sum') {
      const [w, x] = work.leaf.args.map((a) => dense(main, a))
      const cols = work.leaf.kind === 'outer' ? nodes[work.leaf.args[1]].size : 0
      const shape: SumShape = { rows: nodes[work.leaf.args[0]].size, cols, rowBytes }
      const target = shift(new LaneCode(main, settings), pointer('sums'), work.leaf.at * settings.type.bytes)
      main.effect(callCode(shared('sum', shape, sumFunction)), [w, x ?? w, target])
      return
    }
    const node = nodes[work.node]
    const shape = productShape(node)
    if (shape !== undefined) {
      const [weight, x, bias] = node.args.map(source)
      const args = [
        address(main, weight),
        address(main, x),
        address(main, bias ?? x),
        address(main, source(work.node)),
      ]
      main.effect(callCode(shared('product', shape, productFunction)), args)
      return
    }
    const sizes = node.args.map((a) => nodes[a].size)
    ownFunction(main, (c) =>
      nodeLoop(c, { node, args: node.args.map(source), sizes, out: source(work.node), rowBytes }),
    )
  }

  /** The address of dense rows; sums of others are refused where they are printed. */
  function dense(main: FunctionCode, ref: Ref) {
    const of = source(ref)
    if (of.kind !== 'rows' || !isDense(of, rowBytes)) throw new Error('unreachable: sums are of dense rows')
    return address(main, of)
  }

  /** The shape of a product of shared weights with dense rows. */
  function productShape(node: Node): ProductShape | undefined {
    if (node.op !== 'affine' && node.op !== 'matvec') return undefined
    const [weight, x, bias] = node.args.map(source)
    const packed = (s: Source) => s.kind === 'numbers' && s.step === settings.type.bytes
    if (!packed(weight) || x.kind !== 'rows' || !isDense(x, rowBytes)) return undefined
    if (bias !== undefined && !packed(bias)) return undefined
    return { ...strides(node), bias: bias !== undefined, rowBytes }
  }
}

/** Whether anything but its own loop reads a node. */
function readElsewhere({ nodes, views, works, output }: Printing) {
  const readBy = new Map<Ref, Set<Work | 'caller'>>()
  const note = (ref: Ref, reader: Work | 'caller') => {
    const set = readBy.get(ref) ?? new Set()
    set.add(reader)
    readBy.set(ref, set)
    // who reads a view reads what it views
    if (views[ref]) note(nodes[ref].args[0], reader)
  }
  for (const work of works) {
    if (work.kind === 'sum') for (const a of work.leaf.args) note(a, work)
    else
      for (const ref of work.kind === 'elementwise' ? work.nodes : [work.node])
        for (const a of nodes[ref].args) note(a, work)
  }
  if (output !== undefined) note(output, 'caller')
  return (ref: Ref, own: Work) => [...(readBy.get(ref) ?? [])].some((reader) => reader !== own)
}
