import { misuse } from '../error.js'
import { foldBinary, foldPower, foldUnary, isExactDecimal } from './exact.js'
import {
  type Attributes,
  type Binary,
  binary,
  isTotal,
  type Node,
  type Op,
  type Unary,
  unary,
} from './node.js'

/** Position of a node in the graph under construction. */
export type Ref = number

const unaryOps: ReadonlySet<string> = new Set(unary)
const binaryOps: ReadonlySet<string> = new Set(binary)
/**
 * Largest integer exponent that is written as products: squaring prints to a length proportional to it, and its halves
 * are taken in 32 bits. Beyond it xᵏ stays a general power, which enclosures take to be undefined for x < 0.
 */
const greatestExponent = 1000
const isShortPower = (exponent: number) =>
  Number.isInteger(exponent) && Math.abs(exponent) <= greatestExponent
const commutative: ReadonlySet<string> = new Set(['add', 'mul', 'min', 'max'])

/**
 * Builds a graph node by node. Equal nodes are shared (common-subexpression elimination by hash-consing),
 * constants are folded where that is exact, and identities that hold for all reals are applied (x + 0,
 * 1·x, x·x = x², −(−x), gather of concat, …). Nothing is reassociated: the graph keeps meaning the same
 * real function, so a certificate about it is a certificate about what was written.
 */
export class Builder {
  readonly nodes: Node[] = []
  readonly #index = new Map<string, Ref>()
  readonly #total: boolean[] = []
  readonly #assumeDefined: boolean

  /** `assumeDefined`: take every node to have a value (its caller has shown so), so that x − x = 0 always. */
  constructor({ assumeDefined = false }: { readonly assumeDefined?: boolean } = {}) {
    this.#assumeDefined = assumeDefined
  }

  node(ref: Ref): Node {
    return this.nodes[ref] as Node
  }

  size(ref: Ref): number {
    return (this.nodes[ref] as Node).size
  }

  /** Constant vector. `exact` says that the doubles are meant rather than the decimals they print as. */
  constant(values: number | readonly number[], exact = false): Ref {
    const list = (typeof values === 'number' ? [values] : values).map((v) => (v === 0 ? 0 : v))
    const needed = exact && !list.every(isExactDecimal)
    return this.#intern('const', [], list.length, needed ? { values: list, exact: true } : { values: list })
  }

  leaf(op: 'time' | 'state' | 'input' | 'theta', size: number): Ref {
    return this.#intern(op, [], size, {})
  }

  /** Elementwise function of one argument. */
  unary(op: Unary, x: Ref): Ref {
    const folded = this.#foldElementwise((v) => foldUnary(op, v), x)
    if (folded !== undefined) return folded
    const inner = this.node(x)
    if (op === 'neg') {
      if (inner.op === 'neg') return inner.args[0] as Ref
      if (inner.op === 'sub') return this.binary('sub', inner.args[1] as Ref, inner.args[0] as Ref)
    }
    if (op === 'abs' && (inner.op === 'abs' || inner.op === 'exp')) return x
    if (op === 'abs' && inner.op === 'neg') return this.unary('abs', inner.args[0] as Ref)
    return this.#intern(op, [x], this.size(x), {})
  }

  /** Elementwise function of two arguments; an argument of length 1 is repeated. */
  binary(op: Binary, a: Ref, b: Ref): Ref {
    const size = Math.max(this.size(a), this.size(b))
    return this.#binaryOfEqual(op, this.broadcast(a, size), this.broadcast(b, size))
  }

  add = (a: Ref, b: Ref) => this.binary('add', a, b)
  sub = (a: Ref, b: Ref) => this.binary('sub', a, b)
  mul = (a: Ref, b: Ref) => this.binary('mul', a, b)
  div = (a: Ref, b: Ref) => this.binary('div', a, b)
  neg = (x: Ref) => this.unary('neg', x)

  /** xᵏ for an integer k. */
  powi(x: Ref, exponent: number): Ref {
    // derivatives lower an exponent by one each: twice the limit leaves room for every one that is taken
    if (!(Number.isInteger(exponent) && Math.abs(exponent) <= 2 * greatestExponent))
      throw misuse({
        where: 'graph',
        expected: `an integer exponent up to ${greatestExponent}`,
        got: `${exponent}`,
        try: 'the operation pow',
      })
    if (exponent === 1) return x
    if (exponent === 0 && this.#total[x]) return this.constant(new Array(this.size(x)).fill(1))
    const folded = this.#foldElementwise((v) => foldPower(v, exponent), x)
    if (folded !== undefined) return folded
    const inner = this.node(x)
    if (inner.op === 'powi' && inner.exponent > 0 && exponent > 0 && isShortPower(inner.exponent * exponent))
      return this.powi(inner.args[0] as Ref, inner.exponent * exponent)
    if (inner.op === 'neg' || inner.op === 'abs') {
      if (exponent % 2 === 0) return this.powi(inner.args[0] as Ref, exponent)
      if (inner.op === 'neg') return this.neg(this.powi(inner.args[0] as Ref, exponent))
    }
    return this.#intern('powi', [x], this.size(x), { exponent })
  }

  broadcast(x: Ref, size: number): Ref {
    if (this.size(x) === size) return x
    if (this.size(x) !== 1) {
      throw misuse({
        where: 'graph',
        expected: `operands of equal length or of length 1`,
        got: `lengths ${this.size(x)} and ${size}`,
        try: 'gather or concat to bring them to the same length',
      })
    }
    return this.gather(x, new Array(size).fill(0))
  }

  gather(x: Ref, indices: readonly number[]): Ref {
    const inner = this.node(x)
    if (indices.length === inner.size && indices.every((v, i) => v === i)) return x
    if (inner.op === 'const')
      return this.constant(
        indices.map((i) => inner.values[i] as number),
        inner.exact === true,
      )
    if (inner.op === 'gather')
      return this.gather(
        inner.args[0] as Ref,
        indices.map((i) => inner.indices[i] as number),
      )
    if (inner.op === 'concat') {
      let start = 0
      for (const arg of inner.args) {
        const end = start + this.size(arg)
        const from = start
        if (indices.every((i) => i >= from && i < end))
          return this.gather(
            arg,
            indices.map((i) => i - from),
          )
        start = end
      }
    }
    if (inner.op === 'scatter') {
      const hits = indices.map((i) => [...inner.indices.keys()].filter((k) => inner.indices[k] === i))
      if (hits.every((h) => h.length === 0)) return this.zeros(indices.length)
      if (hits.every((h) => h.length === 1))
        return this.gather(
          inner.args[0] as Ref,
          hits.map((h) => h[0] as number),
        )
    }
    return this.#intern('gather', [x], indices.length, { indices })
  }

  /** out[indices[i]] += x[i], out of length `size`. */
  scatter(x: Ref, indices: readonly number[], size: number): Ref {
    if (indices.length === size && indices.every((v, i) => v === i)) return x
    if (this.isZero(x)) return this.zeros(size)
    return this.#intern('scatter', [x], size, { indices })
  }

  concat(parts: readonly Ref[]): Ref {
    const flat = parts.flatMap((p) => {
      const n = this.node(p)
      return n.op === 'concat' ? n.args : n.size === 0 ? [] : [p]
    })
    if (flat.length === 1) return flat[0] as Ref
    const constants = flat.map((p) => this.node(p))
    if (constants.every((n) => n.op === 'const')) {
      const exact = constants.some((n) => n.op === 'const' && n.exact)
      const mixed = constants.some((n) => n.op === 'const' && !n.exact && !n.values.every(isExactDecimal))
      if (!(exact && mixed))
        return this.constant(
          constants.flatMap((n) => (n.op === 'const' ? n.values : [])),
          exact,
        )
    }
    // gathers that cover a whole vector in order are the vector
    const first = this.node(flat[0] as Ref)
    if (first.op === 'gather') {
      const source = first.args[0] as Ref
      const runs = flat.map((p) => this.#gathered(p, source))
      if (runs.every((run) => run !== undefined)) return this.gather(source, runs.flat())
    }
    return this.#intern(
      'concat',
      flat,
      flat.reduce((total, p) => total + this.size(p), 0),
      {},
    )
  }

  sum(x: Ref): Ref {
    if (this.size(x) === 1) return x
    if (this.isZero(x)) return this.constant(0)
    return this.#intern('sum', [x], 1, {})
  }

  dot(a: Ref, b: Ref): Ref {
    this.#expectSize('dot', b, this.size(a))
    if (this.size(a) === 1) return this.mul(a, b)
    if (this.#annihilates(a, b)) return this.constant(0)
    return this.#intern('dot', a <= b ? [a, b] : [b, a], 1, {})
  }

  /** W·x, or Wᵀ·x when transposed; W row-major of shape [rows, cols]. */
  matvec(weight: Ref, x: Ref, rows: number, cols: number, transposed = false): Ref {
    this.#expectSize('matvec weight', weight, rows * cols)
    this.#expectSize('matvec vector', x, transposed ? rows : cols)
    if (this.#annihilates(weight, x)) return this.zeros(transposed ? cols : rows)
    return this.#intern('matvec', [weight, x], transposed ? cols : rows, { rows, cols, transposed })
  }

  affine(weight: Ref, x: Ref, bias: Ref, rows: number, cols: number): Ref {
    this.#expectSize('affine bias', bias, rows)
    if (this.isZero(bias)) return this.matvec(weight, x, rows, cols)
    if (this.#annihilates(weight, x)) return bias
    this.#expectSize('affine weight', weight, rows * cols)
    this.#expectSize('affine vector', x, cols)
    return this.#intern('affine', [weight, x, bias], rows, { rows, cols })
  }

  outer(a: Ref, b: Ref): Ref {
    const size = this.size(a) * this.size(b)
    if (this.#annihilates(a, b)) return this.zeros(size)
    if (this.size(a) === 1 || this.size(b) === 1) return this.mul(a, b)
    return this.#intern('outer', [a, b], size, {})
  }

  zeros(size: number): Ref {
    return this.constant(new Array(size).fill(0))
  }

  isZero(x: Ref): boolean {
    const n = this.node(x)
    return n.op === 'const' && n.values.every((v) => v === 0)
  }

  /** Whether x is defined on all reals (used before 0·x = 0 and x − x = 0). */
  isTotal(x: Ref): boolean {
    return this.#total[x] as boolean
  }

  #binaryOfEqual(op: Binary, a: Ref, b: Ref): Ref {
    const size = this.size(a)
    const folded = this.#foldElementwise((u, v) => foldBinary(op, u, v), a, b)
    if (folded !== undefined) return folded
    const simpler = this.#simplify(op, a, b)
    if (simpler !== undefined) return simpler
    const args = commutative.has(op) && a > b ? [b, a] : [a, b]
    return this.#intern(op, args, size, {})
  }

  /** Identities over the reals; undefined where none applies. */
  #simplify(op: Binary, a: Ref, b: Ref): Ref | undefined {
    const [left, right] = [this.node(a), this.node(b)]
    switch (op) {
      case 'add':
        if (this.isZero(a)) return b
        if (this.isZero(b)) return a
        if (right.op === 'neg') return this.sub(a, right.args[0] as Ref)
        if (left.op === 'neg') return this.sub(b, left.args[0] as Ref)
        if (a === b) return this.mul(this.constant(2), a)
        return undefined
      case 'sub':
        if (this.isZero(b)) return a
        if (this.isZero(a)) return this.neg(b)
        if (a === b && this.isTotal(a)) return this.zeros(left.size)
        if (right.op === 'neg') return this.add(a, right.args[0] as Ref)
        return undefined
      case 'mul': {
        if (this.isZero(a) && this.isTotal(b)) return this.zeros(left.size)
        if (this.isZero(b) && this.isTotal(a)) return this.zeros(left.size)
        if (this.#isAll(a, 1)) return b
        if (this.#isAll(b, 1)) return a
        if (this.#isAll(a, -1)) return this.neg(b)
        if (this.#isAll(b, -1)) return this.neg(a)
        if (left.op === 'neg') return this.neg(this.mul(left.args[0] as Ref, b))
        if (right.op === 'neg') return this.neg(this.mul(a, right.args[0] as Ref))
        const [baseA, powerA] =
          left.op === 'powi' && left.exponent > 0 ? [left.args[0], left.exponent] : [a, 1]
        const [baseB, powerB] =
          right.op === 'powi' && right.exponent > 0 ? [right.args[0], right.exponent] : [b, 1]
        return baseA === baseB && isShortPower(powerA + powerB)
          ? this.powi(baseA as Ref, powerA + powerB)
          : undefined
      }
      case 'div':
        if (this.#isAll(b, 1)) return a
        if (this.#isAll(b, -1)) return this.neg(a)
        if (this.#assumeDefined && this.isZero(a)) return a
        if (left.op === 'neg') return this.neg(this.div(left.args[0] as Ref, b))
        return undefined
      case 'pow':
        return right.op === 'const' && right.values.every((v) => isShortPower(v) && v === right.values[0])
          ? this.powi(a, right.values[0] as number)
          : undefined
      case 'min':
      case 'max':
        return a === b ? a : undefined
      case 'atan2':
        return undefined
    }
  }

  /** The indices that a node gathers from `source`, if that is what it does. */
  #gathered(x: Ref, source: Ref): readonly number[] | undefined {
    const n = this.node(x)
    return n.op === 'gather' && n.args[0] === source ? n.indices : undefined
  }

  #isAll(x: Ref, value: number): boolean {
    const n = this.node(x)
    return n.op === 'const' && n.values.every((v) => v === value)
  }

  #annihilates(a: Ref, b: Ref): boolean {
    return (this.isZero(a) && this.isTotal(b)) || (this.isZero(b) && this.isTotal(a))
  }

  /** Folds an elementwise function of constants when every entry is exact. */
  #foldElementwise(f: (...v: number[]) => number | undefined, ...args: Ref[]): Ref | undefined {
    const operands = args.map((a) => this.node(a))
    const columns: (readonly number[])[] = []
    for (const n of operands) {
      if (n.op !== 'const' || !(n.exact || n.values.every(isExactDecimal))) return undefined
      columns.push(n.values)
    }
    const out: number[] = []
    for (let i = 0; i < (operands[0] as Node).size; i++) {
      const value = f(...columns.map((c) => c[i] as number))
      if (value === undefined || !Number.isFinite(value)) return undefined
      out.push(value)
    }
    return this.constant(out, true)
  }

  #expectSize(where: string, x: Ref, size: number): void {
    if (this.size(x) === size) return
    throw misuse({
      where,
      expected: `length ${size}`,
      got: `length ${this.size(x)}`,
      try: 'checking the widths',
    })
  }

  #intern<K extends Op>(op: K, args: readonly Ref[], size: number, attributes: Attributes[K]): Ref {
    const key = `${op}|${args.join()}|${size}|${JSON.stringify(attributes)}`
    const found = this.#index.get(key)
    if (found !== undefined) return found
    const node = { op, args, size, ...attributes } as unknown as Node
    this.nodes.push(node)
    this.#total.push(this.#assumeDefined || (isTotal(node) && args.every((a) => this.#total[a] === true)))
    this.#index.set(key, this.nodes.length - 1)
    return this.nodes.length - 1
  }
}

/** Applies a node's operation to other arguments: how graphs are copied, substituted and simplified. */
export function applyNode(b: Builder, node: Node, args: readonly Ref[]): Ref {
  if (unaryOps.has(node.op)) return b.unary(node.op as Unary, args[0] as Ref)
  if (binaryOps.has(node.op)) return b.binary(node.op as Binary, args[0] as Ref, args[1] as Ref)
  switch (node.op) {
    case 'const':
      return b.constant(node.values, node.exact === true)
    case 'time':
    case 'state':
    case 'input':
    case 'theta':
      return b.leaf(node.op, node.size)
    case 'gather':
      return b.gather(args[0] as Ref, node.indices)
    case 'scatter':
      return b.scatter(args[0] as Ref, node.indices, node.size)
    case 'concat':
      return b.concat(args)
    case 'sum':
      return b.sum(args[0] as Ref)
    case 'dot':
      return b.dot(args[0] as Ref, args[1] as Ref)
    case 'matvec':
      return b.matvec(args[0] as Ref, args[1] as Ref, node.rows, node.cols, node.transposed)
    case 'affine':
      return b.affine(args[0] as Ref, args[1] as Ref, args[2] as Ref, node.rows, node.cols)
    case 'outer':
      return b.outer(args[0] as Ref, args[1] as Ref)
    case 'powi':
      return b.powi(args[0] as Ref, node.exponent)
    default:
      throw new Error(`unreachable: ${node.op}`)
  }
}
