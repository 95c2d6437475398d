import { type Formulas, minus, type Ring } from './ring.js'

interface Node {
  readonly op: string
  readonly args: readonly number[]
  readonly size: number
  readonly values?: readonly number[]
  readonly exact?: boolean
  readonly indices?: readonly number[]
  readonly rows?: number
  readonly cols?: number
  readonly transposed?: boolean
  readonly exponent?: number
}

export function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Error(reason)
}

export const isIndex = (x: unknown, below: number): x is number =>
  Number.isSafeInteger(x) && (x as number) >= 0 && (x as number) < below

const isSize = (x: unknown) => isIndex(x, Infinity)

type Size = (node: Node, x: number, y: number, weights: Node) => number
const table = <T>(names: string, value: T) =>
  Object.fromEntries(names.split(' ').map((name) => [name, value]))
const when = (fits: boolean, size: number) => (fits ? size : Number.NaN)

/** How many arguments each operation takes, and the size of its value; no number where its parts do not fit. */
const shapes: Readonly<Record<string, readonly [number, Size]>> = {
  const: [
    0,
    ({ values, exact = true }) =>
      Array.isArray(values)
        ? when(exact === true && values.every(Number.isFinite), values.length)
        : Number.NaN,
  ],
  gather: [
    1,
    ({ indices = [] }, x) =>
      when(
        indices.every((i) => isIndex(i, x)),
        indices.length,
      ),
  ],
  powi: [1, ({ exponent = 0 }, x) => when(Number.isSafeInteger(exponent) && Math.abs(exponent) <= 1000, x)],
  matvec: [
    2,
    ({ rows = 0, cols = 0, transposed }, x, y, weights) =>
      when(
        weights.op === 'const' &&
          transposed === false &&
          [rows, cols].every(isSize) &&
          rows * cols === x &&
          cols === y,
        rows,
      ),
  ],
  ...table<readonly [number, Size]>('neg sqrt exp log sin cos tan atan tanh softplus relu abs', [
    1,
    (_, x) => x,
  ]),
  ...table<readonly [number, Size]>('add sub mul div', [2, (_, x, y) => when(x === y, x)]),
}

/** Nodes of n states and k inputs, each well-formed; throws elsewhere. */
function readNodes(json: unknown, n: number, k: number): readonly Node[] {
  demand(Array.isArray(json), 'a field without nodes')
  const nodes: readonly Node[] = json
  const known = { ...shapes, state: [0, () => n], input: [0, () => k] } as typeof shapes
  nodes.forEach((node, at) => {
    const { op, args, size } = node
    demand(typeof op === 'string' && Array.isArray(args), `node ${at} is malformed`)
    const sizes = args.map((a) => (isIndex(a, at) ? nodes[a].size : Number.NaN))
    const all = sizes.reduce((s, v) => s + v, 0)
    const isKnown = op === 'concat' || (Object.hasOwn(known, op) && known[op][0] === args.length)
    const own =
      op === 'concat'
        ? all
        : isKnown && all >= 0
          ? known[op][1](node, sizes[0], sizes[1], nodes[args[0]])
          : Number.NaN
    demand(isKnown && size === own, `node ${at} (${op}) is malformed`)
  })
  return nodes
}

/** Second derivatives take n² numbers each: beyond this a forged file would only exhaust the memory, or take hours. */
const greatestWork = 1e7

/** A function of n states and k inputs, with m entries if that is told; throws on what is malformed or too long. */
export function readField(
  json: unknown,
  name: string,
  [n, k, m]: readonly [number, number, number?],
): { readonly formulas: Formulas; readonly work: number; readonly isSmooth: boolean } {
  const { name: title, nodes: list, output, state, input, ...others } = json as Record<string, unknown[]>
  const { format, version, theta, layout, ...further } = others
  const plain = [format, version, theta, layout, Object.keys(further)]
  const isPlain = JSON.stringify(plain) === '["separatrix-field",1,[],[],[]]'
  demand(isPlain, `${name} is not a field of version 1, or is open`)
  demand(Array.isArray(state) && Array.isArray(input), `${name} has no names`)
  const names = [...state, ...input]
  const isText = [title, ...names].every((text) => typeof text === 'string')
  demand(isText, `${name} has no names`)
  demand(state.length === n && input.length === k, `${name} has other states or inputs`)
  demand(new Set(names).size === n + k, `${name} has two quantities of one name`)
  const nodes = readNodes(list, n, k)
  demand(isIndex(output, nodes.length), `${name} has no output`)
  demand(nodes[output].size === (m ?? nodes[output].size), `${name} has another number of outputs`)
  demand(k > 0 || nodes.every(({ op }) => op !== 'input'), `${name} has an input`)
  // how many numbers one evaluation handles
  const work = nodes.reduce(
    (s, { op, size, cols = 0, exponent = 0 }) =>
      s + size * (1 + (op === 'matvec' ? cols : 0) + (op === 'powi' ? exponent ** 2 / 4 : 0)),
    0,
  )
  demand(work * (1 + (n + k) ** 2) <= greatestWork, `${name} is too large`)
  const isSmooth = nodes.every(({ op }) => op !== 'relu' && op !== 'abs')
  // weights are read where they are used
  const used = new Set([output, ...nodes.flatMap(({ op, args }) => (op === 'matvec' ? args.slice(1) : args))])
  return { formulas: (r, x) => run(r, nodes, used, x.slice(0, n), x.slice(n))[output], work, isSmooth }
}

/** The entries of all nodes over a ring. */
function run<T>(
  r: Ring<T>,
  nodes: readonly Node[],
  used: ReadonlySet<number>,
  state: readonly T[],
  input: readonly T[],
): readonly (readonly T[])[] {
  const values: (readonly T[])[] = []
  const rules: Readonly<Record<string, (node: Node, x: readonly T[], y: readonly T[]) => readonly T[]>> = {
    const: ({ values: list = [], exact }) => list.map((v) => r.constant(v, exact === true)),
    state: () => state,
    input: () => input,
    concat: ({ args }) => args.flatMap((a) => values[a]),
    gather: ({ indices = [] }, x) => indices.map((i) => x[i]),
    matvec: ({ args, rows = 0, cols = 0 }, _, y) => {
      const { values: w = [], exact = false } = nodes[args[0]]
      return Array.from({ length: rows }, (_v, i) => r.linear(w.slice(i * cols, (i + 1) * cols), exact, y))
    },
    powi: ({ exponent = 0 }, x) => x.map((v) => r.power(v, exponent)),
    neg: (_, x) => x.map(r.neg),
    add: (_, x, y) => x.map((v, i) => r.add(v, y[i])),
    sub: (_, x, y) => x.map((v, i) => minus(r, v, y[i])),
    mul: (_, x, y) => x.map((v, i) => r.mul(v, y[i])),
    div: (_, x, y) => x.map((v, i) => r.mul(v, r.inverse(y[i]))),
  }
  nodes.forEach((node, at) => {
    const [x, y] = node.args.map((a) => values[a])
    const rule = Object.hasOwn(rules, node.op) ? rules[node.op] : undefined
    if (!used.has(at)) values.push([])
    else values.push(rule ? rule(node, x, y) : x.map((v) => r.call(node.op, v)))
  })
  return values
}
