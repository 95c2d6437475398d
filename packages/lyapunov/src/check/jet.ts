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

export const intervals: Ring<I.Interval> = { ...I, call: (name, x) => I.functions[name](x) }

/** A value at the origin: a text that equal formulas share, and an enclosure. */
export interface Formula {
  readonly t: string
  readonly v: I.Interval
}

const knownAtZero: Readonly<Record<string, string>> = Object.fromEntries([
  ...['sqrt', 'sin', 'tan', 'atan', 'sinh', 'tanh', 'abs', 'relu'].map((name) => [name, '0']),
  ...['exp', 'cos', 'cosh'].map((name) => [name, '1']),
])

/**
 * Values as formulas, equal only if their texts are: enough to see cancellations such as sin(π/3) − sin(π/3), and right
 * whenever it says '0', given that every enclosure is finite. Long texts are numbered.
 */
export function formulas(): Ring<Formula> {
  const numbers = new Map<string, string>()
  const text = (t: string) => {
    const known = numbers.get(t) ?? `#${numbers.size}`
    numbers.set(t, known)
    return known
  }
  const called = (name: string, { t, v }: Formula) => {
    if (v.hi < 0 && (name === 'relu' || name === 'step')) return '0'
    if (v.lo > 0 && (name === 'relu' || name === 'step')) return name === 'relu' ? t : '1'
    return (t === '0' ? knownAtZero[name] : undefined) ?? text(`${name}(${t})`)
  }
  const lift =
    (symbol: (a: string, b: string) => string | undefined, name: string, f: typeof I.add) =>
    (a: Formula, b: Formula): Formula => ({
      t: symbol(a.t, b.t) ?? text(`${a.t} ${name} ${b.t}`),
      v: f(a.v, b.v),
    })
  return {
    constant: (c, exact) => ({
      t: Number.isSafeInteger(c) ? `${c + 0}` : `${c}${exact ? '!' : ''}`,
      v: I.constant(c, exact),
    }),
    add: lift((a, b) => (a === '0' ? b : b === '0' ? a : undefined), '+', I.add),
    sub: lift((a, b) => (a === b ? '0' : b === '0' ? a : undefined), '-', I.sub),
    mul: lift(
      (a, b) => (a === '0' || b === '0' ? '0' : a === '1' ? b : b === '1' ? a : undefined),
      '*',
      I.mul,
    ),
    div: lift((a, b) => (a === '0' || b === '1' ? a : undefined), '/', I.div),
    power: ({ t, v }, k) => {
      const isSame = k === 1 || t === '1' || (t === '0' && k > 0)
      return { t: k === 0 ? '1' : isSame ? t : text(`${t}^${k}`), v: I.power(v, k) }
    },
    call: (name, x) => ({ t: called(name, x), v: I.functions[name](x.v) }),
    angle: lift(() => undefined, 'angle', I.angle),
  }
}

/** A value [v], or with its gradient, or with its gradient and Hessian (lower triangle by rows): [v, g…, h…]. */
export type Jet<T> = readonly T[]

/** Forward differentiation over a ring in n variables; the order is in the length of the variables' jets. */
function jetArithmetic<T>(r: Ring<T>, n: number) {
  const num = (x: number) => r.constant(x, true)
  const [zero, one, two] = [num(0), num(1), num(2)]
  const pairs = Array.from({ length: n }, (_, i) =>
    Array.from({ length: i + 1 }, (_v, j) => [i + 1, j + 1] as const),
  ).flat()
  const linear = (f: (p: T, q: T) => T, a: Jet<T>, b: Jet<T>): Jet<T> =>
    Array.from({ length: Math.max(a.length, b.length) }, (_, i) => f(a[i] ?? zero, b[i] ?? zero))
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
    if (a.length === 1) return b.map((q) => r.mul(a[0], q))
    if (b.length === 1) return a.map((p) => r.mul(b[0], p))
    const cross = (i: number) => r.add(r.mul(a[0], b[i]), r.mul(b[0], a[i]))
    return assemble(a, r.mul(a[0], b[0]), cross, (k, i, j) =>
      r.add(cross(k), r.add(r.mul(a[i], b[j]), r.mul(a[j], b[i]))),
    )
  }
  /** φ(x) with its derivatives, from φ, φ′ and φ″ at x */
  const chain = (x: Jet<T>, v: T, first: () => T, second: (first: T) => T): Jet<T> => {
    if (x.length === 1) return [v]
    const d = first()
    const dd = x.length > n + 1 ? second(d) : zero
    return assemble(
      x,
      v,
      (i) => r.mul(d, x[i]),
      (k, i, j) => r.add(r.mul(dd, r.mul(x[i], x[j])), r.mul(d, x[k])),
    )
  }
  const power = (x: Jet<T>, k: number): Jet<T> => {
    const slope = (order: number) => r.mul(num(order === 1 ? k : k * (k - 1)), r.power(x[0], k - order))
    return chain(
      x,
      r.power(x[0], k),
      () => slope(1),
      () => (k === 1 ? zero : slope(2)),
    )
  }
  const unary = (op: string, x: Jet<T>): Jet<T> => {
    if (op === 'neg') return linear(r.sub, [zero], x)
    const u = x[0]
    const y = r.call(op, u)
    const minus = (p: T) => r.sub(zero, p)
    const oneMinus = (p: T) => r.sub(one, p)
    const twice = (p: T, q: T) => r.mul(two, r.mul(p, q))
    /** φ′, and φ″ from φ′ */
    const rules: Readonly<Record<string, readonly [() => T, (d: T) => T]>> = {
      sqrt: [() => r.div(num(0.5), y), (d) => r.div(r.mul(num(-0.5), d), u)],
      exp: [() => y, () => y],
      log: [() => r.div(one, u), (d) => minus(r.power(d, 2))],
      sin: [() => r.call('cos', u), () => minus(y)],
      cos: [() => minus(r.call('sin', u)), () => minus(y)],
      tan: [() => r.add(one, r.power(y, 2)), (d) => twice(y, d)],
      atan: [() => r.div(one, r.add(one, r.power(u, 2))), (d) => minus(twice(u, r.power(d, 2)))],
      sinh: [() => r.call('cosh', u), () => y],
      cosh: [() => r.call('sinh', u), () => y],
      tanh: [() => oneMinus(r.power(y, 2)), (d) => minus(twice(y, d))],
      sigmoid: [() => r.mul(y, oneMinus(y)), (d) => r.mul(d, oneMinus(r.mul(two, y)))],
      softplus: [() => r.call('sigmoid', u), (d) => r.mul(d, oneMinus(d))],
      relu: [() => r.call('step', u), () => r.call('kink', u)],
      abs: [() => r.call('sign', u), () => r.call('kink', u)],
    }
    return chain(x, y, ...rules[op])
  }
  const div = (a: Jet<T>, b: Jet<T>): Jet<T> => [r.div(a[0], b[0]), ...mul(a, power(b, -1)).slice(1)]
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
    // the angle is twice that of slope y/(√(x² + y²) + x), off the cut; its value has sharper bounds
    atan2: (y, x) => {
      const slope = div(y, add(unary('sqrt', add(power(x, 2), power(y, 2))), x))
      return [r.angle(y[0], x[0]), ...mul([two], unary('atan', slope)).slice(1)]
    },
    min: (a, b) => sub(a, unary('relu', sub(a, b))),
    max: (a, b) => add(a, unary('relu', sub(b, a))),
  }
  return { add, mul, power, unary, binary, zero }
}

/** A node as it stands in a certificate; everything in it is checked where it is used. */
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
  readonly states: number
}

export const isIndex = (x: unknown, below: number): x is number =>
  Number.isSafeInteger(x) && (x as number) >= 0 && (x as number) < below

/** The output of a program, entry by entry, from the jets of its state and inputs; throws on a malformed node. */
export function run<T>(
  ring: Ring<T>,
  { nodes, output, states }: Program,
  variables: readonly Jet<T>[],
): readonly Jet<T>[] {
  const { add, mul, power, unary, binary, zero } = jetArithmetic(ring, variables.length)
  const values: (readonly Jet<T>[])[] = []
  const dot = (a: readonly Jet<T>[], b: readonly Jet<T>[]) =>
    a.reduce((s, v, i) => add(s, mul(v, b[i])), [zero] as Jet<T>)
  nodes.forEach((node, at) => {
    const need = (ok: boolean) => {
      if (!ok) throw new Error(`node ${at} (${node.op}) is malformed`)
    }
    need(Array.isArray(node.args) && node.args.every((a) => isIndex(a, at)))
    const args = node.args.map((a) => values[a])
    const [x = [], y = [], z = []] = args
    const { op, indices = [], rows = 0, cols = 0, transposed = false, exponent = 0, values: list = [] } = node
    const product = (count: number) => {
      need(
        isIndex(rows, 1e6) &&
          isIndex(cols, 1e6) &&
          rows * cols === x.length &&
          y.length === (transposed ? rows : cols),
      )
      const row = (i: number) =>
        transposed ? x.filter((_, k) => k % cols === i) : x.slice(i * cols, (i + 1) * cols)
      return Array.from({ length: count }, (_, i) => dot(row(i), y))
    }
    const rules: Readonly<Record<string, () => readonly Jet<T>[]>> = {
      const: () => {
        need(list.every(Number.isFinite) && (node.exact ?? true) === true)
        return list.map((v) => [ring.constant(v, node.exact === true)])
      },
      state: () => variables.slice(0, states),
      input: () => variables.slice(states),
      gather: () => {
        need(indices.every((i) => isIndex(i, x.length)))
        return indices.map((i) => x[i])
      },
      scatter: () => {
        need(
          isIndex(node.size, 1e6) &&
            indices.length === x.length &&
            indices.every((i) => isIndex(i, node.size)),
        )
        const total = (k: number) =>
          x.reduce((s, v, i) => (indices[i] === k ? add(s, v) : s), [zero] as Jet<T>)
        return Array.from({ length: node.size }, (_, k) => total(k))
      },
      concat: () => args.flat(),
      sum: () => [x.reduce((s, v) => add(s, v), [zero])],
      dot: () => [dot(x, y)],
      matvec: () => product(transposed ? cols : rows),
      affine: () => {
        need(z.length === rows && !transposed)
        return product(rows).map((v, i) => add(v, z[i]))
      },
      outer: () => x.flatMap((u) => y.map((v) => mul(u, v))),
      powi: () => {
        need(Number.isSafeInteger(exponent) && Math.abs(exponent) <= 1000)
        return x.map((v) => power(v, exponent))
      },
    }
    const arity =
      { const: 0, state: 0, input: 0, dot: 2, matvec: 2, affine: 3, outer: 2, concat: args.length }[op] ??
      (op in binary ? 2 : 1)
    need(args.length === arity && (!(op in binary || op === 'dot') || x.length === y.length))
    need(
      op in rules ||
        op in binary ||
        op === 'neg' ||
        (op in I.functions && !['sign', 'step', 'kink'].includes(op)),
    )
    values.push(rules[op]?.() ?? x.map((v, i) => (op in binary ? binary[op](v, y[i]) : unary(op, v))))
    need(values[at].length === node.size)
  })
  return values[output]
}
