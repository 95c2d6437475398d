import * as I from './interval.js'

/** What a program is run in: jets, or slopes. */
export interface Arithmetic<E> {
  readonly constant: (value: number, exact: boolean) => E
  readonly zero: E
  readonly add: (a: E, b: E) => E
  readonly mul: (a: E, b: E) => E
  readonly power: (a: E, k: number) => E
  readonly unary: (op: string, x: E) => E
  readonly binary: Readonly<Record<string, (a: E, b: E) => E>>
}

/** A node as it stands in a certificate; everything in it is checked where it is used. */
export interface Node {
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

export interface Program {
  readonly nodes: readonly Node[]
  readonly output: number
  readonly states: number
}

export const isIndex = (x: unknown, below: number): x is number =>
  Number.isSafeInteger(x) && (x as number) >= 0 && (x as number) < below

/**
 * How many numbers one evaluation handles, second derivatives in the variables included, going by the lengths
 * that the nodes declare ({@link run} holds each node to its own before the next one uses it). Thirty nodes
 * that each name the last one twice would otherwise fill the memory.
 */
export function workOf({ nodes }: Program, variables: number): number {
  const size = (i: number) => nodes[i]?.size ?? 0
  const work = nodes.reduce((total, { op, args, size: own, cols = 0, transposed = false }) => {
    const first = size(args[0])
    const repeats = op === 'outer' ? size(args[1]) : op === 'scatter' ? own : transposed ? cols : 0
    const isLength = isIndex(own, Number.MAX_SAFE_INTEGER)
    return total + (isLength ? 1 : Number.NaN) + args.reduce((s, a) => s + size(a), 0) + first * repeats
  }, 0)
  return work * (1 + variables ** 2)
}

/** The output of a program, entry by entry, from what stands for its state and inputs; throws on a malformed node. */
export function run<E>(
  { constant, add, mul, power, unary, binary, zero }: Arithmetic<E>,
  { nodes, output, states }: Program,
  variables: readonly E[],
): readonly E[] {
  const values: (readonly E[])[] = []
  const dot = (a: readonly E[], b: readonly E[]) => a.reduce((s, v, i) => add(s, mul(v, b[i])), zero)
  nodes.forEach((node, at) => {
    const need = (ok: boolean) => {
      if (!ok) throw new Error(`node ${at} (${node.op}) is malformed`)
    }
    need(Array.isArray(node.args) && node.args.every((a) => isIndex(a, at)))
    const args = node.args.map((a) => values[a])
    const [x = [], y = [], z = []] = args
    const { op, indices = [], rows = 0, cols = 0, transposed = false, exponent = 0, values: list = [] } = node
    const product = (count: number) => {
      need(
        isIndex(rows, 1e6) &&
          isIndex(cols, 1e6) &&
          rows * cols === x.length &&
          y.length === (transposed ? rows : cols),
      )
      const row = (i: number) =>
        transposed ? x.filter((_, k) => k % cols === i) : x.slice(i * cols, (i + 1) * cols)
      return Array.from({ length: count }, (_, i) => dot(row(i), y))
    }
    const rules: Readonly<Record<string, () => readonly E[]>> = {
      const: () => {
        need(list.every(Number.isFinite) && (node.exact ?? true) === true)
        return list.map((v) => constant(v, node.exact === true))
      },
      state: () => variables.slice(0, states),
      input: () => variables.slice(states),
      gather: () => {
        need(indices.every((i) => isIndex(i, x.length)))
        return indices.map((i) => x[i])
      },
      scatter: () => {
        need(
          isIndex(node.size, 1e6) &&
            indices.length === x.length &&
            indices.every((i) => isIndex(i, node.size)),
        )
        const total = (k: number) => x.reduce((s, v, i) => (indices[i] === k ? add(s, v) : s), zero)
        return Array.from({ length: node.size }, (_, k) => total(k))
      },
      concat: () => args.flat(),
      sum: () => [x.reduce((s, v) => add(s, v), zero)],
      dot: () => [dot(x, y)],
      matvec: () => product(transposed ? cols : rows),
      affine: () => {
        need(z.length === rows && !transposed)
        return product(rows).map((v, i) => add(v, z[i]))
      },
      outer: () => x.flatMap((u) => y.map((v) => mul(u, v))),
      powi: () => {
        need(Number.isSafeInteger(exponent) && Math.abs(exponent) <= 1000)
        return x.map((v) => power(v, exponent))
      },
    }
    const arity =
      { const: 0, state: 0, input: 0, dot: 2, matvec: 2, affine: 3, outer: 2, concat: args.length }[op] ??
      (op in binary ? 2 : 1)
    need(args.length === arity && (!(op in binary || op === 'dot') || x.length === y.length))
    need(
      op in rules ||
        op in binary ||
        op === 'neg' ||
        (op in I.functions && !['sign', 'step', 'kink'].includes(op)),
    )
    values.push(rules[op]?.() ?? x.map((v, i) => (op in binary ? binary[op](v, y[i]) : unary(op, v))))
    need(values[at].length === node.size)
  })
  return values[output]
}
