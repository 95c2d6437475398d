import type { Field } from '../../field.js'
import { callCode, type Id } from './functionCode.js'
import type { LaneCode, LaneValue } from './laneCode.js'
import type { ModuleBuilder } from './moduleBuilder.js'
import { printTileProgram } from './tile/printTileProgram.js'
import { shift, turnBytes } from './tile/source.js'

/** A field as a function of a module that works on the rows of one tile in scratch memory. */
export interface TileField {
  readonly position: number
  readonly rowBytes: number
  /** of the tile: its states, its values and what the function needs for itself */
  readonly scratchBytes: number
  /** bytes from the start of the scratch memory */
  readonly timeAt: number
  readonly stateAt: number
  readonly outputAt: number
  readonly workAt: number
  /** numbers that the caller writes behind θ */
  readonly constants: readonly number[]
}

/**
 * Prints a field as loops over rows, the form for networks, whose products become register-blocked kernels. Inputs
 * are numbers that all states share. `rowBytes` is 32 where a kernel holds two vectors of each entry in registers.
 */
export function printTile(module: ModuleBuilder, field: Field, rowBytes = turnBytes): TileField {
  const graph = { nodes: field.nodes, output: field.output, sums: undefined, theta: field.theta }
  const program = printTileProgram(module, graph, { rowBytes, inputs: 'numbers', uniform: 'lanes' })
  const { position, constants } = program
  const outputAt = (1 + field.stateSize) * rowBytes
  const workAt = outputAt + field.outputSize * rowBytes
  return {
    position,
    rowBytes,
    scratchBytes: workAt + program.scratchBytes,
    timeAt: 0,
    stateAt: rowBytes,
    outputAt,
    workAt,
    constants,
  }
}

/** Pointers of a tile: to its scratch memory, θ and inputs. */
export interface TilePointers {
  readonly scratch: Id
  readonly theta: Id
  readonly input: Id
}

/** Runs a tile whose times and states are in its scratch memory. */
export function runTile(c: LaneCode, tile: TileField, { scratch, theta, input }: TilePointers): void {
  const out = shift(c, scratch, tile.outputAt)
  c.code.effect(callCode(tile.position), [
    shift(c, scratch, tile.workAt),
    theta,
    shift(c, scratch, tile.timeAt),
    input,
    out,
    out,
    out,
  ])
}

/** Calls a tile of two vectors: states and time into its rows, values out of them. */
export function callTile(
  c: LaneCode,
  tile: TileField,
  pointers: TilePointers,
  outputSize: number,
): (t: LaneValue, y: readonly LaneValue[]) => LaneValue[] {
  const { scratch } = pointers
  return (t, y) => {
    c.store(scratch, t, tile.timeAt)
    y.forEach((v, k) => {
      c.store(scratch, v, tile.stateAt + k * tile.rowBytes)
    })
    runTile(c, tile, pointers)
    return Array.from({ length: outputSize }, (_, k) => c.load(scratch, tile.outputAt + k * tile.rowBytes))
  }
}
