import { callCode, type FunctionCode, type Id, memoryOperand } from './functionCode.js'
import { type LaneOperation, type LaneType, simd } from './lanes.js'

/**
 * How far a value spreads: `fixed` during a whole call (hoisted), `common` to all lanes at the moment (one
 * vector), `each`: a vector for every interleaved group.
 */
export type Spread = 'fixed' | 'common' | 'each'

/** A number in every lane: one vector for each group, or one for all. */
export interface LaneValue {
  readonly spread: Spread
  readonly ids: readonly Id[]
}

const order: readonly Spread[] = ['fixed', 'common', 'each']

/** What every function of one module shares. */
export interface LaneSettings {
  readonly type: LaneType
  /** vectors handled side by side, so that one group's arithmetic hides the other's latency */
  readonly groups: number
  /** use relaxed multiply–add, which may round once or twice */
  readonly fused: boolean
  /** position of the function that evaluates Math[name] where `mask` says so */
  readonly fallback: (name: string, arity: number) => number
}

/**
 * Arithmetic on lanes, printed into a function: each operation works on all groups at once, in an order that
 * interleaves them. Operations on fixed values are hoisted out of every loop by themselves.
 */
export class LaneCode {
  readonly #constants = new Map<string, LaneValue>()

  constructor(
    readonly code: FunctionCode,
    readonly settings: LaneSettings,
  ) {}

  get type(): LaneType {
    return this.settings.type
  }

  constant(value: number): LaneValue {
    return this.#constant(`${Object.is(value, -0) ? '-0' : value}`, this.type.constantBytes(value))
  }

  /** The same bits in every lane. */
  pattern(value: bigint): LaneValue {
    return this.#constant(`pattern${value}`, this.type.patternBytes(value))
  }

  #constant(key: string, bytes: readonly number[]): LaneValue {
    const found = this.#constants.get(key)
    if (found !== undefined) return found
    const made: LaneValue = { spread: 'fixed', ids: [this.code.value('v128', simd(12, ...bytes), [], true)] }
    this.#constants.set(key, made)
    return made
  }

  op(name: LaneOperation, ...args: readonly LaneValue[]): LaneValue {
    if (name === 'madd' && !this.settings.fused)
      return this.op('add', this.op('mul', args[0]!, args[1]!), args[2]!)
    if (name === 'nmadd' && !this.settings.fused)
      return this.op('sub', args[2]!, this.op('mul', args[0]!, args[1]!))
    return this.#each('v128', simd(this.type.opcode[name]), args)
  }

  /** Where mask then a else b. */
  select(mask: LaneValue, a: LaneValue, b: LaneValue): LaneValue {
    return this.op('select', a, b, mask)
  }

  /** Integer shift of every lane: left, or logically right. */
  shift(direction: 'left' | 'right', x: LaneValue, bits: number): LaneValue {
    const hoist = x.spread === 'fixed'
    const count = this.code.integer(bits, hoist)
    const opcode = direction === 'left' ? this.type.shiftLeft : this.type.shiftRight
    return {
      spread: x.spread,
      ids: x.ids.map((id) => this.code.value('v128', simd(opcode), [id, count], hoist)),
    }
  }

  /** Polynomial by Estrin's scheme: shorter chains than Horner's, at a few more products. */
  polynomial(x: LaneValue, coefficients: readonly number[]): LaneValue {
    let terms = coefficients.map((c) => this.constant(c))
    let power = x
    while (terms.length > 1) {
      const next: LaneValue[] = []
      for (let i = 0; i + 1 < terms.length; i += 2)
        next.push(this.op('madd', terms[i + 1]!, power, terms[i]!))
      if (terms.length % 2 === 1) next.push(terms.at(-1)!)
      terms = next
      if (terms.length > 1) power = this.op('mul', power, power)
    }
    return terms[0]!
  }

  /** A scalar of the lanes' type (an f64 is demoted for single lanes) in every lane. */
  splat(scalar: Id, from: 'f64' | 'f32', spread: 'fixed' | 'common'): LaneValue {
    const hoist = spread === 'fixed'
    const converted =
      from === 'f64' && this.type.scalar === 'f32' ? this.code.value('f32', [0xb6], [scalar], hoist) : scalar
    return { spread, ids: [this.code.value('v128', simd(this.type.splat), [converted], hoist)] }
  }

  /** One number from memory in every lane. */
  loadSplat(address: Id, offset: number, spread: 'fixed' | 'common'): LaneValue {
    const bytes = simd(this.type.loadSplat, ...memoryOperand(this.type.logBytes, offset))
    return { spread, ids: [this.code.value('v128', bytes, [address], spread === 'fixed')] }
  }

  /** Neighbouring numbers from memory, group after group. */
  load(address: Id, offset = 0): LaneValue {
    const ids = Array.from({ length: this.settings.groups }, (_, g) =>
      this.code.value('v128', simd(0, ...memoryOperand(4, offset + 16 * g)), [address]),
    )
    return { spread: 'each', ids }
  }

  store(address: Id, value: LaneValue, offset = 0): void {
    for (let g = 0; g < this.settings.groups; g++)
      this.code.effect(simd(11, ...memoryOperand(4, offset + 16 * g)), [address, this.at(value, g)])
  }

  at(value: LaneValue, group: number): Id {
    return (value.spread === 'each' ? value.ids[group] : value.ids[0]) as Id
  }

  /** A variable in every lane, and its assignment. */
  variable(): LaneValue {
    const ids = Array.from({ length: this.settings.groups }, () => this.code.variable('v128'))
    return { spread: 'each', ids }
  }

  assign(variable: LaneValue, value: LaneValue): void {
    variable.ids.forEach((id, g) => {
      this.code.set(id, this.at(value, g))
    })
  }

  /** The value that a variable has now, safe from later assignments. */
  snapshot(variable: LaneValue): LaneValue {
    return { spread: 'each', ids: variable.ids.map((id) => this.code.value('v128', [], [id])) }
  }

  /** 1 where any lane of any group of a mask is set. */
  any(mask: LaneValue): Id {
    const hoist = mask.spread === 'fixed'
    const all = mask.ids.reduce((a, b) => this.code.value('v128', simd(80), [a, b], hoist))
    return this.code.value('i32', simd(83), [all], hoist)
  }

  /**
   * `fast`, except in the lanes of `outside`: there Math[name] of the arguments, one lane at a time. So no
   * argument is out of range; some are slow.
   */
  guarded(name: string, args: readonly LaneValue[], fast: LaneValue, outside: LaneValue): LaneValue {
    const { spread, hoist } = this.#spread([...args, fast, outside])
    const count = spread === 'each' ? this.settings.groups : 1
    const results = Array.from({ length: count }, () => this.code.variable('v128'))
    results.forEach((id, g) => {
      this.code.set(id, this.at(fast, g), hoist)
    })
    const call = callCode(this.settings.fallback(name, args.length))
    this.code.when(
      this.any(outside),
      () => {
        results.forEach((id, g) => {
          const operands = [...args, fast, outside].map((v) => this.at(v, g))
          this.code.set(id, this.code.value('v128', call, operands, hoist), hoist)
        })
      },
      hoist,
    )
    return { spread, ids: results }
  }

  #each(type: 'v128', bytes: readonly number[], args: readonly LaneValue[]): LaneValue {
    const { spread, hoist } = this.#spread(args)
    const count = spread === 'each' ? this.settings.groups : 1
    const ids = Array.from({ length: count }, (_, g) =>
      this.code.value(
        type,
        bytes,
        args.map((a) => this.at(a, g)),
        hoist,
      ),
    )
    return { spread, ids }
  }

  #spread(args: readonly LaneValue[]): { spread: Spread; hoist: boolean } {
    const most = Math.max(...args.map((a) => order.indexOf(a.spread)))
    return { spread: order[most] as Spread, hoist: most === 0 }
  }
}
