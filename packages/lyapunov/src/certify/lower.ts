import {
  applyNode,
  Builder,
  type Field,
  freeze,
  makeField,
  type Node,
  type Ref,
} from '@separatrix/field/core'

type Rule = (b: Builder, node: Node, args: readonly Ref[]) => Ref

const half = (b: Builder, x: Ref) => b.mul(b.constant(0.5), x)
const range = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i)
const ones = (b: Builder, count: number) => b.constant(new Array<number>(count).fill(1))
const total = (b: Builder, x: Ref) => (b.size(x) === 1 ? x : b.matvec(ones(b, b.size(x)), x, 1, b.size(x)))
const isConstant = (b: Builder, x: Ref) => b.node(x).op === 'const'

/** Σ aᵢbᵢ: with constants in one of them a product with a row. */
function dot(b: Builder, p: Ref, q: Ref): Ref {
  const n = b.size(p)
  if (isConstant(b, p)) return b.matvec(p, q, 1, n)
  return isConstant(b, q) ? b.matvec(q, p, 1, n) : total(b, b.mul(p, q))
}

function product(b: Builder, W: Ref, x: Ref, { rows, cols, transposed = false }: Shape): Ref {
  const [outer, inner] = transposed ? [cols, rows] : [rows, cols]
  const entry = (i: number, j: number) => (transposed ? j * cols + i : i * cols + j)
  const row = (i: number) => range(inner).map((j) => entry(i, j))
  if (isConstant(b, W)) return b.matvec(b.gather(W, range(outer).flatMap(row)), x, outer, inner)
  return b.concat(range(outer).map((i) => dot(b, b.gather(W, row(i)), x)))
}

interface Shape {
  readonly rows: number
  readonly cols: number
  readonly transposed?: boolean
}

/** Operations that the checker does not know, by others that it does. */
const rules: { readonly [K in Node['op']]?: Rule } = {
  scatter(b, node, [x]) {
    const { indices, size } = node as Extract<Node, { op: 'scatter' }>
    const places = range(size).flatMap((k) => indices.map((i) => Number(i === k)))
    return b.matvec(b.constant(places), x, size, indices.length)
  },
  sum: (b, _, [x]) => total(b, x),
  dot: (b, _, [x, y]) => dot(b, x, y),
  matvec: (b, node, [W, x]) => product(b, W, x, node as Extract<Node, { op: 'matvec' }>),
  affine: (b, node, [W, x, c]) => b.add(product(b, W, x, node as Extract<Node, { op: 'affine' }>), c),
  outer(b, _, [x, y]) {
    const [m, n] = [b.size(x), b.size(y)]
    const pairs = range(m * n)
    const left = b.gather(x, pairs.map((k) => Math.floor(k / n))) // biome-ignore format: a pair
    const right = b.gather(y, pairs.map((k) => k % n)) // biome-ignore format: a pair
    return b.mul(left, right)
  },
  pow: (b, _, [x, y]) => b.unary('exp', b.mul(y, b.unary('log', x))),
  min: (b, _, [x, y]) => b.sub(x, b.unary('relu', b.sub(x, y))),
  max: (b, _, [x, y]) => b.add(x, b.unary('relu', b.sub(y, x))),
  // by half of the angle, off its cut
  atan2(b, _, [y, x]) {
    const radius = b.unary('sqrt', b.add(b.powi(x, 2), b.powi(y, 2)))
    return b.mul(b.constant(2), b.unary('atan', b.div(y, b.add(radius, x))))
  },
  sinh: (b, _, [x]) => half(b, b.sub(b.unary('exp', x), b.unary('exp', b.neg(x)))),
  cosh: (b, _, [x]) => half(b, b.add(b.unary('exp', x), b.unary('exp', b.neg(x)))),
  sigmoid: (b, _, [x]) => half(b, b.add(b.constant(1), b.unary('tanh', half(b, x)))),
}

/**
 * The same function, θ frozen, in the few operations that certificates are written in: those of one argument, + − × ÷, whole
 * powers, gather, concat, and products with constant matrices, from the left.
 */
export function lower(field: Field): Field {
  const b = new Builder()
  const at: Ref[] = []
  const frozen = freeze(field)
  for (const node of frozen.nodes) {
    const args = node.args.map((a) => at[a])
    at.push((rules[node.op] ?? applyNode)(...([b, node, args] as const)))
  }
  return makeField(b, at[frozen.output], frozen)
}
