import { type Field, sealField } from '../field.js'
import { applyNode, Builder, type Ref } from '../graph/builder.js'
import type { NodeOf, Op } from '../graph/node.js'

type Scalars = readonly Ref[]
type Rule<K extends Op> = (b: Builder, node: NodeOf<K>, args: readonly Scalars[]) => Scalars
type Structural =
  | 'const'
  | 'time'
  | 'state'
  | 'input'
  | 'theta'
  | 'gather'
  | 'scatter'
  | 'concat'
  | 'sum'
  | 'dot'
  | 'matvec'
  | 'affine'
  | 'outer'

const leaf = (b: Builder, node: NodeOf<'time' | 'state' | 'input' | 'theta'>): Scalars => {
  const vector = b.leaf(node.op, node.size)
  return Array.from({ length: node.size }, (_, i) => b.gather(vector, [i]))
}
const total = (b: Builder, terms: Scalars): Ref => terms.reduce((a, c) => b.add(a, c), b.constant(0))
const products = (b: Builder, x: Scalars, y: Scalars): Ref =>
  total(
    b,
    x.map((v, i) => b.mul(v, y[i] as Ref)),
  )

const rules: { readonly [K in Structural]: Rule<K> } = {
  const: (b, node) => node.values.map((v) => b.constant(v, node.exact === true)),
  time: leaf,
  state: leaf,
  input: leaf,
  theta: leaf,
  gather: (_b, node, [x]) => node.indices.map((i) => (x as Scalars)[i] as Ref),
  scatter: (b, node, [x]) => {
    const out: Ref[] = new Array(node.size).fill(b.constant(0))
    node.indices.forEach((at, i) => {
      out[at] = b.add(out[at] as Ref, (x as Scalars)[i] as Ref)
    })
    return out
  },
  concat: (_b, _node, args) => args.flat(),
  sum: (b, _node, [x]) => [total(b, x as Scalars)],
  dot: (b, _node, [x, y]) => [products(b, x as Scalars, y as Scalars)],
  matvec: (b, { rows, cols, transposed }, [w, x]) => {
    const [outer, inner] = transposed ? [cols, rows] : [rows, cols]
    return Array.from({ length: outer }, (_, i) =>
      total(
        b,
        Array.from({ length: inner }, (_, j) =>
          b.mul((w as Scalars)[transposed ? j * cols + i : i * cols + j] as Ref, (x as Scalars)[j] as Ref),
        ),
      ),
    )
  },
  affine: (b, { rows, cols }, [w, x, bias]) =>
    Array.from({ length: rows }, (_, i) =>
      b.add(
        products(b, (w as Scalars).slice(i * cols, (i + 1) * cols), x as Scalars),
        (bias as Scalars)[i] as Ref,
      ),
    ),
  outer: (b, _node, [x, y]) => (x as Scalars).flatMap((u) => (y as Scalars).map((v) => b.mul(u, v))),
}

/**
 * Rewrites a field so that every operation works on single numbers, and vectors appear only as leaves and in
 * the final concat. Sparse structure (scatters, zero blocks of a Jacobian) disappears here, since each
 * scalar is simplified on its own. The readings that print straight-line code start from this form.
 */
export function scalarize(f: Field): Field {
  const b = new Builder()
  return sealField(b, scalarizeInto(b, f), f)
}

function scalarizeInto(b: Builder, f: Field): Ref {
  const at: Scalars[] = []
  for (const node of f.nodes) {
    const args = node.args.map((a) => at[a] as Scalars)
    const rule = rules[node.op as Structural] as Rule<Op> | undefined
    at.push(
      rule
        ? rule(b, node as never, args)
        : Array.from({ length: node.size }, (_, i) =>
            applyNode(
              b,
              node,
              args.map((a) => a[i] as Ref),
            ),
          ),
    )
  }
  return b.concat(at[f.output] as Scalars)
}

/** How many scalar operations a field unrolls to, before sharing: the measure for choosing a printed form. */
export function scalarCount(f: Field): number {
  return f.nodes.reduce((count, node) => {
    switch (node.op) {
      case 'matvec':
      case 'affine':
        return count + 2 * node.rows * node.cols
      case 'dot':
        return count + 2 * (f.nodes[node.args[0] as number]?.size ?? 0)
      case 'const':
      case 'time':
      case 'state':
      case 'input':
      case 'theta':
      case 'gather':
      case 'scatter':
      case 'concat':
        return count
      default:
        return count + node.size
    }
  }, 0)
}
