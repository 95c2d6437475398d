import type { Field } from '../field.js'
import type { Node, Op } from '../graph/node.js'
import { constantInterval, isFactor } from './intervalRules.js'

/** Arithmetic on what stands for the values of a polynomial's nodes. */
export interface RingArithmetic<X> {
  readonly constant: (value: number, exact: boolean) => X
  readonly neg: (x: X) => X
  readonly add: (x: X, y: X) => X
  readonly sub: (x: X, y: X) => X
  readonly mul: (x: X, y: X) => X
  /** x/c for a constant c that is one number, not 0 */
  readonly div: (x: X, c: X) => X
  /** xᵏ, k ≥ 1 */
  readonly power: (x: X, exponent: number) => X
}

/** What moves entries, which a scalarized graph resolves while it is printed. */
const moves: ReadonlySet<Op> = new Set<Op>(['const', 'time', 'state', 'input', 'gather', 'concat'])

/** Operations that a ring has whatever their operands. */
const always: ReadonlySet<Op> = new Set<Op>(['neg', 'add', 'sub', 'mul'])

/** The first node of a scalarized graph that is not one of a polynomial with whole exponents ≥ 1. */
export function beyondRing({ nodes }: Field): Node | undefined {
  return nodes.find((node) => {
    if (node.op === 'powi') return node.exponent < 1
    if (node.op !== 'div') return !moves.has(node.op) && !always.has(node.op)
    const divisor = nodes[node.args[1] as number] as Node
    return (
      divisor.op !== 'const' ||
      !isFactor(constantInterval(divisor.values[0] as number, divisor.exact === true))
    )
  })
}

/** The outputs of a scalarized polynomial, node by node; `side(k)` is that of state, input or time. */
export function ringValues<X>(arithmetic: RingArithmetic<X>, field: Field, side: (k: number) => X): X[] {
  const values: X[] = []
  const entry = (at: number, i: number): X => {
    const node = field.nodes[at] as Node
    switch (node.op) {
      case 'const':
        return arithmetic.constant(node.values[i] as number, node.exact === true)
      case 'state':
        return side(i)
      case 'input':
        return side(field.stateSize + i)
      case 'time':
        return side(field.stateSize + field.inputSize)
      case 'gather':
        return entry(node.args[0] as number, node.indices[i] as number)
      default:
        return values[at] as X
    }
  }
  field.nodes.forEach((node, at) => {
    const [x, y] = node.args.map((a) => () => entry(a, 0)) as [() => X, () => X]
    if (node.op === 'powi') values[at] = arithmetic.power(x(), node.exponent)
    else if (node.op === 'neg') values[at] = arithmetic.neg(x())
    else if (node.op === 'add' || node.op === 'sub' || node.op === 'mul' || node.op === 'div')
      values[at] = arithmetic[node.op](x(), y())
  })
  const output = field.nodes[field.output] as Node
  const parts = output.op === 'concat' ? output.args : [field.output]
  return parts.flatMap((p) => Array.from({ length: (field.nodes[p] as Node).size }, (_, i) => entry(p, i)))
}
