import {
  applyNode,
  Builder,
  embed,
  type Field,
  makeField,
  type Node,
  partialDerivative,
  type Ref,
  scalarize,
  unary,
} from '@separatrix/field/core'
import { polynomialIn } from './polynomial.js'

/** A function of r and other coordinates as r^from·quotient. */
export interface Weighted {
  readonly from: number
  /** of the state (r, y, inputs) */
  readonly quotient: Field
}

/** A node as r^from·value; 0 has from = ∞. */
interface Part {
  readonly from: number
  readonly value: Ref
}

/**
 * g(r^w₁·y₁, …, r^wₙ·yₙ, inputs) in r, those yᵢ that `fixed` leaves open, and the inputs, less the powers of r that sums and
 * products show: networks then need no derivatives where a factor beside them brings the powers. With yᵢ = ±1 it is a chart
 * of the weighted blow-up of the origin; with all but one yᵢ = 0, g along an axis.
 */
export function inWeights(
  g: Field,
  weights: readonly number[],
  fixed: readonly (number | undefined)[],
): Weighted {
  const free = fixed.filter((v) => v === undefined).length
  const b = new Builder()
  const all = b.leaf('state', 1 + free + g.inputSize)
  const r = b.gather(all, [0])
  let next = 1
  const x = fixed.map((v, i) =>
    partOf(b, weights[i], v === undefined ? b.gather(all, [next++]) : b.constant(v)),
  )
  const u = Array.from({ length: g.inputSize }, (_, i) => partOf(b, 0, b.gather(all, [1 + free + i])))
  const f = scalarize(g)
  const parts: Part[] = []
  for (const node of f.nodes) {
    const args = node.args.map((a) => parts[a])
    if (node.op === 'state' || node.op === 'input') parts.push((node.op === 'state' ? x : u)[0])
    else if (node.op === 'gather') parts.push((f.nodes[node.args[0]].op === 'state' ? x : u)[node.indices[0]])
    else parts.push(weighted(b, r, node, args))
  }
  const { from, value } = parts[f.output]
  const open = g.stateNames.filter((_, i) => fixed[i] === undefined)
  const header = { ...g, stateNames: ['r', ...open, ...g.inputNames], inputNames: [] }
  return { from: Number.isFinite(from) ? from : 0, quotient: makeField(b, value, header) }
}

const partOf = (b: Builder, from: number, value: Ref): Part => ({
  from: b.isZero(value) ? Infinity : from,
  value,
})

function weighted(b: Builder, r: Ref, node: Node, args: readonly Part[]): Part {
  const [p, q] = args
  /** p/r^to */
  const over = ({ from, value }: Part, to: number) =>
    from === to || from === Infinity ? value : b.mul(b.powi(r, from - to), value)
  switch (node.op) {
    case 'neg':
      return { from: p.from, value: b.neg(p.value) }
    case 'add':
    case 'sub': {
      const from = Math.min(p.from, q.from)
      return partOf(b, from, b.binary(node.op, over(p, from), over(q, from)))
    }
    case 'mul':
      return partOf(b, p.from + q.from, b.mul(p.value, q.value))
    case 'powi':
      if (node.exponent > 0) return partOf(b, node.exponent * p.from, b.powi(p.value, node.exponent))
      break
    case 'div':
      if (q.from === 0) return partOf(b, p.from, b.div(p.value, q.value))
      break
  }
  return partOf(b, 0, applyNode(b, node, args.map((part) => over(part, 0)))) // biome-ignore format: one line
}

/** ∂ᵏg/∂rᵏ at r = 0; that all is defined there, its caller shows. */
export function derivativeAtZero(g: Field, order: number): Field {
  const derivative = partialDerivative(g, { axis: 0, order })
  const b = new Builder({ assumeDefined: true })
  const rest = Array.from({ length: g.stateSize - 1 }, (_, i) => 1 + i)
  const state = b.concat([b.constant(0), b.gather(b.leaf('state', g.stateSize), rest)])
  return makeField(b, embed(b, derivative, { state }), g)
}

/**
 * Whether a scalar field is 0 everywhere, by exact expansion in its states and in the values of its functions; 'no' is
 * certain only where there are none, and `undefined` says that it is too long.
 */
export function isIdenticallyZero(g: Field): boolean | undefined {
  const f = scalarize(g)
  const isAtom = (i: number) => {
    const node = f.nodes[i]
    if (node.op === 'div') return f.nodes[node.args[1]].op !== 'const'
    if (node.op === 'powi') return node.exponent < 0
    return (
      ['pow', 'atan2'].includes(node.op) ||
      (node.op !== 'neg' && (unary as readonly string[]).includes(node.op))
    )
  }
  const expanded = polynomialIn(f, [...f.nodes.keys()].filter(isAtom))
  return expanded && expanded.size === 0
}
