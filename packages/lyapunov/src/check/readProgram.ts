import { functions } from './interval.js'
import type { Node, Program } from './jet.js'

const elementwise = new Set(['neg', ...Object.keys(functions)])
for (const internal of ['kink', 'sign', 'step']) elementwise.delete(internal)
const pairwise = new Set(['add', 'sub', 'mul', 'div', 'pow', 'atan2', 'min', 'max'])

function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

export const isCount = (x: unknown, least = 0): x is number =>
  Number.isSafeInteger(x) && (x as number) >= least
export const areNumbers = (list: unknown): list is readonly number[] =>
  Array.isArray(list) && list.every(Number.isFinite)

/** Reads a field of n states and m outputs from its JSON; throws on whatever is not one, or is open, timed or jumping. */
export function readProgram(json: unknown, name: string, n: number, m: number): Program {
  const j = json as {
    format?: unknown
    version?: unknown
    state?: unknown
    input?: unknown
    theta?: unknown
    nodes?: unknown
    output?: unknown
  }
  expect(j?.format === 'separatrix-field' && j.version === 1, `${name}: not a field of version 1`)
  const isEmpty = (list: unknown) => Array.isArray(list) && list.length === 0
  expect(Array.isArray(j.state) && j.state.length === n, `${name}: ${n} states expected`)
  expect(isEmpty(j.input) && isEmpty(j.theta), `${name}: inputs or parameters are left open`)
  expect(Array.isArray(j.nodes) && j.nodes.length > 0 && j.nodes.length <= 1e6, `${name}: no nodes`)
  const nodes = j.nodes as readonly Node[]
  const sizes: number[] = []
  nodes.forEach((node, i) => {
    const where = `${name}: node ${i}`
    expect(
      Array.isArray(node?.args) && node.args.every((a) => isCount(a) && a < i),
      `${where} names later nodes`,
    )
    expect(isCount(node.size) && node.size <= 1e6, `${where} has no size`)
    expect(
      sizeOf(
        node,
        node.args.map((a) => sizes[a] as number),
        n,
      ) === node.size,
      `${where} (${node.op}) is malformed`,
    )
    sizes.push(node.size)
  })
  expect(isCount(j.output) && sizes[j.output] === m, `${name}: ${m} outputs expected`)
  return { nodes, output: j.output }
}

/** The length of a node's value by its operation; −1 where its attributes do not fit. */
function sizeOf(node: Node, sizes: readonly number[], n: number): number {
  const [a = -1, b = -1, c = -1] = sizes
  const { op, values, indices, rows = -1, cols = -1, transposed = false, exponent } = node
  const arity = (k: number) => sizes.length === k
  const within = (bound: number) => Array.isArray(indices) && indices.every((i) => isCount(i) && i < bound)
  if (elementwise.has(op)) return arity(1) ? a : -1
  if (pairwise.has(op)) return arity(2) && a === b ? a : -1
  const isMatrix = isCount(rows) && isCount(cols) && rows * cols === a && typeof transposed === 'boolean'
  const rules: Readonly<Record<string, () => number>> = {
    const: () =>
      arity(0) && areNumbers(values) && [undefined, true].includes(node.exact as true) ? values.length : -1,
    state: () => (arity(0) ? n : -1),
    gather: () => (arity(1) && within(a) ? (indices as readonly number[]).length : -1),
    scatter: () => (arity(1) && within(node.size) && indices?.length === a ? node.size : -1),
    concat: () => sizes.reduce((s, v) => s + v, 0),
    sum: () => (arity(1) ? 1 : -1),
    dot: () => (arity(2) && a === b ? 1 : -1),
    matvec: () =>
      arity(2) && isMatrix && b === (transposed ? rows : cols) ? (transposed ? cols : rows) : -1,
    affine: () => (arity(3) && isMatrix && !transposed && b === cols && c === rows ? rows : -1),
    outer: () => (arity(2) ? a * b : -1),
    powi: () => (arity(1) && Number.isSafeInteger(exponent) && Math.abs(exponent as number) <= 1000 ? a : -1),
  }
  return rules[op]?.() ?? -1
}
