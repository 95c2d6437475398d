import { float32Bytes, float64Bytes, unsigned } from './encode.js'

/** Numbers that one 128-bit vector holds: two doubles or four singles. */
export type LaneKind = 'f64x2' | 'f32x4'

/** Instructions on whole vectors that return one. */
export type LaneOperation =
  | 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'pmin' | 'pmax'
  | 'sqrt' | 'abs' | 'neg' | 'floor' | 'nearest'
  | 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge'
  | 'and' | 'or' | 'xor' | 'andnot' | 'not' | 'select'
  | 'integerAdd' | 'integerSub' | 'integerEq'
  | 'madd' | 'nmadd' // biome-ignore format: one table

/** A lane kind as data: WebAssembly opcodes (after the 0xfd prefix) and the layout of its numbers. */
export interface LaneType {
  readonly kind: LaneKind
  readonly width: number
  /** bytes a number, and its binary logarithm */
  readonly bytes: number
  readonly logBytes: number
  readonly mantissaBits: number
  readonly bias: number
  readonly scalar: 'f64' | 'f32'
  readonly opcode: { readonly [K in LaneOperation]: number }
  readonly shiftLeft: number
  readonly shiftRight: number
  readonly splat: number
  readonly loadSplat: number
  readonly extract: number
  readonly replace: number
  /** a constant in every lane */
  constantBytes(value: number): readonly number[]
  /** an integer pattern in every lane */
  patternBytes(value: bigint): readonly number[]
}

const logical = { not: 77, and: 78, andnot: 79, or: 80, xor: 81, select: 82 } as const

const repeat = (bytes: readonly number[]) => [
  ...bytes,
  ...(bytes.length === 8 ? bytes : [...bytes, ...bytes, ...bytes]),
]

export const f64x2: LaneType = {
  kind: 'f64x2',
  width: 2,
  bytes: 8,
  logBytes: 3,
  mantissaBits: 52,
  bias: 1023,
  scalar: 'f64',
  opcode: {
    ...logical,
    add: 240, sub: 241, mul: 242, div: 243, min: 244, max: 245, pmin: 246, pmax: 247,
    sqrt: 239, abs: 236, neg: 237, floor: 117, nearest: 148,
    eq: 71, ne: 72, lt: 73, gt: 74, le: 75, ge: 76,
    integerAdd: 206, integerSub: 209, integerEq: 214, madd: 0x107, nmadd: 0x108,
  }, // biome-ignore format: one table
  shiftLeft: 203,
  shiftRight: 205,
  splat: 20,
  loadSplat: 10,
  extract: 33,
  replace: 34,
  constantBytes: (value) => repeat(float64Bytes(value)),
  patternBytes: (value) => repeat(Array.from(new Uint8Array(BigInt64Array.of(value).buffer))),
}

export const f32x4: LaneType = {
  kind: 'f32x4',
  width: 4,
  bytes: 4,
  logBytes: 2,
  mantissaBits: 23,
  bias: 127,
  scalar: 'f32',
  opcode: {
    ...logical,
    add: 228, sub: 229, mul: 230, div: 231, min: 232, max: 233, pmin: 234, pmax: 235,
    sqrt: 227, abs: 224, neg: 225, floor: 104, nearest: 106,
    eq: 65, ne: 66, lt: 67, gt: 68, le: 69, ge: 70,
    integerAdd: 174, integerSub: 177, integerEq: 55, madd: 0x105, nmadd: 0x106,
  }, // biome-ignore format: one table
  shiftLeft: 171,
  shiftRight: 173,
  splat: 19,
  loadSplat: 9,
  extract: 31,
  replace: 32,
  constantBytes: (value) => repeat(float32Bytes(value)),
  patternBytes: (value) => repeat(Array.from(new Uint8Array(Int32Array.of(Number(value)).buffer))),
}

export const laneTypes: { readonly [K in LaneKind]: LaneType } = { f64x2, f32x4 }

/** Bytes of a vector instruction. */
export const simd = (opcode: number, ...immediates: readonly number[]) => [
  0xfd,
  ...unsigned(opcode),
  ...immediates,
]
