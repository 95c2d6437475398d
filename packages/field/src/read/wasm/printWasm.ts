import { scalarCount, scalarize } from '../../derive/scalarize.js'
import type { Field } from '../../field.js'
import { FunctionCode, type Id } from './functionCode.js'
import { LaneCode, type LaneValue } from './laneCode.js'
import type { LaneKind } from './lanes.js'
import { makeModule } from './moduleBuilder.js'
import { printLanes } from './printLanes.js'
import { printTile, runTile, type TileField } from './printTile.js'
import { shift, type Walker } from './tile/source.js'
import { copyTile, fillRow } from './tile/tileMemory.js'

/** How a field is printed: straight-line code in registers, or loops over rows of scratch memory. */
export type WasmForm = 'lines' | 'tile'

export interface WasmFieldOptions {
  /** 'f64x2': double precision; 'f32x4': single, about twice as fast */
  readonly lanes: LaneKind
  /** 'shared': one θ for all; 'each': one for every state */
  readonly theta?: 'shared' | 'each'
  /** relaxed multiply–add, where `hasRelaxedSimd()`: faster networks, results that differ between machines */
  readonly fused?: boolean
  /** in place of what {@link wasmForm} chooses */
  readonly form?: WasmForm
  /** bytes of the rows of a tile, for that form: a multiple of two vectors */
  readonly rowBytes?: number
}

/** A printed module, and what its caller must provide. */
export interface WasmField {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly form: WasmForm
  readonly scratchBytes: number
  /** numbers to be written behind θ */
  readonly constants: readonly number[]
}

/**
 * Scalar operations up to which a field without products is printed as lines: beyond, compiling takes seconds.
 * Factors of matrix products from which loops win: a 2-8-8-2 network runs 1.2 to 2.5 times faster as loops, one
 * of width 64 four times, but Lorenz-96 in 20 dimensions five times slower (`pnpm bench batches`).
 */
const lineLimit = 4000
const productLimit = 32

/** The form for a field; where every state has a θ of its own, lines. */
export function wasmForm(field: Field, theta: 'shared' | 'each'): WasmForm {
  const products = field.nodes.reduce(
    (count, node) => count + (node.op === 'affine' || node.op === 'matvec' ? node.rows * node.cols : 0),
    0,
  )
  const large = products >= productLimit || scalarCount(field) > lineLimit
  return large && theta === 'shared' ? 'tile' : 'lines'
}

/** Positions of the arguments of the exported function. */
const argument = { first: 0, end: 1, scratch: 2, t: 3, x: 4, out: 5, theta: 6, input: 7, stride: 8 } as const

/**
 * Prints a field as a module with the function evaluate(first, end, scratch, t, x, out, theta, input, stride):
 * states first … end − 1 of x, [n][stride/bytes], give values in out.
 */
export function printWasm(field: Field, options: WasmFieldOptions): WasmField {
  const { lanes, theta = 'shared', fused = false, form = wasmForm(field, theta), rowBytes } = options
  const module = makeModule({ lanes, fused })
  const tile = form === 'tile' ? printTile(module, field, rowBytes) : undefined
  const code = new FunctionCode(['i32', 'i32', 'i32', 'f64', 'i32', 'i32', 'i32', 'i32', 'i32'])
  const c = new LaneCode(code, module.settings)
  const time = c.splat(argument.t, 'f64', 'fixed')
  if (tile === undefined) {
    overTiles(module.tile, c, (at) => {
      lines(c, scalarize(field), theta, { time, at }).forEach((v, k) => {
        c.store(at(argument.out, k), v)
      })
    })
  } else throughTiles(c, field, tile, time)
  module.define(module.reserve(), code.finish({ exported: 'evaluate' }))
  return {
    bytes: module.finish(),
    form,
    scratchBytes: tile?.scratchBytes ?? 0,
    constants: tile?.constants ?? [],
  }
}

/** Where the body of the loop over tiles finds time and rows. */
interface Place {
  readonly time: LaneValue
  /** address of the tile's part of row k */
  readonly at: (base: Id, k: number) => Id
}

function overTiles(lanes: number, c: LaneCode, body: (at: Place['at']) => void): void {
  const { code } = c
  const rows = rowsFrom(code, argument.stride)
  const [i, offset] = [code.variable('i32'), code.variable('i32')]
  const [step, shift] = [code.integer(lanes, true), code.integer(c.type.logBytes, true)]
  code.set(i, argument.first)
  code.countTo(i, argument.end, step, () => {
    code.set(offset, code.value('i32', [0x74], [i, shift]))
    body((base, k) => code.value('i32', [0x6a], [rows(base, k), offset]))
  })
}

function lines(c: LaneCode, field: Field, theta: 'shared' | 'each', { time, at }: Place): LaneValue[] {
  const loads = new Map<string, LaneValue>()
  const load = (base: Id, k: number) => {
    const key = `${base}/${k}`
    const found = loads.get(key) ?? c.load(at(base, k))
    loads.set(key, found)
    return found
  }
  const shared = (base: Id, k: number) => c.loadSplat(base, k * c.type.bytes, 'fixed')
  return printLanes(c, field, {
    time: () => time,
    state: (k) => load(argument.x, k),
    theta: (k) => (theta === 'each' ? load(argument.theta, k) : shared(argument.theta, k)),
    input: (k) => shared(argument.input, k),
  })
}

/** Copies tile after tile of the states into scratch memory, and the values of the field out of it. */
function throughTiles(c: LaneCode, field: Field, tile: TileField, time: LaneValue): void {
  const { rowBytes } = tile
  const inScratch = (at: number): Walker => ({ start: shift(c, argument.scratch, at), bytes: rowBytes })
  fillRow(c, rowBytes, shift(c, argument.scratch, tile.timeAt), time)
  overTiles(rowBytes / c.type.bytes, c, (at) => {
    const rows = (base: Id): Walker => ({ start: at(base, 0), bytes: 0, variable: argument.stride })
    copyTile(c, rowBytes, field.stateSize, { to: inScratch(tile.stateAt), from: rows(argument.x) })
    runTile(c, tile, argument)
    copyTile(c, rowBytes, field.outputSize, { from: inScratch(tile.outputAt), to: rows(argument.out) })
  })
}

/** Addresses of rows, hoisted: base + k·stride. */
export function rowsFrom(code: FunctionCode, stride: Id): (base: Id, k: number) => Id {
  const known = new Map<string, Id>()
  return (base, k) => {
    if (k === 0) return base
    const key = `${base}/${k}`
    const found = known.get(key)
    if (found !== undefined) return found
    const factor = code.integer(k, true)
    const row = code.value('i32', [0x6a], [base, code.value('i32', [0x6c], [stride, factor], true)], true)
    known.set(key, row)
    return row
  }
}
