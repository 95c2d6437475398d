import { type Field, sealField } from '../../../field.js'
import { applyNode, Builder, type Ref } from '../../../graph/builder.js'
import type { Node } from '../../../graph/node.js'
import type { Source } from './source.js'
import { type SumLeaf, uniformNodes } from './splitSums.js'
import { viewOf } from './storage.js'
import type { TileProgramOptions } from './tileGraph.js'

/** Gathers that are read where their argument is; sums over lanes want an entry that is repeated written out. */
export function findViews(nodes: readonly Node[], leaves: readonly SumLeaf[]): boolean[] {
  const summed = new Set(leaves.flatMap((l) => l.args))
  return nodes.map((node, i) => {
    const view = viewOf(node)
    return view !== undefined && !(view.step === 0 && summed.has(i))
  })
}

/** Where numbers are that all states share, beginning with θ. */
export function numberLayout(nodes: readonly Node[], thetaLength: number, bytes: number) {
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
      return sealField(b, b.concat(computed.map(copy)), header)
    },
  }
}

/** Sources of what lanes do not compute: leaves, and what is the same for all states. */
export function givenSources(
  nodes: readonly Node[],
  wanted: readonly Ref[],
  {
    views,
    numbers,
    rowBytes,
    inputs = 'rows',
    uniform: computes = 'given',
    taped,
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
    const there = taped?.(i)
    if (there !== undefined) {
      given[i] = there
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
