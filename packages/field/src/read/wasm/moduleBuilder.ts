import { encodeModule, type FunctionBody, type ValueType } from './encode.js'
import { FunctionCode } from './functionCode.js'
import type { LaneSettings } from './laneCode.js'
import { type LaneKind, type LaneType, laneTypes, simd } from './lanes.js'

export interface WasmOptions {
  readonly lanes: LaneKind
  /** memory shared among threads */
  readonly shared?: boolean
  /** relaxed multiply–add; only where {@link hasRelaxedSimd} */
  readonly fused?: boolean
  /** vectors side by side; loops over rows take {@link groupCount} */
  readonly groups?: number
}

/** Functions of Math that modules import, for arguments beyond their own reductions; with their arity. */
const imported = { sin: 1, cos: 1, tan: 1, atan: 1, log: 1, atan2: 2, pow: 2 } as const
export type ImportedName = keyof typeof imported
const importedNames = Object.keys(imported) as ImportedName[]

/** The most that 32-bit addresses reach: 4 GiB in pages of 64 KiB. */
export const mostPages = 65_536

/** Two groups hide the latency of one another; four spill the sixteen registers (measured: 4.5 against 7 ns). */
export const groupCount = 2

/** Collects the functions of one module. Functions call each other by position, so that each is reserved first. */
export interface ModuleBuilder {
  readonly settings: LaneSettings
  /** lanes that one iteration of a loop handles */
  readonly tile: number
  /** position of a function of Math, on single doubles */
  imported(name: ImportedName): number
  /** position of a function that is added later */
  reserve(): number
  define(position: number, body: FunctionBody): void
  finish(): Uint8Array<ArrayBuffer>
}

export function makeModule({
  lanes,
  shared = false,
  fused = false,
  groups = groupCount,
}: WasmOptions): ModuleBuilder {
  const type = laneTypes[lanes]
  const functions: (FunctionBody | undefined)[] = []
  const fallbacks = new Map<string, number>()
  const reserve = () => importedNames.length + functions.push(undefined) - 1
  const define = (position: number, body: FunctionBody) => {
    functions[position - importedNames.length] = body
  }
  const fallback = (name: string, arity: number) => {
    const found = fallbacks.get(name)
    if (found !== undefined) return found
    const position = reserve()
    fallbacks.set(name, position)
    define(position, laneByLane(type, importedNames.indexOf(name as ImportedName), arity))
    return position
  }
  return {
    settings: { type, groups, fused, fallback },
    tile: groups * type.width,
    imported: (name) => importedNames.indexOf(name),
    reserve,
    define,
    finish: () =>
      encodeModule({
        imports: importedNames.map((name) => ({
          name,
          params: new Array<ValueType>(imported[name]).fill('f64'),
          results: ['f64'],
        })),
        functions: functions as FunctionBody[],
        memory: shared ? { shared, mostPages } : { shared },
      }),
  }
}

/** (arguments…, fast, mask) → fast, with the imported function's value in the lanes of the mask. */
function laneByLane(type: LaneType, callee: number, arity: number): FunctionBody {
  const code = new FunctionCode(new Array<ValueType>(arity + 2).fill('v128'), ['v128'])
  const result = code.variable('v128')
  code.set(result, arity)
  for (let lane = 0; lane < type.width; lane++) {
    const wanted = code.value('i32', simd(27, (lane * type.bytes) / 4), [arity + 1])
    code.when(wanted, () => {
      const args = Array.from({ length: arity }, (_, k) => {
        const entry = code.value(type.scalar, simd(type.extract, lane), [k])
        return type.scalar === 'f64' ? entry : code.value('f64', [0xbb], [entry])
      })
      const value = code.value('f64', [0x10, callee], args)
      const narrowed = type.scalar === 'f64' ? value : code.value('f32', [0xb6], [value])
      code.set(result, code.value('v128', simd(type.replace, lane), [result, narrowed]))
    })
  }
  return code.finish({ result: [result] })
}

/** Instantiates a module over a memory. */
export async function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<WebAssembly.Exports> {
  const { exports } = await WebAssembly.instantiate(module, importsFor(memory))
  return exports
}

export function importsFor(memory: WebAssembly.Memory): WebAssembly.Imports {
  const { sin, cos, tan, atan, log, atan2, pow } = Math
  return { env: { memory }, math: { sin, cos, tan, atan, log, atan2, pow } }
}

/** Whether this engine runs 128-bit vectors at all (all browsers since 2023, Node since 16.4). */
export const hasSimd = askedOnce(() => simd(12, ...new Array<number>(16).fill(0)))

/** Whether this engine runs relaxed multiply–add, which doubles the arithmetic of networks. */
export const hasRelaxedSimd = askedOnce(() => {
  const zero = simd(12, ...new Array<number>(16).fill(0))
  return [...zero, ...zero, ...zero, ...simd(0x105)]
})

/** What an engine can do does not change, and asking takes it 10 µs. */
function askedOnce(code: () => readonly number[]): () => boolean {
  let answer: boolean | undefined
  return () => (answer ??= typeof WebAssembly === 'object' && validates(code()))
}

function validates(code: readonly number[]): boolean {
  const body: FunctionBody = { params: [], results: [], locals: [], code: [...code, 0x1a] }
  return WebAssembly.validate(encodeModule({ imports: [], functions: [body], memory: { shared: false } }))
}
