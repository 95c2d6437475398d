/*
 * The checker's own intervals. Where the prover derives error bounds for rounded series, this evaluates the series in
 * intervals and adds the remainder: slower, and its correctness is that of + − × ÷ √ rounded outward, one by one.
 */

export interface Interval {
  readonly lo: number
  readonly hi: number
}

export const never: Interval = { lo: Number.NaN, hi: Number.NaN }
export const point = (x: number): Interval => ({ lo: x, hi: x })
const make = (lo: number, hi: number): Interval => (lo <= hi ? { lo, hi } : never)
const isPoint = (a: Interval, x: number) => a.lo === x && a.hi === x
const contains0 = (a: Interval) => !(a.lo > 0 || a.hi < 0)
const width = (a: Interval) => a.hi - a.lo

const cell = new Float64Array(1)
const word = new BigInt64Array(cell.buffer)

/** The next double above x. */
function above(x: number): number {
  if (x === Infinity || Number.isNaN(x)) return x
  if (x === 0) return Number.MIN_VALUE
  cell[0] = x
  word[0] += x > 0 ? 1n : -1n
  return cell[0]
}
const below = (x: number) => -above(-x)

/** 2ᵏ, −1022 ≤ k ≤ 1023, by its bits. */
function powerOfTwo(k: number): number {
  word[0] = BigInt(k + 1023) << 52n
  return cell[0]
}

/** One side of a + b. The rounding error of the sum is exact (Knuth's TwoSum), so only a real loss moves outward. */
function sumSide(a: number, b: number, side: 1 | -1): number {
  const s = a + b
  if (!Number.isFinite(s)) return s === side * Infinity ? s : Number.NaN
  const rest = s - a
  const error = (a - (s - rest) + (b - rest)) * side
  return error <= 0 ? s : side === 1 ? above(s) : below(s)
}

export const add = (a: Interval, b: Interval) => make(sumSide(a.lo, b.lo, -1), sumSide(a.hi, b.hi, 1))
export const neg = (a: Interval): Interval => ({ lo: -a.hi, hi: -a.lo })
export const sub = (a: Interval, b: Interval) => add(a, neg(b))

/** Hull of rounded results, outward; an overflow to the inner side fails. */
function outward(...values: readonly number[]): Interval {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === Infinity || most === -Infinity ? never : make(below(least), above(most))
}

export function mul(a: Interval, b: Interval): Interval {
  if (isPoint(a, 0) || isPoint(b, 0)) return Number.isFinite(a.lo + a.hi + b.lo + b.hi) ? point(0) : never
  if (isPoint(a, 1)) return b
  return isPoint(b, 1) ? a : outward(a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi)
}

export function div(a: Interval, b: Interval): Interval {
  return contains0(b) ? never : outward(a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi)
}

const abs = (x: Interval) => make(Math.max(x.lo, -x.hi, 0), Math.max(-x.lo, x.hi))

export function power(x: Interval, k: number): Interval {
  if (!(x.lo <= x.hi)) return never
  if (k < 0) return div(point(1), power(x, -k))
  if (k === 0) return point(1)
  if (k % 2 === 0 && !(x.lo >= 0)) return power(abs(x), k)
  const repeated = (end: number) =>
    Array.from({ length: k - 1 }).reduce<Interval>((y) => mul(y, point(end)), point(end))
  return make(repeated(x.lo).lo, repeated(x.hi).hi)
}

/** The doubles on either side of ln 2 and of π/2: Math.LN2 and Math.PI/2 lie below. */
const ln2 = make(Math.LN2, above(Math.LN2))
const halfPi = make(Math.PI / 2, above(Math.PI / 2))
const plusMinus = (x: Interval, error: number) => add(x, { lo: -error, hi: error })

/** Σ zⁱ/qᵢ. */
const series = (z: Interval, q: readonly number[]) =>
  q.reduceRight<Interval>((sum, d) => add(div(point(1), point(d)), mul(z, sum)), point(0))
const alternating = (list: readonly number[]) => list.map((v, i) => (i % 2 ? -v : v))
const factorials = [1]
for (let n = 1; n <= 18; n++) factorials.push(factorials[n - 1] * n)
const odds = Array.from({ length: 14 }, (_, i) => 2 * i + 1)

/** Extends an increasing function of points to intervals. */
const rising = (f: (x: number) => Interval) => (x: Interval) =>
  x.lo <= x.hi ? make(f(x.lo).lo, f(x.hi).hi) : never

/** exp(k ln 2 + r), |r| ≤ 0.35: the terms from r¹⁹/19! on are below 10⁻²⁵. */
const exp = rising((x) => {
  if (x === 0) return point(1)
  if (x > 709) return { lo: 8e307, hi: Infinity }
  if (x < -700) return { lo: 0, hi: 1e-304 }
  const k = Math.round(x / Math.LN2)
  const sum = plusMinus(series(sub(point(x), mul(point(k), ln2)), factorials), 1e-24)
  const half = Math.trunc(k / 2)
  return mul(mul(sum, point(powerOfTwo(half))), point(powerOfTwo(k - half)))
})

/** log(m·2ᵏ) = 2 atanh s + k ln 2, |s| ≤ 0.2: the terms from s²⁸/29 on are below 10⁻²⁰. */
const log = rising((x) => {
  if (!(x > 0 && x < Infinity)) return never
  if (x === 1) return point(0)
  let [m, k] = [x, 0]
  for (; m >= 1.5; m /= 2) k++
  for (; m < 0.75; m *= 2) k--
  const s = div(sub(point(m), point(1)), add(point(m), point(1)))
  return add(mul(point(2), mul(s, plusMinus(series(power(s, 2), odds), 1e-19))), mul(point(k), ln2))
})

/** Two halvings of the angle lead to |t| ≤ 0.2: the terms from t²⁸/29 on are below 10⁻²⁰. */
function atanPoint(x: number): Interval {
  if (x < 0) return neg(atanPoint(-x))
  if (x > 1) return sub(halfPi, atan(div(point(1), point(x))))
  let t = point(x)
  for (let i = 0; i < 2; i++) t = div(t, add(point(1), sqrt(add(point(1), power(t, 2)))))
  return mul(point(4), mul(t, plusMinus(series(power(t, 2), alternating(odds)), 1e-19)))
}
const atan: (x: Interval) => Interval = rising(atanPoint)

/** sin or cos of the rest of x modulo π/2, |r| < 0.8: the terms from r¹⁹/19! on are below 10⁻¹⁸. */
function sinPoint(x: number): Interval {
  const k = Math.round(x / (Math.PI / 2))
  const quarter = ((k % 4) + 4) % 4
  const r = sub(point(x), mul(point(k), halfPi))
  const terms = alternating(factorials.filter((_, n) => n % 2 !== quarter % 2))
  const sum = series(power(r, 2), terms)
  const value = x === 0 ? point(0) : plusMinus(quarter % 2 === 0 ? mul(r, sum) : sum, 1e-18)
  return quarter >= 2 ? neg(value) : value
}

/** The ends, and every extremum (2j + 1)π/2 that may lie between them. */
function sin(x: Interval): Interval {
  if (!(x.lo <= x.hi)) return never
  if (!(width(x) < 7 && abs(x).hi < 1e6)) return { lo: -1, hi: 1 }
  const [a, b] = [sinPoint(x.lo), sinPoint(x.hi)]
  let [lo, hi] = [Math.min(a.lo, b.lo), Math.max(a.hi, b.hi)]
  for (let j = Math.floor(x.lo / Math.PI) - 1; j <= Math.ceil(x.hi / Math.PI) + 1; j++) {
    const top = mul(point(2 * j + 1), halfPi)
    if (!(top.hi >= x.lo && top.lo <= x.hi)) continue
    if (j % 2 === 0) hi = 1
    else lo = -1
  }
  return make(Math.max(-1, lo), Math.min(1, hi))
}

const cos = (x: Interval) => (isPoint(x, 0) ? point(1) : sin(add(x, halfPi)))

function sqrt(x: Interval): Interval {
  if (!(x.lo >= 0)) return never
  return make(x.lo === 0 ? 0 : below(Math.sqrt(x.lo)), x.hi === 0 ? 0 : above(Math.sqrt(x.hi)))
}

/** Elementwise functions by their names in certificates; the last three serve derivatives only. */
export const functions: Readonly<Record<string, (x: Interval) => Interval>> = {
  sqrt,
  exp,
  log,
  sin,
  cos,
  atan,
  abs,
  tan: (x) => {
    const point1 = rising((p) => (p === 0 ? point(0) : div(sin(point(p)), cos(point(p)))))
    return contains0(cos(x)) || !(width(x) < 3) ? never : point1(x)
  },
  sinh: rising((x) => (x === 0 ? point(0) : div(sub(exp(point(x)), exp(point(-x))), point(2)))),
  cosh: (x) =>
    rising((p) => (p === 0 ? point(1) : div(add(exp(point(p)), exp(point(-p))), point(2))))(abs(x)),
  tanh: rising((x) => (x === 0 ? point(0) : sub(point(1), div(point(2), add(point(1), exp(point(2 * x))))))),
  sigmoid: rising((x) => div(point(1), add(point(1), exp(point(-x))))),
  softplus: rising((x) => add(point(Math.max(x, 0)), log(add(point(1), exp(point(-Math.abs(x))))))),
  relu: (x) => make(Math.max(x.lo, 0), Math.max(x.hi, 0)),
  sign: (x) => (x.lo <= x.hi ? make(x.lo > 0 ? 1 : -1, x.hi < 0 ? -1 : 1) : never),
  step: (x) => (x.lo <= x.hi ? make(x.lo > 0 ? 1 : 0, x.hi < 0 ? 0 : 1) : never),
  /** 0 off the kink of |x| and max(x, 0), nothing on it: their second derivative */
  kink: (x) => (contains0(x) ? never : point(0)),
}

/** The angle of (x, y), off its cut. */
export function angle(y: Interval, x: Interval): Interval {
  if (x.lo > 0) return atan(div(y, x))
  return contains0(y) ? never : sub(y.lo > 0 ? halfPi : neg(halfPi), atan(div(x, y)))
}

/** The reals that a written constant can mean: the double, or the decimal that it prints as. */
export const constant = (value: number, exact: boolean) =>
  exact || Number.isSafeInteger(value) ? point(value) : make(below(value), above(value))
