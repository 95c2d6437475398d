import * as I from './interval.js'

/** The arithmetic that a jet is made of: intervals over a box, or formulas at the origin. */
export interface Ring<T> {
  readonly constant: (value: number, exact: boolean) => T
  readonly add: (a: T, b: T) => T
  readonly sub: (a: T, b: T) => T
  readonly mul: (a: T, b: T) => T
  readonly div: (a: T, b: T) => T
  readonly power: (a: T, k: number) => T
  readonly call: (name: string, x: T) => T
  readonly angle: (y: T, x: T) => T
}

export const intervals: Ring<I.Interval> = {
  constant: I.constant,
  add: I.add,
  sub: I.sub,
  mul: I.mul,
  div: I.div,
  power: I.power,
  call: (name, x) => (I.functions[name] as (x: I.Interval) => I.Interval)(x),
  angle: I.angle,
}

/** A value at the origin: a text that equal formulas share, and an enclosure. */
export interface Formula {
  readonly t: string
  readonly v: I.Interval
}

const ones = new Set(['exp', 'cos', 'cosh'])
const others = new Set(['log', 'sigmoid', 'softplus', 'sign', 'step', 'kink'])

/**
 * Values as formulas, equal only if their texts are: enough to see cancellations such as sin(π/3) − sin(π/3), and right
 * whenever it says '0', given that every enclosure is finite. Long texts are numbered.
 */
export function formulas(): Ring<Formula> {
  const numbers = new Map<string, string>()
  const text = (t: string) => {
    if (!numbers.has(t)) numbers.set(t, `#${numbers.size}`)
    return numbers.get(t) as string
  }
  const sum = (a: string, b: string) => (a === '0' ? b : b === '0' ? a : text(`${a}+${b}`))
  const product = (a: string, b: string) =>
    a === '0' || b === '0' ? '0' : a === '1' ? b : b === '1' ? a : text(`${a}*${b}`)
  const called = (name: string, { t, v }: Formula) => {
    if (name === 'relu' || name === 'step') {
      if (v.hi < 0) return '0'
      if (v.lo > 0) return name === 'relu' ? t : '1'
    }
    return t !== '0' || others.has(name) ? text(`${name}(${t})`) : ones.has(name) ? '1' : '0'
  }
  return {
    constant: (value, exact) => ({
      t: Number.isSafeInteger(value) ? `${value + 0}` : `${value}${exact ? '!' : ''}`,
      v: I.constant(value, exact),
    }),
    add: (a, b) => ({ t: sum(a.t, b.t), v: I.add(a.v, b.v) }),
    sub: (a, b) => ({ t: a.t === b.t ? '0' : b.t === '0' ? a.t : text(`${a.t}-${b.t}`), v: I.sub(a.v, b.v) }),
    mul: (a, b) => ({ t: product(a.t, b.t), v: I.mul(a.v, b.v) }),
    div: (a, b) => ({ t: a.t === '0' ? '0' : b.t === '1' ? a.t : text(`${a.t}/${b.t}`), v: I.div(a.v, b.v) }),
    power: ({ t, v }, k) => ({
      t: k === 0 ? '1' : k === 1 || t === '1' || (t === '0' && k > 0) ? t : text(`${t}^${k}`),
      v: I.power(v, k),
    }),
    call: (name, x) => ({ t: called(name, x), v: intervals.call(name, x.v) }),
    angle: (y, x) => ({ t: text(`angle(${y.t},${x.t})`), v: I.angle(y.v, x.v) }),
  }
}

/** A value [v], or with its gradient, or with its gradient and Hessian (lower triangle by rows): [v, g…, h…]. */
export type Jet<T> = readonly T[]

/** Forward differentiation over a ring in n variables; the order is in the length of the variables' jets. */
export function jetArithmetic<T>(r: Ring<T>, n: number) {
  const num = (x: number) => r.constant(x, true)
  const zero = num(0)
  const pairs = Array.from({ length: n }, (_, i) =>
    Array.from({ length: i + 1 }, (_v, j) => [i + 1, j + 1] as const),
  ).flat()
  const at = (x: Jet<T>, i: number) => x[i] ?? zero
  const linear = (f: (p: T, q: T) => T, a: Jet<T>, b: Jet<T>): Jet<T> =>
    Array.from({ length: Math.max(a.length, b.length) }, (_, i) => f(at(a, i), at(b, i)))
  const assemble = (
    x: Jet<T>,
    v: T,
    g: (i: number) => T,
    h: (k: number, i: number, j: number) => T,
  ): Jet<T> => {
    const out = [v]
    for (let i = 1; i <= Math.min(n, x.length - 1); i++) out.push(g(i))
    return x.length > n + 1 ? [...out, ...pairs.map(([i, j], k) => h(n + 1 + k, i, j))] : out
  }
  const mul = (a: Jet<T>, b: Jet<T>): Jet<T> => {
    if (a.length === 1) return b.map((q) => r.mul(at(a, 0), q))
    if (b.length === 1) return a.map((p) => r.mul(at(b, 0), p))
    const cross = (i: number) => r.add(r.mul(at(a, 0), at(b, i)), r.mul(at(b, 0), at(a, i)))
    return assemble(a, r.mul(at(a, 0), at(b, 0)), cross, (k, i, j) =>
      r.add(cross(k), r.add(r.mul(at(a, i), at(b, j)), r.mul(at(a, j), at(b, i)))),
    )
  }
  /** φ(x) with its derivatives, from φ, φ′ and φ″ at x */
  const chain = (x: Jet<T>, v: T, first: () => T, second: () => T): Jet<T> => {
    if (x.length === 1) return [v]
    const [d, dd] = [first(), x.length > n + 1 ? second() : zero]
    return assemble(
      x,
      v,
      (i) => r.mul(d, at(x, i)),
      (k, i, j) => r.add(r.mul(dd, r.mul(at(x, i), at(x, j))), r.mul(d, at(x, k))),
    )
  }
  const power = (x: Jet<T>, k: number): Jet<T> =>
    chain(
      x,
      r.power(at(x, 0), k),
      () => r.mul(num(k), r.power(at(x, 0), k - 1)),
      () => (k === 1 ? zero : r.mul(num(k * (k - 1)), r.power(at(x, 0), k - 2))),
    )
  const unary = (op: string, x: Jet<T>): Jet<T> => {
    if (op === 'neg') return linear(r.sub, [zero], x)
    const [u, y] = [at(x, 0), r.call(op, at(x, 0))]
    const one = num(1)
    const square = (p: T) => r.power(p, 2)
    const minus = (p: T) => r.sub(zero, p)
    /** φ′, and φ″ from φ′ */
    const rules: Readonly<Record<string, readonly [() => T, (d: T) => T]>> = {
      sqrt: [() => r.div(num(0.5), y), (d) => r.div(r.mul(num(-0.5), d), u)],
      exp: [() => y, () => y],
      log: [() => r.div(one, u), (d) => minus(square(d))],
      sin: [() => r.call('cos', u), () => minus(y)],
      cos: [() => minus(r.call('sin', u)), () => minus(y)],
      tan: [() => r.add(one, square(y)), (d) => r.mul(num(2), r.mul(y, d))],
      atan: [() => r.div(one, r.add(one, square(u))), (d) => r.mul(num(-2), r.mul(u, square(d)))],
      sinh: [() => r.call('cosh', u), () => y],
      cosh: [() => r.call('sinh', u), () => y],
      tanh: [() => r.sub(one, square(y)), (d) => r.mul(num(-2), r.mul(y, d))],
      sigmoid: [() => r.mul(y, r.sub(one, y)), (d) => r.mul(d, r.sub(one, r.mul(num(2), y)))],
      softplus: [() => r.call('sigmoid', u), (d) => r.mul(d, r.sub(one, d))],
      relu: [() => r.call('step', u), () => r.call('kink', u)],
      abs: [() => r.call('sign', u), () => r.call('kink', u)],
    }
    const [first, second] = rules[op] as readonly [() => T, (d: T) => T]
    return chain(x, y, first, () => second(first()))
  }
  const div = (a: Jet<T>, b: Jet<T>): Jet<T> => [r.div(at(a, 0), at(b, 0)), ...mul(a, power(b, -1)).slice(1)]
  const [add, sub] = [
    (a: Jet<T>, b: Jet<T>) => linear(r.add, a, b),
    (a: Jet<T>, b: Jet<T>) => linear(r.sub, a, b),
  ]
  const binary: Readonly<Record<string, (a: Jet<T>, b: Jet<T>) => Jet<T>>> = {
    add,
    sub,
    mul,
    div,
    pow: (a, b) => unary('exp', mul(b, unary('log', a))),
    // dφ = (x dy − y dx)/(x² + y²), which is also d of half the angle's tangent y/(√(x² + y²) + x), twice
    atan2: (y, x) => {
      const tangent = div(y, add(unary('sqrt', add(power(x, 2), power(y, 2))), x))
      return [r.angle(at(y, 0), at(x, 0)), ...mul([num(2)], unary('atan', tangent)).slice(1)]
    },
    min: (a, b) => sub(a, unary('relu', sub(a, b))),
    max: (a, b) => add(a, unary('relu', sub(b, a))),
  }
  return { add, mul, power, unary, binary, constant: r.constant, zero }
}

/** A node as it stands in a certificate, checked by readProgram. */
export interface Node {
  readonly op: string
  readonly args: readonly number[]
  readonly size: number
  readonly values?: readonly number[]
  readonly exact?: boolean
  readonly indices?: readonly number[]
  readonly rows?: number
  readonly cols?: number
  readonly transposed?: boolean
  readonly exponent?: number
}

export interface Program {
  readonly nodes: readonly Node[]
  readonly output: number
}

/** The output of a program, entry by entry, from the jets of its state. */
export function run<T>(
  ring: Ring<T>,
  { nodes, output }: Program,
  state: readonly Jet<T>[],
): readonly Jet<T>[] {
  const { add, mul, power, unary, binary, constant, zero } = jetArithmetic(ring, state.length)
  const values: (readonly Jet<T>[])[] = []
  const dot = (a: readonly Jet<T>[], b: readonly Jet<T>[]) =>
    a.reduce((s, v, i) => add(s, mul(v, b[i] as Jet<T>)), [zero])
  for (const node of nodes) {
    const args = node.args.map((a) => values[a] as readonly Jet<T>[])
    const [x = [], y = [], z = []] = args
    const { indices = [], cols = 1, exponent = 1 } = node
    const entries = Array.from({ length: node.size }, (_, i) => i)
    const row = (i: number) =>
      node.transposed ? x.filter((_, k) => k % cols === i) : x.slice(i * cols, (i + 1) * cols)
    const rules: Readonly<Record<string, () => readonly Jet<T>[]>> = {
      const: () => (node.values ?? []).map((v) => [constant(v, node.exact === true)]),
      state: () => state,
      gather: () => indices.map((i) => x[i] as Jet<T>),
      scatter: () =>
        entries.map((at) => x.reduce((s, v, i) => (indices[i] === at ? add(s, v) : s), [zero] as Jet<T>)),
      concat: () => args.flat(),
      sum: () => [x.reduce((s, v) => add(s, v), [zero])],
      dot: () => [dot(x, y)],
      matvec: () => entries.map((i) => dot(row(i), y)),
      affine: () => entries.map((i) => add(dot(row(i), y), z[i] as Jet<T>)),
      outer: () => x.flatMap((u) => y.map((v) => mul(u, v))),
      powi: () => x.map((v) => power(v, exponent)),
    }
    const combine = binary[node.op]
    const rule = rules[node.op]
    values.push(
      rule ? rule() : combine ? x.map((v, i) => combine(v, y[i] as Jet<T>)) : x.map((v) => unary(node.op, v)),
    )
  }
  return values[output] as readonly Jet<T>[]
}
