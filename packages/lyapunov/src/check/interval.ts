import type { Ring } from './ring.js'

/*
 * Intervals of doubles that contain the real result. Only + − × ÷ √ of the machine are trusted, to be the nearest double,
 * and each is rounded outward; functions are series in intervals with the remainder added, or inverses of such.
 */

export interface Interval {
  readonly lo: number
  readonly hi: number
}

/** No value: what is undefined somewhere on a box, or overflows to the inner side; every comparison with it fails. */
export const never: Interval = { lo: Number.NaN, hi: Number.NaN }
export const point = (x: number): Interval => ({ lo: x, hi: x })
export const [zero, one] = [point(0), point(1)]
export const isBounded = ({ lo, hi }: Interval) => Number.isFinite(hi - lo)
export const width = ({ lo, hi }: Interval) => hi - lo
/** Halving an odd subnormal rounds: a side of no width is its own centre. */
export const centre = ({ lo, hi }: Interval) => (lo === hi ? lo : lo / 2 + hi / 2)
const make = (lo: number, hi: number): Interval => (lo <= hi ? { lo, hi } : never)
const isPoint = (a: Interval, x: number) => a.lo === x && a.hi === x
const contains0 = (a: Interval) => !(a.lo > 0 || a.hi < 0)

/** 2⁻⁵³(1 + 2⁻⁵²) */
const unit = (Number.EPSILON / 2) * (1 + Number.EPSILON)
/** At least the next double above x: Rump, Zimmermann, Boldo & Melquiond, BIT 49 (2009), theorem 2.2. */
export const above = (x: number) => x + (Math.abs(x) * unit + Number.MIN_VALUE)
const below = (x: number) => -above(-x)
const outward = (lo: number, hi: number) => make(below(lo), above(hi))

export function add(a: Interval, b: Interval): Interval {
  if (isPoint(a, 0)) return b
  return isPoint(b, 0) ? a : outward(a.lo + b.lo, a.hi + b.hi)
}
export const neg = (a: Interval): Interval => ({ lo: -a.hi, hi: -a.lo })
export const sub = (a: Interval, b: Interval) => add(a, neg(b))

export function mul(a: Interval, b: Interval): Interval {
  if (isPoint(a, 0) || isPoint(b, 0)) return isBounded(a) && isBounded(b) ? zero : never
  if (isPoint(a, 1)) return b
  if (isPoint(b, 1)) return a
  const [p, q, r, s] = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
  return outward(Math.min(p, q, r, s), Math.max(p, q, r, s))
}

export const inverse = (a: Interval) => (contains0(a) ? never : outward(1 / a.hi, 1 / a.lo))
const abs = (x: Interval) => make(Math.max(x.lo, -x.hi, 0), Math.max(-x.lo, x.hi))

export function power(x: Interval, k: number): Interval {
  if (!(x.lo <= x.hi)) return never
  if (k < 0) return inverse(power(x, -k))
  if (k === 0) return one
  if (k % 2 === 0 && !(x.lo >= 0)) return power(abs(x), k)
  const repeated = (end: number) => {
    let y = point(end)
    for (let i = 1; i < k; i++) y = mul(y, point(end))
    return y
  }
  return make(repeated(x.lo).lo, repeated(x.hi).hi)
}

/** The reals that a written constant can mean: the double, or the decimal that it prints as. */
const constant = (value: number, exact: boolean) =>
  exact || Number.isSafeInteger(value) ? point(value) : outward(value, value)

/** Below it a decimal and its double differ by more than a unit of 2⁻⁵² of it. */
export const leastNormal = 2 ** -1022

/** All that is computed here errs by less than `count` + 3 halves of a unit of the sum of the absolute values, and products may underflow. */
function linear(weights: readonly number[], _exact: boolean, x: readonly Interval[]): Interval {
  let [lo, hi, size, count] = [0, 0, 0, 0]
  for (let k = 0; k < x.length; k++) {
    const [w, v] = [weights[k], x[k]]
    if ((w === 0 || isPoint(v, 0)) && isBounded(v)) continue
    count++
    lo += w * (w < 0 ? v.hi : v.lo)
    hi += w * (w < 0 ? v.lo : v.hi)
    size += (Math.abs(w) + leastNormal) * Math.max(-v.lo, v.hi)
  }
  if (count === 0) return zero
  const error = above((count + 4) * (unit * size + Number.MIN_VALUE))
  return make(below(lo - error), above(hi + error))
}

/** The doubles on either side of ln 2 and of π/2: Math.LN2 and Math.PI / 2 lie below. */
const ln2 = make(Math.LN2, above(Math.LN2))
const quarterTurn = Math.PI / 2
const halfPi = make(quarterTurn, above(quarterTurn))
const widened = (x: Interval, error: number) => add(x, { lo: -error, hi: error })

const factorials = [1]
for (let n = 1; n <= 18; n++) factorials.push(factorials[n - 1] * n)
const exponential = factorials.map((d) => 1 / d)
/** of cos r and of (sin r)/r, in r² */
const trigonometric = [0, 1].map((odd) =>
  exponential.filter((_, n) => n % 2 === odd).map((c, k) => (k % 2 ? -c : c)),
)
/**
 * Σ cₖzᵏ with |z| ≤ 0.64 and |cₖ| ≤ 1, hence sums of at most s = 1.5: each turn of Horner's rule hands on |z| of the error
 * so far and adds at most (|z|s + s + |cₖ|)·2⁻⁵³, in all less than 10·2⁻⁵³. The terms that are left out are below 10⁻¹⁸.
 */
const series = (z: number, c: readonly number[]) => {
  let sum = 0
  for (let k = c.length - 1; k >= 0; k--) sum = c[k] + z * sum
  return sum
}
const seriesError = 6 * Number.EPSILON

/** Extends an increasing function of points to intervals. */
const rising = (f: (x: number) => Interval) => (x: Interval) => {
  if (!(x.lo <= x.hi)) return never
  const low = f(x.lo)
  return x.lo === x.hi ? low : make(low.lo, f(x.hi).hi)
}

/** The inverse of an increasing function: what Math says is a guess, and `of` on either side of it the proof. */
const inverseOf = (of: (y: Interval) => Interval, guess: (x: number) => number) =>
  rising((x) => {
    const y = guess(x)
    const slack = 4e-15 * Math.max(1, Math.abs(y))
    return of(point(y - slack)).hi <= x && x <= of(point(y + slack)).lo ? widened(point(y), slack) : never
  })

const view = new DataView(new ArrayBuffer(8))
/** 2ᵏ, −1022 ≤ k ≤ 1023, by its bits */
function powerOfTwo(k: number): number {
  view.setInt32(0, (k + 1023) << 20)
  return view.getFloat64(0)
}

/** 2ᵏ exp(r), |r| ≤ 0.35, where exp is at most 1.42. */
const exp = rising((x) => {
  if (x === 0) return one
  if (x > 709) return { lo: 8e307, hi: Infinity }
  if (x < -700) return { lo: 0, hi: 1e-304 }
  const k = Math.round(x / Math.LN2)
  const r = sub(point(x), mul(point(k), ln2))
  const error = 1.5 * width(r) + seriesError
  return mul(widened(point(series(r.lo, exponential)), error), point(powerOfTwo(k)))
})

/** sin(x + quarters·π/2), by the rest r of x modulo π/2, |r| < 0.8; both series have slopes within [−1, 1] there. */
function sine(x: number, quarters = 0): Interval {
  const k = Math.round(x / quarterTurn)
  const quarter = (((k + quarters) % 4) + 4) % 4
  if (x === 0) return [zero, one][quarter]
  const r = sub(point(x), mul(point(k), halfPi))
  const odd = (quarter + 1) % 2
  const z = power(r, 2)
  const sum = widened(point(series(z.lo, trigonometric[odd])), width(z) + seriesError)
  const value = odd ? mul(r, sum) : sum
  return quarter >= 2 ? neg(value) : value
}

/** The ends, and every extremum jπ/2 that may lie between them. */
const wave = (quarters: 0 | 1) => (x: Interval) => {
  if (!(x.lo <= x.hi)) return never
  if (!(width(x) < 7 && abs(x).hi < 1e6)) return { lo: -1, hi: 1 }
  const [a, b] = [sine(x.lo, quarters), sine(x.hi, quarters)]
  let [lo, hi] = [Math.min(a.lo, b.lo), Math.max(a.hi, b.hi)]
  for (let j = Math.floor(x.lo / quarterTurn) - 1; j <= Math.ceil(x.hi / quarterTurn) + 1; j++) {
    const at = mul(point(j), halfPi)
    if (!(at.hi >= x.lo && at.lo <= x.hi)) continue
    const phase = (((j + quarters) % 4) + 4) % 4
    if (phase === 1) hi = 1
    if (phase === 3) lo = -1
  }
  return make(Math.max(-1, lo), Math.min(1, hi))
}

const [sin, cos] = [wave(0), wave(1)]
const tangent = rising((x) => mul(sine(x), inverse(sine(x, 1))))
const tan = (x: Interval) => (contains0(cos(x)) || !(width(x) < 3) ? never : tangent(x))
/** tan takes each value once between 0 and 1: a guess there that is proved is the one. */
const lowAtan = inverseOf(tan, (x) => Math.max(0, Math.min(1, Math.atan(x))))
const atan: (x: Interval) => Interval = rising((x) => {
  if (x < 0) return neg(atan(point(-x)))
  return x > 1 ? sub(halfPi, atan(inverse(point(x)))) : x === 0 ? zero : lowAtan(point(x))
})
const log = inverseOf(exp, Math.log)
const exps = (x: number) => exp(point(x))

/** Elementwise functions by their names; the last three serve derivatives only. */
const functions: Readonly<Record<string, (x: Interval) => Interval>> = {
  sqrt: (x) =>
    x.lo >= 0 ? make(Math.max(0, below(Math.sqrt(x.lo))), x.hi === 0 ? 0 : above(Math.sqrt(x.hi))) : never,
  exp,
  log,
  sin,
  cos,
  tan,
  atan,
  abs,
  tanh: rising((x) => (x === 0 ? zero : sub(one, mul(point(2), inverse(add(one, exps(2 * x))))))),
  softplus: rising((x) => add(point(Math.max(x, 0)), log(add(one, exps(-Math.abs(x)))))),
  relu: (x) => make(Math.max(x.lo, 0), Math.max(x.hi, 0)),
  sign: (x) => (x.lo <= x.hi ? make(x.lo > 0 ? 1 : -1, x.hi < 0 ? -1 : 1) : never),
  step: (x) => (x.lo <= x.hi ? make(x.lo > 0 ? 1 : 0, x.hi < 0 ? 0 : 1) : never),
  /** 0 off the kink of |x| and max(x, 0), nothing on it: their second derivative */
  kink: (x) => (contains0(x) ? never : zero),
}

export const intervals: Ring<Interval> = {
  constant,
  linear,
  add,
  neg,
  mul,
  inverse,
  power,
  call: (name, x) => functions[name](x),
}
