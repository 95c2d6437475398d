import { type FunctionCode, type Id, memoryOperand } from '../functionCode.js'
import { LaneCode, type LaneValue } from '../laneCode.js'
import { simd } from '../lanes.js'
import type { ModuleBuilder } from '../moduleBuilder.js'

/**
 * Neighbouring entries of vectors of doubles, handled together at one place of a loop: several 128-bit vectors,
 * one, or (at odd ends) a single entry, which then stands in both lanes.
 */
export interface Cursor {
  readonly c: LaneCode
  readonly isSingle: boolean
  /** the entries from here on of the array at an address */
  load(array: number): LaneValue
  store(array: number, value: LaneValue): void
  /** byte offset of the entries in an array */
  place(): Id
  /** the same at another byte offset */
  loadAt(place: Id, array: number): LaneValue
  storeAt(place: Id, array: number, value: LaneValue): void
  /** entries start + stride·i of the array, where i counts from the start of the loop */
  loadEven(array: number, start: number, stride: number): LaneValue
  /** entries whose byte offsets stand in a table, which is counted from the start of the loop */
  loadTable(array: number, table: number): LaneValue
}

/** What the loops of one function share. */
export interface LoopPrinter {
  readonly code: FunctionCode
  /** lanes of a whole tile, and of one vector */
  readonly wide: LaneCode
  readonly narrow: LaneCode
}

export function loopPrinter(code: FunctionCode, module: ModuleBuilder): LoopPrinter {
  const wide = new LaneCode(code, module.settings)
  return { code, wide, narrow: new LaneCode(code, { ...module.settings, groups: 1 }) }
}

/** Tiles that are written out instead of looped over. */
const writtenTiles = 2

/** Entries from which it pays to start a loop where stores fall on whole vectors. */
const worthAligning = 16

/** Prints a body for entries first … end − 1: as a loop over tiles, and what remains of them. */
export function along(p: LoopPrinter, first: number, end: number, body: (cursor: Cursor) => void): void {
  const { code } = p
  const tile = 2 * p.wide.settings.groups
  const zero = code.integer(0, true)
  const still = (lanes: LaneCode, at: number, isSingle: boolean) =>
    body(makeCursor(p, lanes, { first, done: at - first, moving: undefined, zero, isSingle }))
  let at = first
  if (at % 2 === 1 && end - at >= worthAligning) still(p.narrow, at++, true)
  const tiles = Math.floor((end - at) / tile)
  if (tiles > writtenTiles) {
    const i = code.variable('i32')
    code.set(i, code.integer(0))
    const bytes = 8 * tile
    code.countTo(i, code.integer(bytes * tiles), code.integer(bytes), () =>
      body(makeCursor(p, p.wide, { first, done: at - first, moving: i, zero, isSingle: false })),
    )
  } else for (let k = 0; k < tiles; k++) still(p.wide, at + k * tile, false)
  at += tiles * tile
  for (; end - at >= 2; at += 2) still(p.narrow, at, false)
  if (at < end) still(p.narrow, at, true)
}

interface CursorPlace {
  readonly first: number
  /** entries of the loop before this cursor's own first */
  readonly done: number
  /** byte offset that grows from 0, where the cursor is in a loop */
  readonly moving: Id | undefined
  readonly zero: Id
  readonly isSingle: boolean
}

function makeCursor(
  { code }: LoopPrinter,
  c: LaneCode,
  { first, done, moving, zero, isSingle }: CursorPlace,
): Cursor {
  const { groups } = c.settings
  const lanes = isSingle ? 1 : 2
  const scaled = new Map<number, Id>()
  /** stride times the moving offset */
  const offset = (stride: number): Id => {
    if (moving === undefined || stride === 1) return moving ?? zero
    const found = scaled.get(stride)
    if (found !== undefined) return found
    const made = code.value('i32', [0x6c], [moving, code.integer(stride, true)])
    scaled.set(stride, made)
    return made
  }
  const loadAt = (at: Id, address: number): LaneValue =>
    isSingle ? c.loadSplat(at, address, 'common') : c.load(at, address)
  const storeAt = (at: Id, address: number, value: LaneValue): void => {
    if (isSingle) code.effect([...simd(91, ...memoryOperand(3, address)), 0], [at, c.at(value, 0)])
    else c.store(at, value, address)
  }
  /** one vector from the two numbers at base + a and base' + b */
  const pair = (addresses: readonly (readonly [Id, number])[]): Id => {
    const [low, high] = addresses as readonly [readonly [Id, number], (readonly [Id, number])?]
    const start = code.value('v128', simd(high === undefined ? 10 : 93, ...memoryOperand(3, low[1])), [
      low[0],
    ])
    if (high === undefined) return start
    return code.value('v128', [...simd(87, ...memoryOperand(3, high[1])), 1], [high[0], start])
  }
  const lanewise = (address: (lane: number) => readonly [Id, number]): LaneValue => ({
    spread: 'each',
    ids: Array.from({ length: groups }, (_, g) =>
      pair(Array.from({ length: lanes }, (_, k) => address(lanes * g + k))),
    ),
  })
  return {
    c,
    isSingle,
    loadAt,
    storeAt,
    load: (array) => loadAt(offset(1), array + 8 * (first + done)),
    store: (array, value) => storeAt(offset(1), array + 8 * (first + done), value),
    place() {
      const still = code.integer(8 * (first + done), true)
      return moving === undefined ? still : code.value('i32', [0x6a], [moving, still])
    },
    loadEven(array, start, stride) {
      if (stride === 1) return loadAt(offset(1), array + 8 * (start + done))
      if (stride >= 0)
        return lanewise((lane) => [offset(stride), array + 8 * (start + stride * (done + lane))])
      // addresses are unsigned: backwards, from the lowest of the entries
      const last = lanes * groups - 1
      const lowest = code.integer(array + 8 * (start + stride * (done + last)), true)
      const from = code.value('i32', [0x6a], [offset(stride), lowest])
      return lanewise((lane) => [from, 8 * stride * (lane - last)])
    },
    loadTable(array, table) {
      const half = moving === undefined ? zero : code.value('i32', [0x76], [moving, code.integer(1, true)])
      return lanewise((lane) => [
        code.value('i32', [0x28, ...memoryOperand(2, table + 4 * (done + lane))], [half]),
        array,
      ])
    },
  }
}

/** Sums (or largest values) over a whole loop, lane by lane. */
export interface Gatherer {
  add(cursor: Cursor, value: LaneValue): void
  /** one f64 */
  total(): Id
}

export function gatherer(p: LoopPrinter, how: 'add' | 'max'): Gatherer {
  const { code } = p
  const [wide, narrow] = [p.wide.variable(), p.narrow.variable()]
  const extract = (id: Id, lane: number) => code.value('f64', simd(33, lane), [id])
  const zero = p.narrow.constant(0)
  // a local starts at 0, but a loop around this function's body would not reset it
  p.wide.assign(wide, zero)
  p.narrow.assign(narrow, zero)
  return {
    add({ c, isSingle }, value) {
      const target = c === p.wide ? wide : narrow
      // a single entry stands in both lanes, which are added in the end
      const share = isSingle && how === 'add' ? c.op('mul', value, c.constant(0.5)) : value
      c.assign(target, c.op(how, c.snapshot(target), share))
    },
    total() {
      const all = [...wide.ids, ...narrow.ids].reduce((a, b) =>
        code.value('v128', simd(p.narrow.type.opcode[how]), [a, b]),
      )
      return code.value('f64', [how === 'add' ? 0xa0 : 0xa5], [extract(all, 0), extract(all, 1)])
    },
  }
}
