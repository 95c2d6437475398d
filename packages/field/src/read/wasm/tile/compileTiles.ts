import { misuse } from '../../../error.js'
import { compile } from '../../compile.js'
import { compileModuleNow } from '../compileModule.js'
import { expectVectors } from '../expectVectors.js'
import type { LaneKind } from '../lanes.js'
import { importsFor, makeModule, mostPages } from '../moduleBuilder.js'
import { keptOnTape } from './keptOnTape.js'
import { printTileProgram, type TileProgram } from './printTileProgram.js'
import { vectorBytes } from './source.js'
import { sumPadding } from './sumProducts.js'
import type { TileGraph } from './tileGraph.js'

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
  /** lanes of a tile: a whole number of vectors */
  readonly width: number
  readonly tiles: number
}

/** One program with its parameters and sums in memory. */
export interface CompiledProgram {
  /** computes what depends on θ only */
  setTheta(theta: ArrayLike<number>): void
  /**
   * runs one tile, its arguments being byte addresses of rows, the last one that of the tape that it writes or reads,
   * where it has one; allocates nothing
   */
  run(state: number, input: number, out: number, tape?: number): void
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

/**
 * Bytes of a row: four cache lines. Gradients of networks of width 50 to 256 take the same time to within ten percent
 * with rows of 64 to 1024; short ones need less memory.
 */
const mostRowBytes = 256

/** Divides a batch into tiles of about equal width. */
export function tileShape(lanes: LaneKind, batch: number): TileShape {
  const bytes = lanes === 'f64x2' ? 8 : 4
  const vector = vectorBytes / bytes
  const tiles = Math.max(1, Math.ceil((batch * bytes) / mostRowBytes))
  return { lanes, batch, tiles, width: Math.max(1, Math.ceil(batch / tiles / vector)) * vector }
}

interface Printed<K extends string> {
  readonly name: K
  readonly program: TileProgram
  readonly graph: TileGraph
  /** its scratch memory is a tape, which the caller provides */
  readonly writesTape: boolean
}

const align = (bytes: number) => Math.ceil(bytes / 64) * 64

/**
 * Compiles graphs to programs over tiles, with spaces of the caller (counted in numbers) in the same memory.
 */
export function compileTiles<K extends string>(
  graphs: { readonly [P in K]: TileGraph },
  spacesOf: (shape: TileShape, tapeSizes: { readonly [P in K]: number }) => readonly number[],
  { where, lanes, batch, fused = false }: TileOptions,
): CompiledTiles<K> {
  expectVectors(where, fused)
  const shape = tileShape(lanes, batch)
  const View = lanes === 'f64x2' ? Float64Array : Float32Array
  const bytes = View.BYTES_PER_ELEMENT
  const module = makeModule({ lanes, fused })
  const names = Object.keys(graphs) as K[]
  const printed: Printed<K>[] = []
  for (const name of names) {
    const graph = graphs[name]
    const later = names.map((n) => graphs[n]).find(({ tape }) => tape === graph)
    const program = printTileProgram(module, graph, {
      rowBytes: shape.width * bytes,
      exported: name,
      kept: later && keptOnTape(graph, later),
      taped: printed.find((other) => other.graph === graph.tape)?.program.onTape,
    })
    printed.push({ name, program, graph, writesTape: later !== undefined })
  }
  const tapeSizes = Object.fromEntries(
    printed.map(({ name, program, writesTape }) => [name, writesTape ? program.scratchBytes / bytes : 0]),
  ) as { [P in K]: number }
  const spaces = spacesOf(shape, tapeSizes)
  const plan = layOut(64)
  const places = printed.map(({ program, graph }) => ({
    numbers: plan.take(bytes * numberCount(program, graph)),
    sums: plan.take(bytes * (program.sums?.size ?? 0) + sumPadding),
  }))
  const own = printed.filter(({ writesTape }) => !writesTape)
  const scratch = plan.take(Math.max(...own.map(({ program }) => program.scratchBytes), 0))
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
  const { exports } = new WebAssembly.Instance(compileModuleNow(module.finish()), importsFor(memory))
  const programs = Object.fromEntries(
    printed.map(({ name, program, graph, writesTape }, i) => [
      name,
      bindProgram(program, graph, {
        run: exports[name] as (...args: number[]) => void,
        numbers: new View(memory.buffer, places[i].numbers, numberCount(program, graph)),
        sums: new View(memory.buffer, places[i].sums, program.sums?.size ?? 0),
        scratch: writesTape ? undefined : scratch,
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
  /** undefined where the tape is */
  readonly scratch: number | undefined
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
  const [numbersAt, sumsAt] = [numbers.byteOffset, sums.byteOffset]
  numbers.set(constants, theta.length)
  return {
    setTheta(given) {
      current.set(given)
      numbers.set(current)
      if (computed === undefined) return
      computed.f(0, nothing, computed.out, current)
      numbers.set(computed.out, theta.length + constants.length)
    },
    run: (state, input, out, tape = 0) => run(scratch ?? tape, numbersAt, state, input, out, sumsAt, tape),
    clearSums: () => void sums.fill(0),
    readSums(out) {
      totals.set(sums)
      finish?.(0, totals, out, current)
    },
  }
}
