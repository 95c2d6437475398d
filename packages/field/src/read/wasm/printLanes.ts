import type { Field } from '../../field.js'
import { type Binary, binary, type Node, type Unary, unary } from '../../graph/node.js'
import { binaryLanes, halfIntegerPower, integerPower, unaryLanes } from './elementary.js'
import type { LaneCode, LaneValue } from './laneCode.js'

/** Where straight-line lane code finds the leaves of a field. */
export interface LaneLeaves {
  readonly time: () => LaneValue
  readonly state: (i: number) => LaneValue
  readonly theta: (i: number) => LaneValue
  readonly input: (i: number) => LaneValue
}

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

/**
 * Prints a scalarized field as straight-line code on lanes; returns one value per output. What depends on
 * fixed leaves only is hoisted by the lanes themselves.
 */
export function printLanes(c: LaneCode, field: Field, leaves: LaneLeaves): LaneValue[] {
  const values: (LaneValue | undefined)[] = []
  const entry = (at: number, i: number): LaneValue => {
    const node = field.nodes[at] as Node
    switch (node.op) {
      case 'const':
        return c.constant(node.values[i] as number)
      case 'time':
        return leaves.time()
      case 'state':
      case 'theta':
      case 'input':
        return leaves[node.op](i)
      case 'gather':
        return entry(node.args[0] as number, node.indices[i] as number)
      default:
        return values[at] as LaneValue
    }
  }
  for (const node of field.nodes) {
    values.push(isOperation(node) ? operation(c, field, node, entry) : undefined)
  }
  const output = field.nodes[field.output] as Node
  const parts = output.op === 'concat' ? output.args : [field.output]
  return parts.flatMap((p) => Array.from({ length: (field.nodes[p] as Node).size }, (_, i) => entry(p, i)))
}

function isOperation(node: Node): boolean {
  return unaryOps.has(node.op) || binaryOps.has(node.op) || node.op === 'powi'
}

function operation(
  c: LaneCode,
  field: Field,
  node: Node,
  entry: (at: number, i: number) => LaneValue,
): LaneValue {
  const [x, y] = node.args.map((a) => entry(a, 0)) as [LaneValue, LaneValue]
  if (node.op === 'powi') return integerPower(c, x, node.exponent)
  if (unaryOps.has(node.op)) return unaryLanes[node.op as Unary](c, x)
  const twice =
    node.op === 'pow' ? halfIntegerExponent(field.nodes[node.args[1] as number] as Node) : undefined
  return twice === undefined ? binaryLanes[node.op as Binary](c, x, y) : halfIntegerPower(c, x, twice)
}

/** 2k for a constant exponent k that is an odd number of halves: (q·q)^1.5 in mechanics. */
function halfIntegerExponent(exponent: Node): number | undefined {
  if (exponent.op !== 'const') return undefined
  const twice = 2 * (exponent.values[0] as number)
  return Number.isInteger(twice) && twice % 2 !== 0 && Math.abs(twice) < 64 ? twice : undefined
}
