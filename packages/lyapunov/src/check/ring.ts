/**
 * What formulas are evaluated in: intervals, exact polynomials, and {@link jets} over either. Nothing else is assumed of a
 * ring than that its operations stand for those of real functions.
 */
export interface Ring<T> {
  /** a number of a certificate: the decimal that it prints as, or the double itself */
  readonly constant: (value: number, exact: boolean) => T
  readonly add: (a: T, b: T) => T
  readonly neg: (a: T) => T
  readonly mul: (a: T, b: T) => T
  readonly inverse: (a: T) => T
  readonly power: (a: T, k: number) => T
  readonly call: (name: string, a: T) => T
}

/** A real function of n variables, in any ring. */
export type Formula = <T>(r: Ring<T>, x: readonly T[]) => T
export type Formulas = <T>(r: Ring<T>, x: readonly T[]) => readonly T[]

export const number = <T>(r: Ring<T>, value: number) => r.constant(value, true)
export const minus = <T>(r: Ring<T>, a: T, b: T) => r.add(a, r.neg(b))
export const total = <T>(r: Ring<T>, terms: readonly T[]) => terms.reduce(r.add, number(r, 0))

/**
 * g(x) = g(base) + Σ slopesᵢ·(xᵢ − baseᵢ); of a constant there are no slopes. Where value and base are one and the same,
 * the slopes are the derivatives.
 */
export interface Jet<T> {
  readonly value: T
  readonly base: T
  readonly slopes: readonly (T | undefined)[]
}

/** How slopes are made between two points: the mean of φ′ there, and which factor of a product goes first. */
export interface Between<T> {
  readonly mean: (name: string, from: T, to: T) => T
  readonly rank: (a: Jet<T>) => number
}

/** Forward differentiation in n variables; jets over jets give second derivatives. */
export function jets<T>(r: Ring<T>, n: number, between?: Between<T>): Ring<Jet<T>> {
  const axes = Array.from({ length: n }, (_, i) => i)
  const plus = (a: T | undefined, b: T | undefined) =>
    a === undefined ? b : b === undefined ? a : r.add(a, b)
  const times = (a: T, b: T | undefined) => (b === undefined ? undefined : r.mul(a, b))
  const isLocal = (a: Jet<T>) => a.value === a.base
  const make = (value: T, base: T, slope: (i: number) => T | undefined) => {
    return { value, base, slopes: axes.map(slope) }
  }
  const constant = (value: T) => make(value, value, () => undefined)
  /** φ(a) with its slopes, from the mean of φ′ between the base of a and a */
  const chain = (a: Jet<T>, f: (v: T) => T, mean: (value: T) => T): Jet<T> => {
    const value = f(a.value)
    if (a.slopes.every((s) => s === undefined)) return constant(value)
    const slope = mean(value)
    return make(value, isLocal(a) ? value : f(a.base), (i) => times(slope, a.slopes[i]))
  }
  const pair = (a: Jet<T>, b: Jet<T>, f: (p: T, q: T) => T, slope: (i: number) => T | undefined) => {
    const value = f(a.value, b.value)
    return make(value, isLocal(a) && isLocal(b) ? value : f(a.base, b.base), slope)
  }
  const product = (a: Jet<T>, b: Jet<T>) =>
    pair(a, b, r.mul, (i) => plus(times(b.value, a.slopes[i]), times(a.base, b.slopes[i])))
  /** (aᵏ − bᵏ)/(a − b) */
  const quotient = ({ value, base }: Jet<T>, k: number) => {
    const powers = Array.from({ length: k }, (_, i) => r.power(base, i))
    return powers.reduce((s, v) => r.add(r.mul(s, value), v), number(r, 0))
  }
  const ring: Ring<Jet<T>> = {
    constant: (value, exact) => constant(r.constant(value, exact)),
    add: (a, b) => pair(a, b, r.add, (i) => plus(a.slopes[i], b.slopes[i])),
    neg: (a) => pair(a, a, r.neg, (i) => a.slopes[i] && r.neg(a.slopes[i] as T)),
    mul: (a, b) => (between && between.rank(b) > between.rank(a) ? product(b, a) : product(a, b)),
    inverse: (a) => chain(a, r.inverse, (y) => r.neg(r.mul(y, isLocal(a) ? y : r.inverse(a.base)))),
    power(a, k) {
      if (k < 0) return ring.inverse(ring.power(a, -k))
      const slope = () => (isLocal(a) ? r.mul(number(r, k), r.power(a.value, k - 1)) : quotient(a, k))
      return chain(a, (v) => r.power(v, k), slope)
    },
    call(name, a) {
      const local = (y: T) => derivatives[name](r, a.value, y)
      const slope = between && !isLocal(a) ? () => between.mean(name, a.base, a.value) : local
      return chain(a, (v) => r.call(name, v), slope)
    },
  }
  return ring
}

/** The coordinates xᵢ as jets. */
export const variables = <T>(r: Ring<T>, x: readonly T[]): Jet<T>[] =>
  x.map((value, i) => ({ value, base: value, slopes: x.map((_, j) => (i === j ? number(r, 1) : undefined)) }))

/** A formula at x with its derivative in the direction v, which may have fewer entries. */
export const along = <T>(r: Ring<T>, x: readonly T[], v: readonly T[], g: Formula): Jet<T> => {
  const at = x.map((value, i) => ({ value, base: value, slopes: [v[i]] }))
  return g(jets(r, 1), at)
}

type Derivative = <T>(r: Ring<T>, u: T, y: T) => T

/** φ′(u), where y = φ(u). */
export const derivatives: Readonly<Record<string, Derivative>> = {
  sqrt: (r, _u, y) => r.inverse(r.add(y, y)),
  exp: (_r, _u, y) => y,
  log: (r, u) => r.inverse(u),
  sin: (r, u) => r.call('cos', u),
  cos: (r, u) => r.neg(r.call('sin', u)),
  tan: (r, _u, y) => r.add(number(r, 1), r.power(y, 2)),
  atan: (r, u) => r.inverse(r.add(number(r, 1), r.power(u, 2))),
  sinh: (r, u) => r.call('cosh', u),
  cosh: (r, u) => r.call('sinh', u),
  tanh: (r, _u, y) => minus(r, number(r, 1), r.power(y, 2)),
  sigmoid: (r, _u, y) => r.mul(y, minus(r, number(r, 1), y)),
  softplus: (r, u) => r.call('sigmoid', u),
  relu: (r, u) => r.call('step', u),
  abs: (r, u) => r.call('sign', u),
  step: (r, u) => r.call('kink', u),
  sign: (r, u) => r.call('kink', u),
}
