import type { Ref } from '../../../graph/builder.js'
import type { Node } from '../../../graph/node.js'
import type { Source } from './source.js'

/** What a tile program computes: rows for every state, and sums over states. */
export interface TileGraph {
  readonly nodes: readonly Node[]
  readonly output: Ref | undefined
  readonly sums: Ref | undefined
  readonly theta: Float64Array
  /** a graph with the same nodes, whose program ran before on the same tile and left its rows on a tape */
  readonly tape?: TileGraph
}

/** How a tile program is printed. */
export interface TileProgramOptions {
  /** bytes of the lanes of a tile: a whole number of vectors */
  readonly rowBytes: number
  readonly exported?: string
  /** inputs of every state of its own, or numbers that all share */
  readonly inputs?: 'rows' | 'numbers'
  /** whether the caller computes what depends on θ only, or the lanes do */
  readonly uniform?: 'given' | 'lanes'
  /** nodes whose rows are kept in scratch memory, for another program */
  readonly kept?: ReadonlySet<Ref>
  /** what another program has left on a tape */
  readonly taped?: (ref: Ref) => Source | undefined
}
