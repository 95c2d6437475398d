import type { Ref } from '../../../graph/builder.js'
import { type Binary, binary, type Node, type Unary, unary } from '../../../graph/node.js'
import { binaryLanes, integerPower, unaryLanes } from '../elementary.js'
import type { LaneCode, LaneValue } from '../laneCode.js'
import { isDense, overLanes, overRange, type Position, read, type Source, write } from './source.js'

export interface ElementwiseWork {
  readonly nodes: readonly Node[]
  readonly members: readonly Ref[]
  readonly size: number
  readonly sources: readonly (Source | undefined)[]
  /** members that others read, which are written to memory */
  readonly stored: ReadonlySet<Ref>
  readonly rowBytes: number
}

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)

/** Turns of a loop that are written out rather than counted. */
const unrolledTurns = 2

/**
 * Several elementwise operations in one pass over their rows: what only the loop itself needs stays in
 * registers. Where all rows are dense they are walked as one long row.
 */
export function elementwiseLoop(c: LaneCode, work: ElementwiseWork): void {
  const { nodes, members, size, sources, stored, rowBytes } = work
  const inside = new Set(members)
  const outside = [...new Set(members.flatMap((m) => nodes[m].args))].filter((a) => !inside.has(a))
  const dense = [...outside, ...stored].every((a) => isDense(sources[a] as Source, rowBytes))
  const turn = (c: LaneCode, row: Position, lane: Position) => {
    const values = new Map<Ref, LaneValue>()
    const value = (ref: Ref): LaneValue => {
      const known = values.get(ref) ?? read(c, sources[ref] as Source, row, lane)
      values.set(ref, known)
      return known
    }
    for (const m of members) values.set(m, apply(c, nodes[m], nodes[m].args.map(value)))
    for (const m of stored) write(c, sources[m] as Source, { row, lane }, values.get(m) as LaneValue)
  }
  if (dense || size === 1) {
    overLanes(c, size * rowBytes, unrolledTurns, (c, lane) => turn(c, 0, lane))
    return
  }
  overRange(c, { end: size, step: 1, unrolled: unrolledTurns }, (row) =>
    overLanes(c, rowBytes, unrolledTurns, (c, lane) => turn(c, row, lane)),
  )
}

function apply(c: LaneCode, node: Node, args: readonly LaneValue[]): LaneValue {
  if (node.op === 'powi') return integerPower(c, args[0], node.exponent)
  if (unaryOps.has(node.op)) return unaryLanes[node.op as Unary](c, args[0])
  if (binaryOps.has(node.op)) return binaryLanes[node.op as Binary](c, args[0], args[1])
  throw new Error(`unreachable: ${node.op} is not elementwise`)
}
