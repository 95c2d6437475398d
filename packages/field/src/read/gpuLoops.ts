import type { Field } from '../field.js'
import { isTotal, type Node, type NodeOf } from '../graph/node.js'
import { batchConstants, coefficientsOf } from './batchConstants.js'
import { type GpuLeaves, type GpuStatements, kernelExpression } from './gpuCode.js'

/** Products up to which a layer is unrolled in full. */
const unrolledProducts = 64

/** Loops that gpu.js is sure not to cut. */
const longestLoop = 1000

/** Terms of one statement: shader compilers parse sums recursively. */
const termsPerStatement = 8

/** The value of a node in a kernel: every entry by name, or entry j inside of a loop over j. */
type Value =
  | { readonly kind: 'entries'; readonly names: readonly string[] }
  | { readonly kind: 'stream'; readonly size: number; readonly at: (prefix: string, j: string) => Entry }

interface Entry {
  readonly lines: readonly string[]
  readonly name: string
}

type Layer = NodeOf<'affine'> | NodeOf<'matvec'>

/**
 * A field with layers as statements, weights read from the coefficients: of two layers that follow each other, the
 * first is computed in a loop, one entry a turn, and the second sums it up in locals, one for each of its entries.
 * So kernels need no arrays, and their text grows with the width of a network instead of its square.
 */
export function gpuLoops(field: Field, { timed }: { readonly timed: boolean }): GpuStatements {
  const { fixed, frontier } = batchConstants(field, timed)
  const offsets = new Map<number, number>()
  let count = 0
  for (const i of frontier) {
    offsets.set(i, count)
    count += (field.nodes[i] as Node).size
  }
  const streams = streamable(field, fixed)
  const print = (prefix: string, leaves: GpuLeaves) =>
    printLayers(field, { prefix, leaves, fixed, streams, offset: (i) => offsets.get(i) })
  const sample = print('v', { state: (k) => `x${k}`, time: 't' })
  return {
    coefficients: coefficientsOf(field, frontier),
    locals: 0,
    operations: sample.lines.length,
    print,
  }
}

const isLayer = (node: Node): node is Layer => node.op === 'affine' || node.op === 'matvec'

/** Layers that may be computed entry by entry: all that reads them is a layer, or a function that a layer reads. */
function streamable(field: Field, fixed: readonly boolean[]): ReadonlySet<number> {
  const readers = field.nodes.map((): number[] => [])
  field.nodes.forEach((node, i) => {
    for (const a of node.args) readers[a]?.push(i)
  })
  const flows: boolean[] = field.nodes.map(() => false)
  for (let i = field.output - 1; i >= 0; i--) {
    const node = field.nodes[i] as Node
    flows[i] =
      !fixed[i] &&
      node.size <= longestLoop &&
      (readers[i] as number[]).every((reader) => {
        const next = field.nodes[reader] as Node
        if (isLayer(next)) return next.args[1] === i && fixed[next.args[0] as number] === true
        return next.args.length === 1 && next.size === node.size && isTotal(next) && flows[reader] === true
      })
  }
  return new Set(
    field.nodes.flatMap((node, i) =>
      isLayer(node) && flows[i] && node.rows * node.cols > unrolledProducts && fixed[node.args[0] as number]
        ? [i]
        : [],
    ),
  )
}

interface LayerPlan {
  readonly prefix: string
  readonly leaves: GpuLeaves
  /** nodes that the whole batch shares: those that the others read have an offset, the rest is the host's */
  readonly fixed: readonly boolean[]
  readonly streams: ReadonlySet<number>
  /** where a value that the whole batch shares begins among the coefficients */
  readonly offset: (node: number) => number | undefined
}

function printLayers(field: Field, { prefix, leaves, fixed, streams, offset }: LayerPlan) {
  const lines: string[] = []
  const invalid: string[] = []
  const values: Value[] = []
  const value = (i: number): Value => values[i] as Value
  const entry = (i: number, k: number): string => {
    const v = value(i)
    if (v.kind === 'stream') throw new Error('unreachable: a stream is read by loops')
    return v.names[v.names.length === 1 ? 0 : k] as string
  }
  const define = (name: string, text: string) => {
    lines.push(`var ${name} = ${text};`)
    return name
  }
  const entries = (size: number, text: (k: number) => string): Value => ({
    kind: 'entries',
    names: Array.from({ length: size }, (_, k) => text(k)),
  })
  field.nodes.forEach((node, i) => {
    const name = `${prefix}${i}_`
    const start = offset(i)
    // a name that no kernel has: what the host computes alone is not read here
    const shared = (k: number) => (start === undefined ? 'hostOnly' : `c[${start + k}]`)
    values.push(fixed[i] ? entries(node.size, shared) : evaluate(node, i, name))
  })
  const output = value(field.output)
  return { lines, invalid, outputs: output.kind === 'entries' ? output.names : [] }

  function evaluate(node: Node, i: number, name: string): Value {
    const [p, q] = node.args as readonly [number, number]
    switch (node.op) {
      case 'state':
        return entries(node.size, leaves.state)
      case 'time':
        return entries(1, () => leaves.time)
      case 'gather':
        return entries(node.size, (k) => entry(p, node.indices[k] as number))
      case 'concat':
        return {
          kind: 'entries',
          names: node.args.flatMap((a) =>
            Array.from({ length: (field.nodes[a] as Node).size }, (_, k) => entry(a, k)),
          ),
        }
      case 'scatter':
        return entries(node.size, (k) => {
          const sources = node.indices.flatMap((at, from) => (at === k ? [entry(p, from)] : []))
          return sum(`${name}${k}`, '0.0', sources)
        })
      case 'sum':
        return entries(1, () =>
          sum(
            name,
            '0.0',
            range((field.nodes[p] as Node).size).map((k) => entry(p, k)),
          ),
        )
      case 'dot':
        return entries(1, () =>
          sum(
            name,
            '0.0',
            range((field.nodes[p] as Node).size).map((k) => `${entry(p, k)} * ${entry(q, k)}`),
          ),
        )
      case 'outer':
        return entries(node.size, (k) => {
          const width = (field.nodes[q] as Node).size
          return define(`${name}${k}`, `${entry(p, Math.floor(k / width))} * ${entry(q, k % width)}`)
        })
      case 'affine':
      case 'matvec':
        return layer(node, i, name)
      default:
        return elementwise(node, name)
    }
  }

  function elementwise(node: Node, name: string): Value {
    const source = value(node.args[0] as number)
    if (source.kind === 'stream')
      return {
        ...source,
        at: (at, j) => {
          const inner = source.at(at, j)
          const own = `${at}${name}`
          const code = kernelExpression(node, [inner.name], { name: own, nodes: field.nodes })
          return { lines: [...inner.lines, ...(code.before ?? []), `var ${own} = ${code.value};`], name: own }
        },
      }
    return entries(node.size, (k) => {
      const own = `${name}${k}`
      const code = kernelExpression(
        node,
        node.args.map((a) => entry(a, k)),
        { name: own, nodes: field.nodes },
      )
      lines.push(...(code.before ?? []))
      if (code.invalid !== undefined) invalid.push(code.invalid)
      return define(own, code.value)
    })
  }

  function layer(node: Layer, i: number, name: string): Value {
    const [w, x, b] = node.args as readonly [number, number, number]
    const transposed = node.op === 'matvec' && node.transposed
    const [width, step, across] = transposed ? [node.rows, 1, node.cols] : [node.cols, node.cols, 1]
    const start = offset(w)
    // an index is a multiple of a loop variable and a number
    const weight = (k: string | number, j: string | number) =>
      start === undefined
        ? entry(w, (k as number) * step + (j as number) * across)
        : `c[${index(start, [k, step], [j, across])}]`
    const bias = (k: string | number): string => {
      if (node.op === 'matvec') return '0.0'
      const at = offset(b)
      return at === undefined ? entry(b, k as number) : `c[${index(at, [k, 1])}]`
    }
    const source = value(x)
    if (source.kind === 'stream') {
      const names = range(node.size).map((k) => define(`${name}${k}`, bias(k)))
      const j = `${name}j`
      const { lines: body, name: term } = source.at(name, j)
      lines.push(
        `for (var ${j} = 0; ${j} < ${source.size}; ${j}++) {`,
        ...body,
        ...names.map((sumName, k) => `${sumName} = ${sumName} + ${weight(k, j)} * ${term};`),
        '}',
      )
      return { kind: 'entries', names }
    }
    const terms = (k: string | number) => range(width).map((j) => `${weight(k, j)} * ${entry(x, j)}`)
    if (!streams.has(i)) return entries(node.size, (k) => sum(`${name}${k}`, bias(k), terms(k)))
    return {
      kind: 'stream',
      size: node.size,
      at: (at, k) => {
        const own = `${at}${name}`
        return { lines: statements(own, bias(k), terms(k)), name: own }
      },
    }
  }

  function sum(name: string, first: string, terms: readonly string[]): string {
    lines.push(...statements(name, first, terms))
    return name
  }
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** name = first + Σ terms. */
function statements(name: string, first: string, terms: readonly string[]): string[] {
  const lines = [`var ${name} = ${first};`]
  for (let k = 0; k < terms.length; k += termsPerStatement)
    lines.push(`${name} = ${[name, ...terms.slice(k, k + termsPerStatement)].join(' + ')};`)
  return lines
}

/** start + Σ factor·variable, numbers added up. */
function index(start: number, ...parts: readonly (readonly [string | number, number])[]): string {
  const known = parts.reduce(
    (total, [at, factor]) => (typeof at === 'number' ? total + at * factor : total),
    start,
  )
  const loops = parts.flatMap(([at, factor]) =>
    typeof at === 'number' ? [] : [factor === 1 ? at : `${at} * ${factor}`],
  )
  return [...loops, ...(known === 0 && loops.length > 0 ? [] : [String(known)])].join(' + ')
}
