import type { Builder, Ref } from '../graph/builder.js'
import type { Binary, NodeOf, Op, Unary } from '../graph/node.js'
import { binary, unary } from '../graph/node.js'
import { binaryPartials, unaryDerivative } from './partials.js'
import { dependsOn } from './pushforward.js'

/** Cotangents of a node's arguments from its own; only wanted arguments are asked for. */
type ReverseRule<K extends Op> = (b: Builder, node: NodeOf<K>, cotangent: Ref, which: number) => Ref

const rules: {
  readonly [K in Exclude<Op, Unary | Binary | 'const' | 'time' | 'state' | 'input' | 'theta'>]: ReverseRule<K>
} = {
  gather: (b, node, w) => b.scatter(w, node.indices, b.size(node.args[0] as Ref)),
  scatter: (b, node, w) => b.gather(w, node.indices),
  concat: (b, node, w, which) => {
    const start = node.args.slice(0, which).reduce((total, a) => total + b.size(a), 0)
    return b.gather(
      w,
      Array.from({ length: b.size(node.args[which] as Ref) }, (_, i) => start + i),
    )
  },
  sum: (b, node, w) => b.broadcast(w, b.size(node.args[0] as Ref)),
  dot: (b, { args }, w, which) => b.mul(args[1 - which] as Ref, w),
  matvec: (b, { args: [weight, x], rows, cols, transposed }, w, which) => {
    if (which === 1) return b.matvec(weight as Ref, w, rows, cols, !transposed)
    return transposed ? b.outer(x as Ref, w) : b.outer(w, x as Ref)
  },
  affine: (b, { args: [weight, x], rows, cols }, w, which) => {
    if (which === 2) return w
    return which === 1 ? b.matvec(weight as Ref, w, rows, cols, true) : b.outer(w, x as Ref)
  },
  outer: (b, { args: [x, y] }, w, which) => {
    const [rows, cols] = [b.size(x as Ref), b.size(y as Ref)]
    return which === 0 ? b.matvec(w, y as Ref, rows, cols) : b.matvec(w, x as Ref, rows, cols, true)
  },
  powi: (b, { args: [x], exponent }, w) =>
    // x⁰ of a quotient stays a node, and 0·x⁻¹ would be undefined at 0
    exponent === 0
      ? b.zeros(b.size(x as Ref))
      : b.mul(b.mul(b.constant(exponent), b.powi(x as Ref, exponent - 1)), w),
}

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

/**
 * Reverse mode: Jᵀ·w of `output` with respect to each of `wanted` (node positions), in their order.
 * Cost: a small multiple of one evaluation, whatever the number of wanted entries.
 */
export function pullback(b: Builder, output: Ref, cotangent: Ref, wanted: readonly Ref[]): Ref[] {
  const seeds = new Map(wanted.map((r) => [r, true]))
  const needed = dependsOn(b, output, seeds)
  const cotangents = new Map<Ref, Ref>([[output, cotangent]])
  for (let i = output; i >= 0; i--) {
    const w = cotangents.get(i)
    if (w === undefined || !needed[i] || b.isZero(w)) continue
    b.node(i).args.forEach((arg, which) => {
      if (!needed[arg]) return
      const share = reverse(b, i, w, which)
      if (share === undefined || b.isZero(share)) return
      const before = cotangents.get(arg)
      cotangents.set(arg, before === undefined ? share : b.add(before, share))
    })
  }
  return wanted.map((r) => cotangents.get(r) ?? b.zeros(b.size(r)))
}

function reverse(b: Builder, self: Ref, w: Ref, which: number): Ref | undefined {
  const node = b.node(self)
  if (unaryOps.has(node.op)) {
    const slope = unaryDerivative[node.op as Unary](b, node.args[0] as Ref, self)
    return slope === undefined ? undefined : b.mul(slope, w)
  }
  if (binaryOps.has(node.op)) {
    const [x, y] = node.args as readonly [Ref, Ref]
    return b.mul(binaryPartials[node.op as Binary][which as 0 | 1](b, x, y, self), w)
  }
  return (rules[node.op as keyof typeof rules] as ReverseRule<Op>)(b, node as never, w, which)
}
