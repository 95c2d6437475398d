import type { Ref } from '../../../graph/builder.js'
import type { Node } from '../../../graph/node.js'
import { uniformNodes } from './splitSums.js'
import { viewOf } from './storage.js'
import type { TileGraph } from './tileGraph.js'

/**
 * The nodes of a graph that a later one reads: what its program has to keep on the tape. The output itself, which
 * goes to the caller, is not on it.
 */
export function keptOnTape(graph: TileGraph, later: TileGraph): ReadonlySet<Ref> {
  const { nodes } = graph
  const uniform = uniformNodes(nodes)
  const isLeaf = (ref: Ref) => nodes[ref].args.length === 0
  const computed = reach(
    nodes,
    graph.output === undefined ? [] : [graph.output],
    (ref) => uniform[ref] || isLeaf(ref),
  )
  const kept = new Set<Ref>()
  const wanted = [later.output, later.sums].filter((ref) => ref !== undefined)
  reach(nodes, wanted, (ref) => {
    if (uniform[ref] || isLeaf(ref)) return true
    // what is viewed is kept, so that a view can be read or written out where it is wanted
    const isView = viewOf(nodes[ref]) !== undefined
    if (!computed.has(ref) || ref === graph.output || isView) return false
    kept.add(ref)
    return true
  })
  return kept
}

/** The nodes that lead to some, not beyond those where `stops` says so, which are left out. */
function reach(nodes: readonly Node[], from: readonly Ref[], stops: (ref: Ref) => boolean): ReadonlySet<Ref> {
  const found = new Set<Ref>()
  const seen = new Set<Ref>()
  const queue = [...from]
  for (let ref = queue.pop(); ref !== undefined; ref = queue.pop()) {
    if (seen.has(ref)) continue
    seen.add(ref)
    if (stops(ref)) continue
    found.add(ref)
    queue.push(...nodes[ref].args)
  }
  return found
}
