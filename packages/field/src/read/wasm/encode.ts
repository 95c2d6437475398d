/** The types of values in a WebAssembly function, by their code in the binary format. */
export const typeCode = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const

export type ValueType = keyof typeof typeCode

export interface FunctionType {
  readonly params: readonly ValueType[]
  readonly results: readonly ValueType[]
}

/** A function of a module: its locals beyond the parameters, and its instructions without the final `end`. */
export interface FunctionBody extends FunctionType {
  readonly exported?: string
  readonly locals: readonly ValueType[]
  readonly code: readonly number[]
}

export interface ImportedFunction extends FunctionType {
  readonly name: string
}

export interface ModuleParts {
  /** imported from module `math`; they come first in the numbering of functions */
  readonly imports: readonly ImportedFunction[]
  readonly functions: readonly FunctionBody[]
  /** a shared memory must name its most pages; the memory is imported as `env.memory` */
  readonly memory: { readonly shared: false } | { readonly shared: true; readonly mostPages: number }
}

/** Unsigned LEB128, for counts and positions below 2⁵³. */
export function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  bytes.push(rest)
  return bytes
}

/** Signed LEB128 of a 32-bit integer. */
export function signed(value: number): number[] {
  const bytes: number[] = []
  let rest = value | 0
  for (;;) {
    const low = rest & 127
    rest >>= 7
    if ((rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)) return [...bytes, low]
    bytes.push(low | 128)
  }
}

export function float64Bytes(value: number): number[] {
  return Array.from(new Uint8Array(Float64Array.of(value).buffer))
}

export function float32Bytes(value: number): number[] {
  return Array.from(new Uint8Array(Float32Array.of(value).buffer))
}

const text = (s: string) => {
  const bytes = new TextEncoder().encode(s)
  return [...unsigned(bytes.length), ...bytes]
}
const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()]

/** `[].push(...code)` overflows the stack from about 10⁵ bytes on. */
function section(id: number, items: readonly (readonly number[])[]): readonly (readonly number[])[] {
  if (items.length === 0) return []
  const size = items.reduce((total, item) => total + item.length, unsigned(items.length).length)
  return [[id, ...unsigned(size)], unsigned(items.length), ...items]
}

/**
 * Assembles a WebAssembly module (WebAssembly Core Specification 2.0, §5.5): types, imports, functions,
 * exports, code, in that order.
 */
export function encodeModule({ imports, functions, memory }: ModuleParts): Uint8Array<ArrayBuffer> {
  const types: string[] = []
  const typeOf = (f: FunctionType) => {
    const key = [
      0x60,
      ...vector(f.params.map((p) => [typeCode[p]])),
      ...vector(f.results.map((r) => [typeCode[r]])),
    ].join()
    if (!types.includes(key)) types.push(key)
    return types.indexOf(key)
  }
  const limits = memory.shared ? [3, ...unsigned(1), ...unsigned(memory.mostPages)] : [0, ...unsigned(1)]
  const imported = [
    [...text('env'), ...text('memory'), 2, ...limits],
    ...imports.map((f) => [...text('math'), ...text(f.name), 0, ...unsigned(typeOf(f))]),
  ]
  const declared = functions.map((f) => unsigned(typeOf(f)))
  const exported = functions.flatMap((f, i) =>
    f.exported === undefined ? [] : [[...text(f.exported), 0, ...unsigned(imports.length + i)]],
  )
  const typeItems = types.map((key) => key.split(',').map(Number))
  const parts: readonly (readonly number[])[] = [
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, typeItems),
    ...section(2, imported),
    ...section(3, declared),
    ...section(7, exported),
    ...section(10, functions.map(encodeBody)),
  ]
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function encodeBody({ locals, code }: FunctionBody): readonly number[] {
  const runs: { count: number; type: ValueType }[] = []
  for (const type of locals) {
    const last = runs.at(-1)
    if (last?.type === type) last.count++
    else runs.push({ count: 1, type })
  }
  const head = vector(runs.map((r) => [...unsigned(r.count), typeCode[r.type]]))
  const size = unsigned(head.length + code.length + 1)
  return size.concat(head, code as number[], [0x0b])
}
