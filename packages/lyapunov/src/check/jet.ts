import type { Arithmetic } from './program.js'
import type { Ring } from './ring.js'

/** A value [v], or with its gradient, or with its gradient and Hessian (lower triangle by rows): [v, g…, h…]. */
export type Jet<T> = readonly T[]

/** Forward differentiation over a ring in n variables; the order is in the length of the variables' jets. */
export function jetArithmetic<T>(
  r: Ring<T>,
  n: number,
): Arithmetic<Jet<T>> & { readonly derivative: (op: string, x: Jet<T>) => Jet<T> } {
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
  /** φ′, and φ″ from φ′, at u where y = φ(u) */
  const derivatives = (op: string, u: T, y: T) => {
    const minus = (p: T) => r.sub(zero, p)
    const oneMinus = (p: T) => r.sub(one, p)
    const twice = (p: T, q: T) => r.mul(two, r.mul(p, q))
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
    return rules[op]
  }
  const unary = (op: string, x: Jet<T>): Jet<T> => {
    if (op === 'neg') return linear(r.sub, [zero], x)
    const y = r.call(op, x[0])
    return chain(x, y, ...derivatives(op, x[0], y))
  }
  const derivative = (op: string, x: Jet<T>): Jet<T> => {
    const [first, second] = derivatives(op, x[0], r.call(op, x[0]))
    const d = first()
    return chain(
      x,
      d,
      () => second(d),
      () => zero,
    )
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
  return {
    add,
    mul,
    power,
    unary,
    binary,
    derivative,
    zero: [zero],
    constant: (value, exact) => [r.constant(value, exact)],
  }
}
