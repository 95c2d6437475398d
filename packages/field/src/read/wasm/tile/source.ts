import type { Id } from '../functionCode.js'
import { LaneCode, type LaneValue } from '../laneCode.js'

/** Pointers that every function of a tile program is given, in this order. */
export const bases = ['scratch', 'numbers', 'state', 'input', 'out', 'sums', 'tape'] as const

export type Base = (typeof bases)[number]

/** The parameter that holds a pointer. */
export const pointer = (base: Base): Id => bases.indexOf(base)

/** Where the entries of a vector are: a row of lanes each, a number each that all lanes share, or one constant. */
export type Source =
  | { readonly kind: 'rows' | 'numbers'; readonly base: Base; readonly at: number; readonly step: number }
  | { readonly kind: 'constant'; readonly value: number }

/** Rows one after another, so that several can be walked as one. */
export const isDense = (source: Source, rowBytes: number): boolean =>
  source.kind === 'constant' || (source.kind === 'rows' && source.step === rowBytes)

/** Bytes of a vector; a row holds a whole number of them. */
export const vectorBytes = 16

/** Bytes of two vectors: what one turn of a loop over lanes handles. */
export const turnBytes = 2 * vectorBytes

export const add = (c: LaneCode, x: Id, y: Id): Id => c.code.value('i32', [0x6a], [x, y])
export const multiply = (c: LaneCode, x: Id, factor: number): Id =>
  c.code.value('i32', [0x6c], [x, c.code.integer(factor)])

/** A pointer that a loop moves on by some bytes, or by what a variable holds. */
export interface Walker {
  readonly start: Id
  readonly bytes: number
  readonly variable?: Id
}

/** Runs the body `turns` times, moving pointers on, at least one of them by a known distance. */
export function walk<K extends string>(
  c: LaneCode,
  turns: number,
  walkers: { readonly [P in K]: Walker },
  body: (pointers: { readonly [P in K]: Id }) => void,
): void {
  const entries = Object.entries(walkers) as [K, Walker][]
  if (turns === 0) return
  const { code } = c
  const starts = Object.fromEntries(entries.map(([name, { start }]) => [name, start])) as { [P in K]: Id }
  if (turns === 1) {
    body(starts)
    return
  }
  const moving = Object.fromEntries(
    entries.map(([name, { start, bytes, variable: distance }]) => {
      if (bytes === 0 && distance === undefined) return [name, start]
      const variable = code.variable('i32')
      code.set(variable, start)
      return [name, variable]
    }),
  ) as { [P in K]: Id }
  const [guide, { start, bytes }] = entries.find(([, w]) => w.bytes > 0) as [K, Walker]
  const end = add(c, start, code.integer(turns * bytes))
  code.loop((again) => {
    body(moving)
    for (const [name, w] of entries) {
      if (w.variable !== undefined) code.set(moving[name], add(c, moving[name], w.variable))
      else if (w.bytes > 0) code.set(moving[name], add(c, moving[name], code.integer(w.bytes)))
    }
    again(code.value('i32', [0x48], [moving[guide], end]))
  })
}

/** A pointer a known distance further. */
export const shift = (c: LaneCode, base: Id, bytes: number): Id =>
  bytes === 0 ? base : add(c, base, c.code.integer(bytes))

/** for (i = 0; i < end; i += step), with the body written out where there are few turns. */
export function overRange(
  c: LaneCode,
  { end, step, unrolled }: { readonly end: number; readonly step: number; readonly unrolled: number },
  body: (i: Position) => void,
): void {
  if (end <= step * unrolled) {
    for (let i = 0; i < end; i += step) body(i)
    return
  }
  const i = c.code.variable('i32')
  c.code.set(i, c.code.integer(0))
  c.code.countTo(i, c.code.integer(end), c.code.integer(step), () => body({ id: i }))
}

/** Goes along the lanes of a row, as many vectors at a time as the printer has groups; those left over come last. */
export function overLanes(
  c: LaneCode,
  rowBytes: number,
  unrolled: number,
  body: (c: LaneCode, lane: Position) => void,
): void {
  const step = c.settings.groups * vectorBytes
  const rest = rowBytes % step
  overRange(c, { end: rowBytes - rest, step, unrolled }, (lane) => body(c, lane))
  if (rest > 0) body(withGroups(c, rest / vectorBytes), rowBytes - rest)
}

/** The same for pointers into rows, which are moved along. */
export function walkLanes<K extends string>(
  c: LaneCode,
  rowBytes: number,
  rows: { readonly [P in K]: Id },
  body: (c: LaneCode, at: { readonly [P in K]: Id }) => void,
): void {
  const each = <T>(f: (start: Id) => T) =>
    Object.fromEntries(Object.entries<Id>(rows).map(([name, start]) => [name, f(start)])) as { [P in K]: T }
  const step = c.settings.groups * vectorBytes
  const rest = rowBytes % step
  const turns = (rowBytes - rest) / step
  walk(
    c,
    turns,
    each((start) => ({ start, bytes: step })),
    (at) => body(c, at),
  )
  if (rest > 0)
    body(
      withGroups(c, rest / vectorBytes),
      each((start) => shift(c, start, turns * step)),
    )
}

/** A printer into the same function that handles another number of vectors side by side. */
export const withGroups = (c: LaneCode, groups: number): LaneCode =>
  groups === c.settings.groups ? c : new LaneCode(c.code, { ...c.settings, groups })

/** A position that is known while printing, or a variable. */
export type Position = number | { readonly id: Id }

/** Reads entry `row` of a source at the lanes that start `lane` bytes into its row. */
export function read(c: LaneCode, source: Source, row: Position, lane: Position): LaneValue {
  if (source.kind === 'constant') return c.constant(source.value)
  const fixed = source.at + (typeof row === 'number' ? row * source.step : 0)
  let address = pointer(source.base)
  if (typeof row !== 'number' && source.step > 0) address = add(c, address, multiply(c, row.id, source.step))
  if (source.kind === 'numbers')
    return c.loadSplat(address, fixed, address === pointer(source.base) ? 'fixed' : 'common')
  if (typeof lane !== 'number') address = add(c, address, lane.id)
  return c.load(address, fixed + (typeof lane === 'number' ? lane : 0))
}

/** Writes an entry of rows. */
export function write(
  c: LaneCode,
  target: Source,
  { row, lane }: { readonly row: Position; readonly lane: Position },
  value: LaneValue,
): void {
  if (target.kind !== 'rows') throw new Error('unreachable: only rows are written')
  let address = pointer(target.base)
  if (typeof row !== 'number') address = add(c, address, multiply(c, row.id, target.step))
  if (typeof lane !== 'number') address = add(c, address, lane.id)
  const fixed = target.at + (typeof row === 'number' ? row * target.step : 0)
  c.store(address, value, fixed + (typeof lane === 'number' ? lane : 0))
}
