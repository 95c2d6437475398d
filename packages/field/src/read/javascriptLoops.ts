import type { Field } from '../field.js'
import type { Binary, Node, NodeOf, Op, Unary } from '../graph/node.js'
import { binaryCode, type CompiledField, powerCode, unaryCode } from './javascriptCode.js'

/**
 * Prints a large field as loops over preallocated typed arrays, one per vector node: the form for networks
 * and long stencils, whose unrolled code would exceed what the engine optimises.
 */
export function printLoops(field: Field): CompiledField {
  const buffers = field.nodes.map((n) =>
    n.op === 'const' ? Float64Array.from(n.values) : new Float64Array(n.size),
  )
  const tables = field.nodes.map((n) => ('indices' in n ? Int32Array.from(n.indices) : undefined))
  const at = views(field.nodes)
  const source = [
    `'use strict'`,
    ...buffers.map((_, i) => `const b${i} = buffers[${i}], k${i} = tables[${i}]`),
    `return function(t, x, out, theta = theta0, input) {`,
    ...field.nodes.map((node, i) => (isView(node) ? '' : statement(node, i, { at, nodes: field.nodes }))),
    loop(field.outputSize, (i) => `out[${i}] = ${at(field.output, i)}`),
    `}`,
  ].join('\n')
  return new Function('buffers', 'tables', 'theta0', source)(buffers, tables, field.theta) as CompiledField
}

/** The code of entry `i` (an expression) of a node. */
type Access = (node: number, i: string) => string

interface Context {
  readonly at: Access
  readonly nodes: readonly Node[]
}

const leafArray: { readonly [K in Op]?: string } = { state: 'x', theta: 'theta', input: 'input' }

/** A gather of consecutive entries: read in place, so that the weights of a layer are not copied out of θ. */
const isView = (node: Node): boolean => node.op === 'gather' && isRun(node.indices)

function views(nodes: readonly Node[]): Access {
  const places = new Map<number, { readonly array: string; readonly offset: number }>()
  nodes.forEach((node, i) => {
    const source = isView(node) ? places.get(node.args[0] as number) : undefined
    places.set(
      i,
      source === undefined
        ? { array: leafArray[node.op] ?? `b${i}`, offset: 0 }
        : { array: source.array, offset: source.offset + ((node as NodeOf<'gather'>).indices[0] ?? 0) },
    )
  })
  return (node, i) => {
    const { array, offset } = places.get(node) as { array: string; offset: number }
    return offset === 0 ? `${array}[${i}]` : `${array}[${offset} + ${i}]`
  }
}

const loop = (size: number, body: (i: string) => string, i = 'i') =>
  `for (let ${i} = 0; ${i} < ${size}; ${i}++) ${body(i)}`

function statement(node: Node, self: number, { at, nodes }: Context): string {
  const [p, q, r] = node.args as readonly [number, number, number]
  const size = (arg: number) => (nodes[arg] as Node).size
  const out = `b${self}`
  if (node.op in unaryCode)
    return loop(
      node.size,
      (i) => `{ const z = ${at(p, i)}; ${out}[${i}] = ${unaryCode[node.op as Unary]('z')} }`,
    )
  if (node.op in binaryCode)
    return loop(node.size, (i) => `${out}[${i}] = ${binaryCode[node.op as Binary](at(p, i), at(q, i))}`)
  switch (node.op) {
    case 'const':
    case 'state':
    case 'theta':
    case 'input':
      return ''
    case 'time':
      return `${out}[0] = t`
    case 'powi':
      return loop(
        node.size,
        (i) => `{ const z = ${at(p, i)}; ${out}[${i}] = ${powerCode('z', node.exponent)} }`,
      )
    case 'gather':
      return loop(node.size, (i) => `${out}[${i}] = ${at(p, `k${self}[${i}]`)}`)
    case 'scatter':
      return `${out}.fill(0); ${loop(node.indices.length, (i) => `${out}[k${self}[${i}]] += ${at(p, i)}`)}`
    case 'concat':
      return concatenation(node, out, { at, nodes })
    case 'sum':
      return `{ let s = 0; ${loop(size(p), (i) => `s += ${at(p, i)}`)}; ${out}[0] = s }`
    case 'dot':
      return `{ let s = 0; ${loop(size(p), (i) => `s += ${at(p, i)} * ${at(q, i)}`)}; ${out}[0] = s }`
    case 'affine':
      return rowProducts(node, out, { weight: p, x: q, start: (i) => at(r, i), at })
    case 'matvec':
      return node.transposed
        ? columnProducts(node, out, { weight: p, x: q, at })
        : rowProducts(node, out, { weight: p, x: q, start: () => '0', at })
    case 'outer':
      return `{ let o = 0; ${loop(size(p), (i) => `{ const u = ${at(p, i)}; ${loop(size(q), (j) => `${out}[o++] = u * ${at(q, j)}`, 'j')} }`)} }`
    default:
      throw new Error(`unreachable: ${node.op}`)
  }
}

interface Product {
  readonly weight: number
  readonly x: number
  readonly at: Access
}

type Shape = Pick<NodeOf<'affine'>, 'rows' | 'cols'>

function rowProducts(
  { rows, cols }: Shape,
  out: string,
  { weight, x, start, at }: Product & { start: (i: string) => string },
): string {
  const inner = loop(cols, (j) => `s += ${at(weight, `o + ${j}`)} * ${at(x, j)}`, 'j')
  return loop(rows, (i) => `{ let s = ${start(i)}; const o = ${i} * ${cols}; ${inner}; ${out}[${i}] = s }`)
}

function columnProducts({ rows, cols }: Shape, out: string, { weight, x, at }: Product): string {
  const inner = loop(cols, (j) => `${out}[${j}] += ${at(weight, `o + ${j}`)} * w`, 'j')
  return `${out}.fill(0); ${loop(rows, (i) => `{ const w = ${at(x, i)}, o = ${i} * ${cols}; ${inner} }`)}`
}

function concatenation(node: NodeOf<'concat'>, out: string, { at, nodes }: Context): string {
  let offset = 0
  return node.args
    .map((a) => {
      const start = offset
      offset += (nodes[a] as Node).size
      return loop((nodes[a] as Node).size, (i) => `${out}[${start} + ${i}] = ${at(a, i)}`)
    })
    .join('; ')
}

function isRun(indices: readonly number[]): boolean {
  return indices.every((v, i) => v === (indices[0] as number) + i)
}
