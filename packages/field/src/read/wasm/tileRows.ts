import type { Field } from '../../field.js'
import type { Id } from './functionCode.js'
import type { LaneCode, LaneValue } from './laneCode.js'

/** Bytes of one number for all lanes of a tile: two vectors. */
export const rowBytes = 32

/** Where the entries of a vector are: rows of scratch memory, or numbers shared by all lanes. */
export interface Source {
  readonly base: 'scratch' | 'theta' | 'input'
  /** first entry, in bytes */
  readonly at: number
  /** bytes from entry to entry; 0 repeats one */
  readonly step: number
}

/** What the printers of one tile share. */
export interface TilePrinter {
  readonly c: LaneCode
  readonly field: Field
  readonly sources: Source[]
  /** fresh rows */
  rows(size: number): Source
  constantsAt(values: readonly number[]): Source
}

/** Parameters of a tile's function. */
export const parameter = { scratch: 0, theta: 1, input: 2 } as const

/** Entry of a vector: at a position known now, or at the loop variable. */
export type Index = number | Loop

/** The variable of a running loop. */
interface Loop {
  readonly variable: Id
}

function address(
  p: TilePrinter,
  source: Source,
  index: Index,
): { readonly base: Id; readonly offset: number } {
  const base = parameter[source.base]
  if (typeof index === 'number') return { base, offset: source.at + index * source.step }
  if (source.step === 0) return { base, offset: source.at }
  const { code } = p.c
  const shift = code.integer(Math.log2(source.step), true)
  const distance = code.value('i32', [0x74], [index.variable, shift])
  return { base: code.value('i32', [0x6a], [base, distance]), offset: source.at }
}

/** Reads an entry of a vector. */
export function entry(p: TilePrinter, source: Source, index: Index): LaneValue {
  const { base, offset } = address(p, source, index)
  if (source.base === 'scratch') return p.c.load(base, offset)
  const fixed = typeof index === 'number' || source.step === 0
  return p.c.loadSplat(base, offset, fixed ? 'fixed' : 'common')
}

/** Writes an entry of a vector of rows. */
export function put(p: TilePrinter, target: Source, index: Index, value: LaneValue): void {
  const { base, offset } = address(p, target, index)
  p.c.store(base, value, offset)
}

/** Rows up to which a loop is written out. */
const unrolledRows = 4

/** for i < size: a loop, or its iterations where they are few. */
export function forEach(p: TilePrinter, size: number, body: (index: Index) => void): void {
  if (size <= unrolledRows) {
    for (let i = 0; i < size; i++) body(i)
    return
  }
  const { code } = p.c
  const variable = code.variable('i32')
  code.set(variable, code.integer(0))
  code.countTo(variable, code.integer(size), code.integer(1), () => body({ variable }))
}
