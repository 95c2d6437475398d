import { scalarCount, scalarize } from '../derive/scalarize.js'
import type { Field } from '../field.js'
import type { Node } from '../graph/node.js'
import { batchConstants, coefficientsOf } from './batchConstants.js'
import type { GpuStatements } from './gpuCode.js'
import { printNodes } from './gpuKernel.js'
import { gpuLoops } from './gpuLoops.js'

/** Scalar operations above which layers are printed as loops. */
const unrolledOperations = 150

/** Prepares a closed field; its outputs are names of locals or coefficients. Large fields have their layers as loops. */
export function gpuStatements(field: Field): GpuStatements {
  if (scalarCount(field) > unrolledOperations) return gpuLoops(field, { timed: true })
  const f = scalarize(field)
  const { fixed, frontier } = batchConstants(f, true)
  const output = f.nodes[f.output] as Node
  const parts = output.op === 'concat' ? output.args : [f.output]
  const outputsFixed = parts.filter((i) => fixed[i] && !frontier.includes(i))
  const all = [...frontier, ...new Set(outputsFixed)].filter((i) => f.nodes[i]?.size === 1)
  return {
    coefficients: coefficientsOf(f, all),
    locals: all.length,
    operations: f.nodes.filter((node, i) => !fixed[i] && node.op !== 'gather').length,
    print(prefix, leaves) {
      const { lines, invalid, names } = printNodes(f, { fixed, frontier: all, prefix, leaves })
      const outputs = parts.flatMap((i) => outputNames(f.nodes[i] as Node, names[i] as string, leaves.state))
      return { lines, invalid, outputs }
    },
  }
}

/** Names of an output part: a field may return whole stretches of its state. */
function outputNames(node: Node, name: string, state: (k: number) => string): string[] {
  if (node.op === 'gather') return node.indices.map(state)
  if (node.op === 'state') return Array.from({ length: node.size }, (_, k) => state(k))
  return [name]
}
