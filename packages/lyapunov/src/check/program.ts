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
  return nodes.reduce((work, { op, args, size: own, cols = 0, transposed }) => {
    const repeats = op === 'outer' ? size(args[1]) : op === 'scatter' ? own : transposed ? cols : 0
    const isLength = isIndex(own, 1e9) ? 1 : Number.NaN
    return work + isLength + args.reduce((s, a) => s + size(a), 0) + size(args[0]) * repeats
  }, 0)
}

const functions = 'neg sqrt exp log sin cos tan atan sinh cosh tanh sigmoid softplus relu abs'.split(' ')
const arities: Readonly<Record<string, number>> = {
  ...Object.fromEntries(functions.map((op) => [op, 1])),
  ...Object.fromEntries('add sub mul div pow atan2 min max'.split(' ').map((op) => [op, 2])),
  ...{ const: 0, state: 0, input: 0, gather: 1, scatter: 1, sum: 1, powi: 1, dot: 2, matvec: 2, outer: 2, affine: 3 }, // biome-ignore format: one line
}

/** The entries of a program's output over a ring, from those of its state and inputs; throws on a malformed node. */
export function run<T>(
  r: Ring<T>,
  { nodes, output, states }: Program,
  variables: readonly T[],
): readonly T[] {
  const values: (readonly T[])[] = []
  const binary = binaryRules(r)
  const sum = (list: readonly T[]) => total(r, list)
  const dot = (a: readonly T[], b: readonly T[]) => sum(a.map((v, i) => r.mul(v, b[i])))
  nodes.forEach((node, at) => {
    const { op, size, indices = [], rows = 0, cols = 0, exponent = 0, values: list = [] } = node
    const isTransposed = node.transposed === true
    const need = (ok: boolean) => demand(ok, `node ${at} (${op}) is malformed`)
    need(Array.isArray(node.args) && node.args.every((a) => isIndex(a, at)))
    const args = node.args.map((a) => values[a])
    const [x = [], y = [], z = []] = args
    need(args.length === (Object.hasOwn(arities, op) ? arities[op] : op === 'concat' ? args.length : -1))
    need([...indices, rows, cols].every((i) => isIndex(i, 1e9)) && list.every(Number.isFinite))
    const product = () => {
      need(rows * cols === x.length && y.length === (isTransposed ? rows : cols))
      const row = (i: number) =>
        isTransposed ? x.filter((_, k) => k % cols === i) : x.slice(i * cols, (i + 1) * cols)
      return Array.from({ length: isTransposed ? cols : rows }, (_, i) => dot(row(i), y))
    }
    const rules: Readonly<Record<string, () => readonly T[]>> = {
      const: () => list.map((v) => r.constant(v, node.exact === true)),
      state: () => variables.slice(0, states),
      input: () => variables.slice(states),
      gather: () => indices.map((i) => x[i]),
      scatter: () => Array.from({ length: size }, (_, k) => sum(x.filter((_v, i) => indices[i] === k))),
      concat: () => args.flat(),
      sum: () => [sum(x)],
      dot: () => [dot(x, y)],
      matvec: product,
      affine: () => product().map((v, i) => r.add(v, z[i])),
      outer: () => x.flatMap((u) => y.map((v) => r.mul(u, v))),
      powi: () => x.map((v) => r.power(v, exponent)),
      neg: () => x.map(r.neg),
    }
    // what an operation reads beside lengths
    const isSound: Readonly<Record<string, boolean>> = {
      const: (node.exact ?? true) === true,
      gather: indices.every((i) => i < x.length),
      scatter: indices.length === x.length && indices.every((i) => i < size),
      affine: z.length === rows && !isTransposed,
      powi: Number.isSafeInteger(exponent) && Math.abs(exponent) <= 1000,
    }
    need(isSound[op] ?? (!(op in binary || op === 'dot') || x.length === y.length))
    values.push(
      op in rules
        ? rules[op]()
        : x.map((v, i) => (op in binary ? binary[op as keyof typeof binary](v, y[i]) : r.call(op, v))),
    )
    need(values[at].length === size)
  })
  return values[output]
}

/** Operations on two numbers, by those of the ring; an angle by half of it, off its cut. */
const binaryRules = <T>(r: Ring<T>) => ({
  add: r.add,
  sub: (a: T, b: T) => minus(r, a, b),
  mul: r.mul,
  div: (a: T, b: T) => r.mul(a, r.inverse(b)),
  pow: (a: T, b: T) => r.call('exp', r.mul(b, r.call('log', a))),
  atan2: (y: T, x: T) => {
    const radius = r.call('sqrt', r.add(r.power(x, 2), r.power(y, 2)))
    const half = r.call('atan', r.mul(y, r.inverse(r.add(radius, x))))
    return r.add(half, half)
  },
  min: (a: T, b: T) => minus(r, a, r.call('relu', minus(r, a, b))),
  max: (a: T, b: T) => r.add(a, r.call('relu', minus(r, b, a))),
})
