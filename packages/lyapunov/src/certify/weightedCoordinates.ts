import {
  Builder,
  embed,
  type Field,
  makeField,
  partialDerivative,
  scalarize,
  unary,
} from '@separatrix/field/core'
import { polynomialIn } from './polynomial.js'

/**
 * g(r^w₁·y₁, …, r^wₙ·yₙ, inputs) as a field of (r, those yᵢ that `fixed` leaves open, inputs). With yᵢ = ±1 it is a chart of
 * the weighted blow-up of the origin; with all but one yᵢ = 0, g along an axis.
 */
export function inWeights(
  g: Field,
  weights: readonly number[],
  fixed: readonly (number | undefined)[],
): Field {
  const free = fixed.filter((v) => v === undefined).length
  const b = new Builder()
  const all = b.leaf('state', 1 + free + g.inputSize)
  const r = b.gather(all, [0])
  let next = 1
  const x = fixed.map((v, i) =>
    b.mul(b.powi(r, weights[i]), v === undefined ? b.gather(all, [next++]) : b.constant(v)),
  )
  const input = b.gather(
    all,
    Array.from({ length: g.inputSize }, (_, i) => 1 + free + i),
  )
  const value = embed(b, g, { state: b.concat(x), ...(g.inputSize > 0 && { input }) })
  const open = g.stateNames.filter((_, i) => fixed[i] === undefined)
  return makeField(b, value, { ...g, stateNames: ['r', ...open, ...g.inputNames], inputNames: [] })
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
