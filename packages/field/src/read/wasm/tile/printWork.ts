import type { Ref } from '../../../graph/builder.js'
import type { Node } from '../../../graph/node.js'
import { callCode, FunctionCode } from '../functionCode.js'
import { LaneCode } from '../laneCode.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { elementwiseLoop } from './elementwiseLoop.js'
import { type ProductShape, productFunction, strides } from './matrixProduct.js'
import { nodeLoop } from './nodeLoop.js'
import type { Work } from './schedule.js'
import { bases, isDense, pointer, type Source, shift } from './source.js'
import { type SumShape, sumFunction } from './sumProducts.js'

/** A program whose order and memory are settled. */
export interface Printing {
  readonly nodes: readonly Node[]
  readonly views: readonly boolean[]
  readonly works: readonly Work[]
  readonly sources: readonly (Source | undefined)[]
  readonly output: Ref | undefined
  readonly kept: ReadonlySet<Ref>
  readonly rowBytes: number
}

/** Prints works as functions of the module, and their calls into the program's own. */
export function workPrinter(module: ModuleBuilder, printing: Printing) {
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
      const { kind, args } = work.leaf
      const cols = kind === 'outer' ? nodes[args[1]].size : 0
      const terms = kind === 'outer' ? args.length / 2 : args.length
      const shape: SumShape = { terms, rows: nodes[args[0]].size, cols, rowBytes }
      const target = shift(new LaneCode(main, settings), pointer('sums'), work.leaf.at * settings.type.bytes)
      main.effect(callCode(shared('sum', shape, sumFunction)), [target, ...args.map((a) => dense(main, a))])
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
function readElsewhere({ nodes, views, works, output, kept }: Printing) {
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
  for (const ref of output === undefined ? kept : [output, ...kept]) note(ref, 'caller')
  return (ref: Ref, own: Work) => [...(readBy.get(ref) ?? [])].some((reader) => reader !== own)
}
