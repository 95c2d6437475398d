import type { Field } from '../../../field.js'
import type { Ref } from '../../../graph/builder.js'
import { FunctionCode } from '../functionCode.js'
import { LaneCode } from '../laneCode.js'
import type { ModuleBuilder } from '../moduleBuilder.js'
import { findViews, givenSources, numberLayout } from './givenSources.js'
import { copyRows } from './nodeLoop.js'
import { workPrinter } from './printWork.js'
import { schedule } from './schedule.js'
import { bases, type Source } from './source.js'
import { type SplitSums, splitSums } from './splitSums.js'
import { allocate } from './storage.js'
import type { TileGraph, TileProgramOptions } from './tileGraph.js'

/**
 * A function (scratch, numbers, state, input, out, sums, tape) of a module, for one tile of lanes. `state` points to a
 * row of times and the rows of the states; `numbers` holds θ, then `constants`, then the values of `uniform`; to
 * `sums` the sums are added; `tape` is what another program left.
 */
export interface TileProgram {
  readonly position: number
  readonly scratchBytes: number
  readonly constants: readonly number[]
  /** what depends on θ only, computed beforehand */
  readonly uniform: Field | undefined
  readonly sums: SplitSums | undefined
  /** where a kept node's rows are on the tape, which is the scratch memory of this program */
  readonly onTape: (ref: Ref) => Source | undefined
}

/** Prints a graph as a program over rows of one tile, every loop a function of its own. */
export function printTileProgram(
  module: ModuleBuilder,
  graph: TileGraph,
  options: TileProgramOptions,
): TileProgram {
  const { nodes, output, theta } = graph
  const { rowBytes, exported, kept = new Set<Ref>() } = options
  const { bytes } = module.settings.type
  const sums = graph.sums === undefined ? undefined : splitSums(nodes, graph.sums, theta)
  const leaves = sums?.leaves ?? []
  const numbers = numberLayout(nodes, theta.length, bytes)
  const wanted = [...(output === undefined ? [] : [output]), ...leaves.flatMap((l) => l.args)]
  const views = findViews(nodes, leaves)
  const given = givenSources(nodes, wanted, { views, numbers, ...options })
  const works = schedule({
    nodes,
    given: given.map((source) => source !== undefined),
    views,
    outputs: output === undefined ? [] : [output],
    leaves,
  })
  const { sources, scratchBytes } = allocate({ nodes, given, views, works, output, rowBytes, kept })
  const print = workPrinter(module, { nodes, views, works, sources, output, kept, rowBytes })
  const main = new FunctionCode(bases.map(() => 'i32'))
  for (const work of works) print(main, work)
  const value = output === undefined ? undefined : sources[output]
  if (value !== undefined && !(value.kind === 'rows' && value.base === 'out')) {
    const target: Source = { kind: 'rows', base: 'out', at: 0, step: rowBytes }
    const c = new LaneCode(main, module.settings)
    copyRows(c, value, target, { size: nodes[output as Ref].size, rowBytes })
  }
  const position = module.reserve()
  module.define(position, main.finish(exported === undefined ? {} : { exported }))
  const onTape = (ref: Ref): Source | undefined => {
    const source = kept.has(ref) ? sources[ref] : undefined
    if (source?.kind !== 'rows' || source.base !== 'scratch') return undefined
    return { ...source, base: 'tape' }
  }
  return {
    position,
    scratchBytes,
    onTape,
    sums,
    constants: numbers.constants,
    uniform: numbers.uniform(theta),
  }
}
