import { type Field, isExactDecimal, type Node, roundSumUp, roundUp } from '@separatrix/field/core'

/** What a node can be over a ball: bounds of its Euclidean length, and of the distance to what is computed. */
interface Spread {
  readonly size: number
  readonly error: number
}

/** Unit roundoff of doubles, 2⁻⁵³, and the smallest double, by which a product that underflows may err. */
const [unit, tiny] = [2 ** -53, 5e-324]

/**
 * By how much, in Euclidean length, an evaluation in doubles can miss f(x) for |x| ≤ radius, whatever the order of its
 * sums: k roundings of terms err by kunit/(1 − kunit) of their absolute sum (Higham, Accuracy and Stability, 2nd ed., lemma
 * 3.1), and each node passes on the errors of its arguments by its slope. For networks of affine layers with activations
 * that compare; ∞ for all else. The field's θ is frozen and its constants are the doubles themselves.
 */
export function evaluationError(field: Field, radius: number): number {
  const spreads: Spread[] = []
  for (const node of field.nodes) spreads.push(spreadOf(node, { nodes: field.nodes, spreads, radius }))
  return spreads[field.output].error
}

interface Known {
  readonly nodes: readonly Node[]
  readonly spreads: readonly Spread[]
  readonly radius: number
}

const unknownSpread: Spread = { size: Infinity, error: Infinity }

function spreadOf(node: Node, { nodes, spreads, radius }: Known): Spread {
  const of = node.args.map((a) => spreads[a])
  const joined = {
    size: rootOfSquares(of.map(({ size }) => size)),
    error: rootOfSquares(of.map(({ error }) => error)),
  }
  switch (node.op) {
    case 'state':
      return { size: radius, error: 0 }
    case 'const': {
      const size = rootOfSquares(node.values)
      // decimals that are not doubles err once more
      const isDouble = node.exact === true || node.values.every(isExactDecimal)
      return { size, error: isDouble ? 0 : roundUp(2 * unit * size) }
    }
    case 'gather': {
      const counts = new Map<number, number>()
      for (const i of node.indices) counts.set(i, (counts.get(i) ?? 0) + 1)
      const factor = roundSumUp(Math.sqrt(Math.max(0, ...counts.values())))
      return { size: roundUp(factor * of[0].size), error: roundUp(factor * of[0].error) }
    }
    case 'concat':
    case 'min':
    case 'max':
    case 'relu':
    case 'abs':
    case 'neg':
      return joined
    case 'add':
    case 'sub':
      return rounded(total(of, 'size'), total(of, 'error'), { terms: 1, magnitude: total(of, 'size') })
    case 'mul': {
      const [k, other] = nodes[node.args[0]].op === 'const' ? [0, 1] : [1, 0]
      const constant = nodes[node.args[k]]
      if (constant.op !== 'const') return unknownSpread
      const most = constant.values.reduce((m, v) => Math.max(m, Math.abs(v)), 0)
      const size = roundUp(most * of[other].size)
      const passed = roundSumUp(
        roundUp(most * of[other].error) + roundUp(of[k].error * (of[other].size + of[other].error)),
      )
      return rounded(size, passed, { terms: 1, magnitude: size })
    }
    case 'matvec':
    case 'affine': {
      const weight = nodes[node.args[0]]
      if (weight.op !== 'const' || of[0].error > 0) return unknownSpread
      const { rows, cols } = node
      const isTurned = node.op === 'matvec' && node.transposed
      // ‖|W|‖ ≤ ‖W‖_F: crude, but what it multiplies is rounding
      const norm = of[0].size
      const bias = of[2] ?? { size: 0, error: 0 }
      const size = roundSumUp(roundUp(norm * of[1].size) + bias.size)
      const passed = roundSumUp(roundUp(norm * of[1].error) + bias.error)
      const magnitude = roundSumUp(roundUp(norm * (of[1].size + of[1].error)) + bias.size + bias.error)
      return rounded(size, passed, { terms: (isTurned ? rows : cols) + 1, magnitude })
    }
    default:
      return unknownSpread
  }
}

/** A sum of so many products of absolute sum `magnitude`, each rounded; twice the first order covers the higher ones. */
function rounded(
  size: number,
  passed: number,
  { terms, magnitude }: { readonly terms: number; readonly magnitude: number },
): Spread {
  const own = roundUp(2 * terms * unit * roundSumUp(magnitude + passed))
  return { size, error: roundSumUp(passed + roundSumUp(own + terms * 1e3 * tiny)) }
}

const total = (of: readonly Spread[], key: keyof Spread) => of.reduce((s, v) => roundSumUp(s + v[key]), 0)

const rootOfSquares = (list: readonly number[]) =>
  roundSumUp(Math.sqrt(list.reduce((s, v) => roundSumUp(s + roundUp(v * v)), 0)))
