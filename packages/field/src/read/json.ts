import { misuse, show } from '../error.js'
import { blockSize, expectField, type Field, type ThetaBlock } from '../field.js'
import { applyNode, Builder } from '../graph/builder.js'
import {
  type Binary,
  binary,
  type Leaf,
  leaves,
  type Node,
  type NodeOf,
  type Op,
  type Unary,
  unary,
} from '../graph/node.js'
import { makeField } from '../makeField.js'

/** A field as plain JSON. Doubles are written so that they read back bit for bit. */
export interface FieldJson {
  readonly format: 'separatrix-field'
  readonly version: 1
  readonly name: string
  readonly state: readonly string[]
  readonly input: readonly string[]
  readonly theta: readonly number[]
  readonly layout: readonly ThetaBlock[]
  readonly nodes: readonly Node[]
  readonly output: number
}

/** @example fromJSON(JSON.stringify(toJSON(expression('x^2', ['x'])))) // the same field */
export function toJSON(field: Field): FieldJson {
  expectField('toJSON', field)
  return {
    format: 'separatrix-field',
    version: 1,
    name: field.name,
    state: field.stateNames,
    input: field.inputNames,
    theta: Array.from(field.theta),
    layout: field.layout,
    nodes: field.nodes,
    output: field.output,
  }
}

/** How many arguments each operation takes; any number where it says so. */
const arity: Readonly<Record<Op, number | 'any'>> = {
  ...(Object.fromEntries(leaves.map((op) => [op, 0])) as Record<Leaf, 0>),
  ...(Object.fromEntries(unary.map((op) => [op, 1])) as Record<Unary, 1>),
  ...(Object.fromEntries(binary.map((op) => [op, 2])) as Record<Binary, 2>),
  gather: 1,
  scatter: 1,
  concat: 'any',
  sum: 1,
  dot: 2,
  matvec: 2,
  affine: 3,
  outer: 2,
  powi: 1,
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0
const isName = (x: unknown): x is string => typeof x === 'string'
const isBelow = (bound: number) => (x: unknown) => isCount(x) && x < bound

/** What a node's own keys must be, from the lengths of its arguments; undefined where it has none. */
const attributeRules: { readonly [K in Op]?: (node: NodeOf<K>, sizes: readonly number[]) => boolean } = {
  const: ({ values, exact }) =>
    Array.isArray(values) && values.every(Number.isFinite) && (exact === undefined || exact === true),
  gather: ({ indices }, [n = 0]) => Array.isArray(indices) && indices.every(isBelow(n)),
  scatter: ({ indices, size }, [n]) =>
    Array.isArray(indices) && isCount(size) && indices.length === n && indices.every(isBelow(size)),
  matvec: ({ rows, cols, transposed }) => isCount(rows) && isCount(cols) && typeof transposed === 'boolean',
  affine: ({ rows, cols }) => isCount(rows) && isCount(cols),
  powi: ({ exponent }) => Number.isSafeInteger(exponent),
}

const isBlock = (block: Partial<ThetaBlock> | null, p: number): boolean =>
  isName(block?.name) &&
  isCount(block.offset) &&
  Array.isArray(block.shape) &&
  block.shape.every(isCount) &&
  (block.kind === 'parameter' || block.kind === 'weight') &&
  block.offset + blockSize(block as ThetaBlock) <= p

function parseText(text: string, bad: (expected: string, got: unknown) => Error): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw bad('JSON text', text.slice(0, 60))
  }
}

/** Reads a field back, checking shapes and references; throws a teaching error on anything else. */
export function fromJSON(json: unknown): Field {
  const bad = (expected: string, got: unknown) =>
    misuse({ where: 'fromJSON', expected, got: show(got), try: 'a file written by toJSON' })
  const j = (typeof json === 'string' ? parseText(json, bad) : json) as Partial<FieldJson>
  if (j?.format !== 'separatrix-field' || j.version !== 1)
    throw bad("format 'separatrix-field', version 1", j?.format ?? json)
  const { nodes, state, input = [], theta, layout = [], name = 'field' } = j
  if (!Array.isArray(nodes) || !Array.isArray(state) || !Array.isArray(theta))
    throw bad('nodes, state and theta as lists', j)
  if (!isName(name) || !state.every(isName) || !Array.isArray(input) || !input.every(isName))
    throw bad('names of the field, its states and inputs', [name, state, input])
  if (!theta.every((v) => typeof v === 'number' && Number.isFinite(v)))
    throw bad('finite numbers in theta', theta)
  if (!Array.isArray(layout) || !layout.every((block) => isBlock(block, theta.length)))
    throw bad(`blocks of name, offset, shape and kind within the ${theta.length} entries of theta`, layout)
  const leafSize = { time: 1, state: state.length, input: input.length, theta: theta.length }
  const b = new Builder()
  const at: number[] = []
  nodes.forEach((node: Node, i) => {
    if (!Object.hasOwn(arity, node?.op)) throw bad(`a known operation in node ${i}`, node?.op)
    const { op, args, size } = node
    if (!Array.isArray(args) || !args.every(isBelow(i)) || (arity[op] !== 'any' && args.length !== arity[op]))
      throw bad(`${arity[op]} arguments of node ${i} (${op}), all earlier nodes`, args)
    if (op in leafSize && size !== leafSize[op as keyof typeof leafSize])
      throw bad(`node ${i} (${op}) of length ${leafSize[op as keyof typeof leafSize]}`, size)
    const sizes = args.map((a) => (nodes[a] as Node).size)
    const rule = attributeRules[op] as ((node: Node, sizes: readonly number[]) => boolean) | undefined
    if (rule?.(node, sizes) === false) throw bad(`the keys of node ${i} (${op}) to fit its arguments`, node)
    const refs = args.map((a) => at[a] as number)
    at.push(applyNode(b, node, refs))
    if (b.size(at[i] as number) !== size)
      throw bad(`node ${i} (${op}) of length ${b.size(at[i] as number)}`, size)
  })
  const output = at[j.output as number]
  if (output === undefined) throw bad('an output that names a node', j.output)
  return makeField(b, output, {
    name,
    stateNames: state,
    inputNames: input,
    theta: Float64Array.from(theta),
    layout,
  })
}
