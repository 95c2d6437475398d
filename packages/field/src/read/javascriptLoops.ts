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
  const arrays = field.nodes.map((n, i) => leafArray[n.op] ?? `b${i}`)
  const source = [
    `'use strict'`,
    ...buffers.map((_, i) => `const b${i} = buffers[${i}], k${i} = tables[${i}]`),
    `return function(t, x, out, theta = theta0, input) {`,
    ...field.nodes.map((node, i) => statement(node, i, { arrays, nodes: field.nodes })),
    loop(field.outputSize, (i) => `out[${i}] = ${arrays[field.output]}[${i}]`),
    `}`,
  ].join('\n')
  return new Function('buffers', 'tables', 'theta0', source)(buffers, tables, field.theta) as CompiledField
}

/** Leaves are read in place; every other node has a buffer of its own. */
const leafArray: { readonly [K in Op]?: string } = { state: 'x', theta: 'theta', input: 'input' }

interface Context {
  readonly arrays: readonly string[]
  readonly nodes: readonly Node[]
}

const loop = (size: number, body: (i: string) => string, i = 'i') =>
  `for (let ${i} = 0; ${i} < ${size}; ${i}++) ${body(i)}`

function statement(node: Node, at: number, { arrays, nodes }: Context): string {
  const [p, q, r] = node.args.map((a) => arrays[a]) as [string, string, string]
  const [sizeP, sizeQ] = node.args.map((a) => (nodes[a] as Node).size) as [number, number]
  const out = `b${at}`
  if (node.op in unaryCode)
    return loop(node.size, (i) => `${out}[${i}] = ${unaryCode[node.op as Unary](`${p}[${i}]`)}`)
  if (node.op in binaryCode)
    return loop(
      node.size,
      (i) => `${out}[${i}] = ${binaryCode[node.op as Binary](`${p}[${i}]`, `${q}[${i}]`)}`,
    )
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
        (i) => `{ const z = ${p}[${i}]; ${out}[${i}] = ${powerCode('z', node.exponent)} }`,
      )
    case 'gather':
      return loop(
        node.size,
        (i) => `${out}[${i}] = ${p}[${isRun(node.indices) ? `${i} + ${node.indices[0]}` : `k${at}[${i}]`}]`,
      )
    case 'scatter':
      return `${out}.fill(0); ${loop(node.indices.length, (i) => `${out}[k${at}[${i}]] += ${p}[${i}]`)}`
    case 'concat':
      return concatenation(node, out, { arrays, nodes })
    case 'sum':
      return `{ let s = 0; ${loop(sizeP, (i) => `s += ${p}[${i}]`)}; ${out}[0] = s }`
    case 'dot':
      return `{ let s = 0; ${loop(sizeP, (i) => `s += ${p}[${i}] * ${q}[${i}]`)}; ${out}[0] = s }`
    case 'affine':
      return rowProducts(node, { out, weight: p, x: q, start: (i) => `${r}[${i}]` })
    case 'matvec':
      return node.transposed
        ? columnProducts(node, { out, weight: p, x: q })
        : rowProducts(node, { out, weight: p, x: q, start: () => '0' })
    case 'outer':
      return `{ let o = 0; ${loop(sizeP, (i) => `{ const u = ${p}[${i}]; ${loop(sizeQ, (j) => `${out}[o++] = u * ${q}[${j}]`, 'j')} }`)} }`
    default:
      throw new Error(`unreachable: ${node.op}`)
  }
}

interface Product {
  readonly out: string
  readonly weight: string
  readonly x: string
}

type Shape = Pick<NodeOf<'affine'>, 'rows' | 'cols'>

function rowProducts(
  { rows, cols }: Shape,
  { out, weight, x, start }: Product & { start: (i: string) => string },
): string {
  return loop(
    rows,
    (i) =>
      `{ let s = ${start(i)}; const o = ${i} * ${cols}; ${loop(cols, (j) => `s += ${weight}[o + ${j}] * ${x}[${j}]`, 'j')}; ${out}[${i}] = s }`,
  )
}

function columnProducts({ rows, cols }: Shape, { out, weight, x }: Product): string {
  return `${out}.fill(0); ${loop(rows, (i) => `{ const w = ${x}[${i}], o = ${i} * ${cols}; ${loop(cols, (j) => `${out}[${j}] += ${weight}[o + ${j}] * w`, 'j')} }`)}`
}

function concatenation(node: NodeOf<'concat'>, out: string, { arrays, nodes }: Context): string {
  let offset = 0
  return node.args
    .map((a) => {
      const start = offset
      offset += (nodes[a] as Node).size
      return loop((nodes[a] as Node).size, (i) => `${out}[${start} + ${i}] = ${arrays[a]}[${i}]`)
    })
    .join('; ')
}

function isRun(indices: readonly number[]): boolean {
  return indices.every((v, i) => v === (indices[0] as number) + i)
}
