import { misuse } from '../../../error.js'
import { compile } from '../../compile.js'
import type { LaneKind } from '../lanes.js'
import { hasSimd, importsFor, makeModule, mostPages } from '../moduleBuilder.js'
import { printTileProgram, type TileGraph, type TileProgram } from './printTileProgram.js'
import { turnBytes } from './source.js'
import { sumPadding } from './sumProducts.js'

type Numbers = Float64Array | Float32Array

export interface TileOptions {
  readonly where: string
  readonly lanes: LaneKind
  /** states that are held at a time */
  readonly batch: number
  readonly fused?: boolean
}

/** Lanes of a tile, and how many tiles hold a batch. */
export interface TileShape {
  readonly lanes: LaneKind
  readonly batch: number
  /** lanes of a tile: a multiple of two vectors */
  readonly width: number
  readonly tiles: number
}

/** One program with its parameters and sums in memory. */
export interface CompiledProgram {
  /** computes what depends on θ only */
  setTheta(theta: ArrayLike<number>): void
  /** runs one tile, its arguments being byte addresses of rows; allocates nothing */
  run(state: number, input: number, out: number): void
  clearSums(): void
  /** the sums over all tiles since they were cleared */
  readSums(out: Float64Array): void
}

/** Programs over tiles of one batch in one memory. */
export interface CompiledTiles<K extends string> {
  readonly shape: TileShape
  readonly programs: { readonly [P in K]: CompiledProgram }
  /** the caller's spaces: a view and its address */
  readonly space: (index: number) => { readonly view: Numbers; readonly address: number }
}

/** Bytes of a row: four cache lines. Longer rows push the tape out of the first-level cache (measured). */
const mostRowBytes = 256

/** Divides a batch into tiles of about equal width. */
export function tileShape(lanes: LaneKind, batch: number): TileShape {
  const bytes = lanes === 'f64x2' ? 8 : 4
  const turn = turnBytes / bytes
  const tiles = Math.max(1, Math.ceil((batch * bytes) / mostRowBytes))
  return { lanes, batch, tiles, width: Math.max(1, Math.ceil(batch / tiles / turn)) * turn }
}

const align = (bytes: number) => Math.ceil(bytes / 64) * 64

/**
 * Compiles graphs to programs over tiles, with spaces of the caller (counted in numbers) in the same memory.
 */
export function compileTiles<K extends string>(
  graphs: { readonly [P in K]: TileGraph },
  spacesOf: (shape: TileShape) => readonly number[],
  { where, lanes, batch, fused = false }: TileOptions,
): CompiledTiles<K> {
  if (!hasSimd())
    throw misuse({
      where,
      expected: 'an engine with 128-bit WebAssembly vectors',
      got: 'one without',
      try: "backend: 'js'",
      code: 'no-simd',
    })
  const shape = tileShape(lanes, batch)
  const spaces = spacesOf(shape)
  const View = lanes === 'f64x2' ? Float64Array : Float32Array
  const bytes = View.BYTES_PER_ELEMENT
  const module = makeModule({ lanes, fused })
  const names = Object.keys(graphs) as K[]
  const printed = names.map((name) => {
    const program = printTileProgram(module, graphs[name], { rowBytes: shape.width * bytes, exported: name })
    return { name, program, graph: graphs[name] }
  })
  const plan = layOut(64)
  const places = printed.map(({ program, graph }) => ({
    numbers: plan.take(bytes * numberCount(program, graph)),
    sums: plan.take(bytes * (program.sums?.size ?? 0) + sumPadding),
  }))
  const scratch = plan.take(Math.max(...printed.map(({ program }) => program.scratchBytes)))
  const addresses = spaces.map((count) => plan.take(count * bytes))
  const pages = Math.ceil(plan.size() / 65_536)
  if (pages > mostPages)
    throw misuse({
      where,
      expected: 'at most 4 GiB',
      got: `${(plan.size() / 2 ** 30).toFixed(1)} GiB for ${batch} states`,
      try: 'a smaller batch',
      code: 'too-large',
    })
  const memory = new WebAssembly.Memory({ initial: pages })
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.finish()), importsFor(memory))
  const programs = Object.fromEntries(
    printed.map(({ name, program, graph }, i) => [
      name,
      bindProgram(program, graph, {
        run: exports[name] as (...args: number[]) => void,
        numbers: new View(memory.buffer, places[i].numbers, numberCount(program, graph)),
        sums: new View(memory.buffer, places[i].sums, program.sums?.size ?? 0),
        scratch,
      }),
    ]),
  ) as { [P in K]: CompiledProgram }
  return {
    shape,
    programs,
    space: (index) => ({
      view: new View(memory.buffer, addresses[index], spaces[index]),
      address: addresses[index],
    }),
  }
}

function layOut(start: number) {
  let at = start
  return {
    take(bytes: number): number {
      at += align(bytes)
      return at - align(bytes)
    },
    size: () => at,
  }
}

const numberCount = ({ constants, uniform }: TileProgram, { theta }: TileGraph) =>
  theta.length + constants.length + (uniform?.outputSize ?? 0)

interface Binding {
  readonly run: (...args: number[]) => void
  readonly numbers: Numbers
  readonly sums: Numbers
  readonly scratch: number
}

function bindProgram(
  { constants, uniform, sums: split }: TileProgram,
  { theta }: TileGraph,
  { run, numbers, sums, scratch }: Binding,
): CompiledProgram {
  const computed = uniform && { f: compile(uniform), out: new Float64Array(uniform.outputSize) }
  const finish = split && compile(split.finish)
  const totals = new Float64Array(split?.size ?? 0)
  const current = Float64Array.from(theta)
  const nothing = new Float64Array(0)
  numbers.set(constants, theta.length)
  return {
    setTheta(given) {
      current.set(given)
      numbers.set(current)
      if (computed === undefined) return
      computed.f(0, nothing, computed.out, current)
      numbers.set(computed.out, theta.length + constants.length)
    },
    run: (state, input, out) => run(scratch, numbers.byteOffset, state, input, out, sums.byteOffset),
    clearSums: () => void sums.fill(0),
    readSums(out) {
      totals.set(sums)
      finish?.(0, totals, out, current)
    },
  }
}
