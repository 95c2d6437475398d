import { minus, type Ring, total } from './ring.js'

/** A node as it stands in a certificate; {@link run} checks what it uses. */
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

/** A field of a certificate: nodes in topological order, whose values are vectors. */
export interface Program {
  readonly nodes: readonly Node[]
  readonly output: number
  readonly states: number
}

export function demand(condition: boolean, reason: string): asserts condition {
  if (!condition) throw new Error(reason)
}

export const isIndex = (x: unknown, below: number): x is number =>
  Number.isSafeInteger(x) && (x as number) >= 0 && (x as number) < below

/** How many numbers one evaluation handles: thirty nodes that each name the last one twice would fill the memory. */
export function workOf({ nodes }: Program): number {
  const size = (i: number) => nodes[i]?.size ?? 0
  return nodes.reduce((work, { op, args, size: own, cols = 0, transposed, exponent = 0 }) => {
    const repeats =
      op === 'outer' ? size(args[1]) : op === 'scatter' ? own : transposed ? cols : exponent ** 2 / 4
    const isLength = isIndex(own, 1e9) ? 1 : Number.NaN
    return work + isLength + args.reduce((s, a) => s + size(a), 0) + size(args[0]) * repeats
  }, 0)
}

type Vector<T> = readonly T[]
type Rule<T> = (node: Node, x: Vector<T>, y: Vector<T>, z: Vector<T>) => Vector<T>

const functions = new Set('sqrt exp log sin cos tan atan sinh cosh tanh sigmoid softplus relu abs'.split(' '))

/** The entries of a program's output over a ring, from those of its state and inputs; throws on a malformed node. */
export function run<T>(r: Ring<T>, { nodes, output, states }: Program, variables: Vector<T>): Vector<T> {
  const values: Vector<T>[] = []
  const rules = rulesOver(r, variables.slice(0, states), variables.slice(states))
  nodes.forEach((node, at) => {
    const { op, args, size, indices = [], values: list = [] } = node
    const elementwise: Rule<T> = (_, x) => x.map((v) => r.call(op, v))
    const rule = functions.has(op) ? elementwise : Object.hasOwn(rules, op) ? rules[op] : undefined
    const isSound =
      rule !== undefined &&
      Array.isArray(args) &&
      args.every((a) => isIndex(a, at)) &&
      (op === 'concat' || args.length === rule.length - 1) &&
      indices.every((i) => isIndex(i, 1e9)) &&
      list.every(Number.isFinite)
    demand(isSound, `node ${at} (${op}) is malformed`)
    const [x, y, z] = args.map((a) => values[a])
    values.push(op === 'concat' ? args.flatMap((a) => values[a]) : rule(node, x, y, z))
    demand(values[at].length === size, `node ${at} (${op}) has another size`)
  })
  return values[output]
}

/** One rule for each operation; how many parameters it has beside the node says how many arguments the node must have. */
function rulesOver<T>(r: Ring<T>, state: Vector<T>, input: Vector<T>): Readonly<Record<string, Rule<T>>> {
  const need = (isSound: boolean) => demand(isSound, 'a node whose parts do not fit')
  const sum = (list: Vector<T>) => total(r, list)
  const each = (f: (a: T, b: T) => T) => (_: Node, x: Vector<T>, y: Vector<T>) => {
    need(x.length === y.length)
    return x.map((v, i) => f(v, y[i]))
  }
  const dot = (x: Vector<T>, y: Vector<T>) => sum(each(r.mul)({} as Node, x, y))
  const product = ({ rows = 0, cols = 0, transposed = false }: Node, x: Vector<T>, y: Vector<T>) => {
    need(
      isIndex(rows, 1e6) && isIndex(cols, 1e6) && rows * cols === x.length && typeof transposed === 'boolean',
    )
    const row = (i: number) =>
      transposed ? x.filter((_, k) => k % cols === i) : x.slice(i * cols, (i + 1) * cols)
    return Array.from({ length: transposed ? cols : rows }, (_, i) => dot(row(i), y))
  }
  return {
    const: ({ values, exact }) => {
      need((exact ?? true) === true && Array.isArray(values))
      return (values ?? []).map((v) => r.constant(v, exact === true))
    },
    state: (_) => state,
    input: (_) => input,
    gather: ({ indices = [] }, x) => {
      need(indices.every((i) => i < x.length))
      return indices.map((i) => x[i])
    },
    scatter: ({ indices = [], size }, x) => {
      need(indices.length === x.length && indices.every((i) => i < size))
      return Array.from({ length: size }, (_, k) => sum(x.filter((_v, i) => indices[i] === k)))
    },
    concat: (_) => [],
    sum: (_, x) => [sum(x)],
    dot: (_, x, y) => [dot(x, y)],
    matvec: (node, x, y) => product(node, x, y),
    affine: (node, x, y, z) => {
      need(node.transposed === undefined)
      return each(r.add)(node, product(node, x, y), z)
    },
    outer: (_, x, y) => x.flatMap((u) => y.map((v) => r.mul(u, v))),
    powi: ({ exponent = 0 }, x) => {
      need(Number.isSafeInteger(exponent) && Math.abs(exponent) <= 1000)
      return x.map((v) => r.power(v, exponent))
    },
    neg: (_, x) => x.map(r.neg),
    add: each(r.add),
    sub: each((a, b) => minus(r, a, b)),
    mul: each(r.mul),
    div: each((a, b) => r.mul(a, r.inverse(b))),
    pow: each((a, b) => r.call('exp', r.mul(b, r.call('log', a)))),
    min: each((a, b) => minus(r, a, r.call('relu', minus(r, a, b)))),
    max: each((a, b) => r.add(a, r.call('relu', minus(r, b, a)))),
    // by half of the angle, off its cut
    atan2: each((y, x) => {
      const radius = r.call('sqrt', r.add(r.power(x, 2), r.power(y, 2)))
      const half = r.call('atan', r.mul(y, r.inverse(r.add(radius, x))))
      return r.add(half, half)
    }),
  }
}
