/**
 * What formulas are evaluated in: intervals, exact polynomials, and {@link jets} over either. Nothing else is assumed of a
 * ring than that its operations stand for those of real functions.
 */
export interface Ring<T> {
  /** a number of a certificate: the decimal that it prints as, or the double itself */
  readonly constant: (value: number, exact: boolean) => T
  readonly add: (a: T, b: T) => T
  /** Σ wᵢxᵢ, the weights being numbers of a certificate */
  readonly linear: (weights: readonly number[], exact: boolean, x: readonly T[]) => T
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

/** A function of one variable: φ(u), and φ′(u) where y = φ(u). */
export interface Smooth {
  readonly value: <T>(r: Ring<T>, u: T) => T
  readonly slope: <T>(r: Ring<T>, u: T, y: T) => T
  /** of a power */
  readonly exponent?: number
}

export const reciprocal: Smooth = { value: (r, u) => r.inverse(u), slope: (r, _, y) => r.neg(r.power(y, 2)) }
export const powerOf = (k: number): Smooth => ({
  exponent: k,
  value: (r, u) => r.power(u, k),
  slope: (r, u) => (k === 0 ? number(r, 0) : r.linear([k], true, [r.power(u, k - 1)])),
})
export const named = (name: string): Smooth => ({
  value: (r, u) => r.call(name, u),
  slope: derivatives[name],
})

/** How slopes are made between two points: the mean of φ′ there, and which factor of a product goes first. */
export interface Between<T> {
  readonly mean: (f: Smooth, from: T, to: T) => T
  readonly rank: (a: Jet<T>) => number
}

/** Forward differentiation in n variables; jets over jets give second derivatives. */
export function jets<T>(r: Ring<T>, n: number, between?: Between<T>): Ring<Jet<T>> {
  type Slope = T | undefined
  const axes = Array.from({ length: n }, (_, i) => i)
  const isLocal = (a: Jet<T>) => a.value === a.base
  const make = (x: readonly Jet<T>[], f: (x: readonly T[]) => T, slope: (i: number) => Slope): Jet<T> => {
    const value = f(x.map((a) => a.value))
    return { value, base: x.every(isLocal) ? value : f(x.map((a) => a.base)), slopes: axes.map(slope) }
  }
  const plus = (u: Slope, v: Slope) => (u === undefined || v === undefined ? (u ?? v) : r.add(u, v))
  const times = (u: T, v: Slope) => (v === undefined ? v : r.mul(u, v))
  /** of what is known */
  const sum = (w: readonly number[], exact: boolean, x: readonly Slope[]) => {
    const known = x.filter((v) => v !== undefined)
    const weights = w.filter((_, k) => x[k] !== undefined)
    return known.length === 0 ? undefined : r.linear(weights, exact, known)
  }
  const product = (a: Jet<T>, b: Jet<T>) =>
    make(
      [a, b],
      ([u, v]) => r.mul(u, v),
      (i) => plus(times(b.value, a.slopes[i]), times(a.base, b.slopes[i])),
    )
  const applied = (f: Smooth, a: Jet<T>) => {
    const value = f.value(r, a.value)
    if (a.slopes.every((s) => s === undefined)) return { value, base: value, slopes: a.slopes }
    const slope = between && !isLocal(a) ? between.mean(f, a.base, a.value) : f.slope(r, a.value, value)
    const slopes = a.slopes.map((s) => times(slope, s))
    return { value, base: isLocal(a) ? value : f.value(r, a.base), slopes }
  }
  return {
    constant: (v, exact) => make([], () => r.constant(v, exact), () => undefined),
    linear: (w, exact, x) =>
      make(x, (v) => r.linear(w, exact, v), (i) => sum(w, exact, x.map((a) => a.slopes[i]))),
    add: (a, b) => make([a, b], ([u, v]) => r.add(u, v), (i) => plus(a.slopes[i], b.slopes[i])),
    neg: (a) => make([a], ([u]) => r.neg(u), (i) => a.slopes[i] && r.neg(a.slopes[i])),
    mul: (a, b) => (between && between.rank(b) > between.rank(a) ? product(b, a) : product(a, b)),
    inverse: (a) => applied(reciprocal, a),
    power: (a, k) => applied(powerOf(k), a),
    call: (name, a) => applied(named(name), a),
  } // biome-ignore format: one rule a line
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
  tanh: (r, _u, y) => minus(r, number(r, 1), r.power(y, 2)),
  softplus: (r, u) => r.linear([0.5, 0.5], true, [number(r, 1), r.call('tanh', r.linear([0.5], true, [u]))]),
  relu: (r, u) => r.call('step', u),
  abs: (r, u) => r.call('sign', u),
  step: (r, u) => r.call('kink', u),
  sign: (r, u) => r.call('kink', u),
  kink: (r, u) => r.call('kink', u),
}
