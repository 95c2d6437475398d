import { freeze } from '../build/compose.js'
import type { Field } from '../field.js'
import type { Binary, Node, NodeOf, Unary } from '../graph/node.js'
import {
  binaryInterval,
  constantInterval,
  type Interval,
  structuralInterval,
  unaryInterval,
} from './intervalRules.js'

/** The bounds of one call: state, then input, then time. */
interface Box {
  readonly lo: ArrayLike<number>
  readonly hi: ArrayLike<number>
}

/**
 * The interval reading by the table of rules, vector node by vector node: the oracle for the generated code,
 * and its stand-in where code may not be generated. Some hundred times slower.
 */
export function encloseInterpreted(
  field: Field,
): (lo: ArrayLike<number>, hi: ArrayLike<number>, outLo: Float64Array, outHi: Float64Array) => void {
  const f = field.theta.length === 0 ? field : freeze(field)
  return (lo, hi, outLo, outHi) => {
    const values: (readonly Interval[])[] = []
    for (const node of f.nodes) {
      values.push(
        nodeIntervals(
          f,
          node,
          node.args.map((a) => values[a] as readonly Interval[]),
          { lo, hi },
        ),
      )
    }
    values[f.output]?.forEach((value, i) => {
      outLo[i] = value.lo
      outHi[i] = value.hi
    })
  }
}

function nodeIntervals(
  f: Field,
  node: Node,
  args: readonly (readonly Interval[])[],
  { lo, hi }: Box,
): readonly Interval[] {
  const entries = (start: number) =>
    Array.from(
      { length: node.size },
      (_, i): Interval => ({ lo: lo[start + i] as number, hi: hi[start + i] as number }),
    )
  const [x = [], y = []] = args
  if (node.op in unaryInterval) return x.map(unaryInterval[node.op as Unary])
  if (node.op in binaryInterval)
    return x.map((v, i) => binaryInterval[node.op as Binary](v, y[i] as Interval))
  switch (node.op) {
    case 'const':
      return node.values.map((v) => constantInterval(v, node.exact === true))
    case 'state':
      return entries(0)
    case 'input':
      return entries(f.stateSize)
    case 'time':
      return entries(f.stateSize + f.inputSize)
    case 'theta':
      return []
    default:
      return (
        structuralInterval[node.op as keyof typeof structuralInterval] as (
          node: NodeOf<'concat'>,
          args: readonly (readonly Interval[])[],
        ) => readonly Interval[]
      )(node as NodeOf<'concat'>, args)
  }
}
