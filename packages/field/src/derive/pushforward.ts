import type { Builder, Ref } from '../graph/builder.js'
import type { Binary, NodeOf, Op, Unary } from '../graph/node.js'
import { binary, unary } from '../graph/node.js'
import { binaryPartials, unaryDerivative } from './partials.js'

type Tangent = Ref | undefined

/** Tangent of a node from those of its arguments; `undefined` stands for zero. */
type ForwardRule<K extends Op> = (
  b: Builder,
  node: NodeOf<K>,
  self: Ref,
  tangents: readonly Tangent[],
) => Tangent

const plus = (b: Builder, x: Tangent, y: Tangent): Tangent =>
  x === undefined ? y : y === undefined ? x : b.add(x, y)

const nothing = () => undefined

const rules: { readonly [K in Exclude<Op, Unary | Binary>]: ForwardRule<K> } = {
  const: nothing,
  time: nothing,
  state: nothing,
  input: nothing,
  theta: nothing,
  gather: (b, node, _self, [dx]) => dx && b.gather(dx, node.indices),
  scatter: (b, node, _self, [dx]) => dx && b.scatter(dx, node.indices, node.size),
  concat: (b, node, _self, tangents) =>
    tangents.every((d) => d === undefined)
      ? undefined
      : b.concat(node.args.map((a, i) => tangents[i] ?? b.zeros(b.size(a)))),
  sum: (b, _node, _self, [dx]) => dx && b.sum(dx),
  dot: (b, { args: [x, y] }, _self, [dx, dy]) =>
    plus(b, dx && b.dot(dx, y as Ref), dy && b.dot(x as Ref, dy)),
  matvec: (b, { args: [w, x], rows, cols, transposed }, _self, [dw, dx]) =>
    plus(
      b,
      dw && b.matvec(dw, x as Ref, rows, cols, transposed),
      dx && b.matvec(w as Ref, dx, rows, cols, transposed),
    ),
  affine: (b, { args: [w, x], rows, cols }, _self, [dw, dx, db]) =>
    plus(b, plus(b, dw && b.matvec(dw, x as Ref, rows, cols), dx && b.matvec(w as Ref, dx, rows, cols)), db),
  outer: (b, { args: [x, y] }, _self, [dx, dy]) =>
    plus(b, dx && b.outer(dx, y as Ref), dy && b.outer(x as Ref, dy)),
  powi: (b, { args: [x], exponent }, _self, [dx]) =>
    // x⁰ of a quotient stays a node, and 0·x⁻¹ would be undefined at 0
    exponent === 0 ? undefined : dx && b.mul(b.mul(b.constant(exponent), b.powi(x as Ref, exponent - 1)), dx),
}

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

/**
 * Forward mode: the tangent J·v of `output`, given tangents of some leaves (by node position).
 * Cost: about one more evaluation of the graph.
 */
export function pushforward(b: Builder, output: Ref, seeds: ReadonlyMap<Ref, Ref>): Ref {
  const needed = dependsOn(b, output, seeds)
  const tangents = new Map<Ref, Ref>(seeds)
  for (let i = 0; i <= output; i++) {
    if (!needed[i] || tangents.has(i)) continue
    const node = b.node(i)
    const own = node.args.map((a) => tangents.get(a))
    if (own.every((d) => d === undefined)) continue
    const tangent = forward(b, i, own)
    if (tangent !== undefined && !b.isZero(tangent)) tangents.set(i, tangent)
  }
  return tangents.get(output) ?? b.zeros(b.size(output))
}

function forward(b: Builder, self: Ref, tangents: readonly Tangent[]): Tangent {
  const node = b.node(self)
  if (unaryOps.has(node.op)) {
    const slope = unaryDerivative[node.op as Unary](b, node.args[0] as Ref, self)
    return slope === undefined ? undefined : b.mul(slope, tangents[0] as Ref)
  }
  if (binaryOps.has(node.op)) {
    const [x, y] = node.args as readonly [Ref, Ref]
    return binaryPartials[node.op as Binary]
      .map((partial, k) =>
        tangents[k] === undefined ? undefined : b.mul(partial(b, x, y, self), tangents[k]),
      )
      .reduce((a, c) => plus(b, a, c), undefined)
  }
  return (rules[node.op as keyof typeof rules] as ForwardRule<Op>)(b, node as never, self, tangents)
}

/** Marks the nodes on a path from a seed to the output. */
export function dependsOn(b: Builder, output: Ref, seeds: ReadonlyMap<Ref, unknown>): Uint8Array {
  const above = new Uint8Array(output + 1)
  above[output] = 1
  for (let i = output; i >= 0; i--) if (above[i]) for (const a of b.node(i).args) above[a] = 1
  const both = new Uint8Array(output + 1)
  for (let i = 0; i <= output; i++) {
    both[i] = above[i] && (seeds.has(i) || b.node(i).args.some((a) => both[a])) ? 1 : 0
  }
  return both
}
