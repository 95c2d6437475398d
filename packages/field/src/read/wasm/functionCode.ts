import { type FunctionBody, signed, unsigned, type ValueType } from './encode.js'

/** A value or variable of the function under construction. */
export type Id = number

interface Instruction {
  readonly bytes: readonly number[]
  readonly args: readonly Id[]
  readonly result?: Id
}

type Bracket = 'loop' | 'block' | 'if' | 'else' | 'end'
type Item = Instruction | { readonly bracket: Bracket; readonly condition?: Id }

/** The instruction that calls a function of the module. */
export const callCode = (position: number) => [0x10, ...unsigned(position)]

/** Memory operands: alignment hint 2^log2, byte offset. */
export const memoryOperand = (log2: number, offset: number) => [log2, ...unsigned(offset)]

/**
 * Builds one WebAssembly function from values that are assigned once, and a few variables. Locals are shared
 * among values whose lives do not overlap (linear scan), so that long straight-line code needs few of them:
 * the baseline compiler keeps every local in the frame. What does not change during a call can be hoisted
 * before everything else.
 */
export class FunctionCode {
  readonly #types: ValueType[] = []
  readonly #variables = new Set<Id>()
  readonly #hoisted: Item[] = []
  readonly #body: Item[] = []

  constructor(
    readonly params: readonly ValueType[],
    readonly results: readonly ValueType[] = [],
  ) {
    for (const type of params) this.variable(type)
  }

  /** Number of instructions so far. */
  get length(): number {
    return this.#hoisted.length + this.#body.length
  }

  /** A local of its own that may be assigned again and again; starts at 0. */
  variable(type: ValueType): Id {
    this.#types.push(type)
    this.#variables.add(this.#types.length - 1)
    return this.#types.length - 1
  }

  set(variable: Id, value: Id, hoist = false): void {
    this.#push({ bytes: [], args: [value], result: variable }, hoist)
  }

  /** The result of an instruction. A hoisted one may only use parameters and hoisted values. */
  value(type: ValueType, bytes: readonly number[], args: readonly Id[] = [], hoist = false): Id {
    this.#types.push(type)
    const result = this.#types.length - 1
    this.#push({ bytes, args, result }, hoist)
    return result
  }

  /** An instruction without a result: a store, a branch, a return. */
  effect(bytes: readonly number[], args: readonly Id[] = []): void {
    this.#body.push({ bytes, args })
  }

  integer(value: number, hoist = false): Id {
    return this.value('i32', [0x41, ...signed(value)], [], hoist)
  }

  /** while-form: `body` runs until it calls the continuation no more; `again` branches back to the start. */
  loop(body: (again: (condition: Id) => void) => void): void {
    this.#body.push({ bracket: 'loop' })
    body((condition) => this.effect([0x0d, 0], [condition]))
    this.#body.push({ bracket: 'end' })
  }

  /** for (i = first; i < end; i += step), run at least once: the caller guards empty ranges. */
  countTo(i: Id, end: Id, step: Id, body: () => void): void {
    this.loop((again) => {
      body()
      this.set(i, this.value('i32', [0x6a], [i, step]))
      again(this.value('i32', [0x48], [i, end]))
    })
  }

  /** Runs `then` where the condition is not 0. */
  when(condition: Id, then: () => void, hoist = false): void {
    this.#push({ bracket: 'if', condition }, hoist)
    then()
    this.#push({ bracket: 'end' }, hoist)
  }

  #push(item: Item, hoist: boolean): void {
    ;(hoist ? this.#hoisted : this.#body).push(item)
  }

  finish({
    exported,
    result,
  }: {
    readonly exported?: string
    readonly result?: readonly Id[]
  } = {}): FunctionBody {
    const items = [...this.#hoisted, ...this.#body]
    const lastUse = this.#lastUses(items, result ?? [])
    const { place, locals } = this.#assign(items, lastUse)
    const code: number[] = []
    const push = (bytes: readonly number[]) => {
      for (const b of bytes) code.push(b)
    }
    const get = (id: Id) => push([0x20, ...unsigned(place[id] as number)])
    for (const item of items) {
      if ('bracket' in item) {
        if (item.condition !== undefined) get(item.condition)
        push(brackets[item.bracket])
        continue
      }
      item.args.forEach(get)
      push(item.bytes)
      if (item.result !== undefined) push([0x21, ...unsigned(place[item.result] as number)])
    }
    for (const id of result ?? []) get(id)
    return {
      params: this.params,
      results: this.results,
      locals,
      code,
      ...(exported === undefined ? {} : { exported }),
    }
  }

  /** Position of the last use of each value; a value from before a loop that is used in it lives to its end. */
  #lastUses(items: readonly Item[], result: readonly Id[]): Int32Array {
    const lastUse = new Int32Array(this.#types.length).fill(-1)
    const defined = new Int32Array(this.#types.length)
    const ends = loopEnds(items)
    const open: { readonly start: number; readonly end: number }[] = []
    const use = (id: Id, at: number) => {
      const around = open.find((l) => l.start > (defined[id] as number))
      lastUse[id] = Math.max(lastUse[id] as number, around?.end ?? at)
    }
    items.forEach((item, at) => {
      while (open.length > 0 && (open.at(-1) as { end: number }).end <= at) open.pop()
      if ('bracket' in item) {
        if (item.condition !== undefined) use(item.condition, at)
        const end = ends.get(at)
        if (end !== undefined) open.push({ start: at, end })
        return
      }
      for (const id of item.args) use(id, at)
      if (item.result !== undefined) defined[item.result] = at
    })
    for (const id of result) lastUse[id] = items.length
    return lastUse
  }

  #assign(items: readonly Item[], lastUse: Int32Array): { place: Int32Array; locals: ValueType[] } {
    const place = new Int32Array(this.#types.length).fill(-1)
    this.params.forEach((_, i) => {
      place[i] = i
    })
    const kinds: ValueType[] = []
    const free = new Map<ValueType, number[]>()
    const expiring = new Map<number, Id[]>()
    const take = (id: Id) => {
      const type = this.#types[id] as ValueType
      const found = this.#variables.has(id) ? undefined : free.get(type)?.pop()
      if (found === undefined) kinds.push(type)
      place[id] = found ?? this.params.length + kinds.length - 1
    }
    items.forEach((item, at) => {
      for (const id of expiring.get(at) ?? []) {
        const type = this.#types[id] as ValueType
        free.set(type, [...(free.get(type) ?? []), place[id] as number])
      }
      expiring.delete(at)
      const id = 'bracket' in item ? undefined : item.result
      if (id === undefined || place[id] !== -1) return
      take(id)
      if (this.#variables.has(id)) return
      const end = Math.max(lastUse[id] as number, at + 1)
      const list = expiring.get(end)
      if (list === undefined) expiring.set(end, [id])
      else list.push(id)
    })
    // variables that are read but never set keep their zero
    for (const id of this.#variables) if (place[id] === -1) take(id)
    return { place, locals: kinds }
  }
}

const brackets: { readonly [K in Bracket]: readonly number[] } = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  else: [0x05],
  end: [0x0b],
}

/** Position of the end of each loop, by the position of its start. */
function loopEnds(items: readonly Item[]): Map<number, number> {
  const ends = new Map<number, number>()
  const open: { readonly at: number; readonly kind: Bracket }[] = []
  items.forEach((item, at) => {
    if (!('bracket' in item) || item.bracket === 'else') return
    if (item.bracket !== 'end') {
      open.push({ at, kind: item.bracket })
      return
    }
    const start = open.pop()
    if (start?.kind === 'loop') ends.set(start.at, at)
  })
  return ends
}
