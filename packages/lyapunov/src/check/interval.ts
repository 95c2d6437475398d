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

const cell = new Float64Array(1)
const word = new BigInt64Array(cell.buffer)

/** The next double above x. */
function above(x: number): number {
  if (x === Infinity || Number.isNaN(x)) return x
  if (x === 0) return Number.MIN_VALUE
  cell[0] = x
  word[0] = (word[0] as bigint) + (x > 0 ? 1n : -1n)
  return cell[0] as number
}
const below = (x: number) => -above(-x)

/** 2ᵏ, −1022 ≤ k ≤ 1023, by its bits. */
function powerOfTwo(k: number): number {
  word[0] = BigInt(k + 1023) << 52n
  return cell[0] as number
}

/** The rounding error of s = a + b is exact (Knuth's TwoSum): only a real loss is rounded outward. */
export function add(a: Interval, b: Interval): Interval {
  return make(sumSide(a.lo, b.lo, -1), sumSide(a.hi, b.hi, 1))
}

function sumSide(a: number, b: number, side: 1 | -1): number {
  const s = a + b
  if (!Number.isFinite(s)) return s === side * Infinity ? s : Number.NaN
  const rest = s - a
  const error = (a - (s - rest) + (b - rest)) * side
  // NaN where an intermediate overflowed: then round outward as well
  return error <= 0 ? s : side === 1 ? above(s) : below(s)
}

export const neg = (a: Interval): Interval => ({ lo: -a.hi, hi: -a.lo })
export const sub = (a: Interval, b: Interval): Interval => add(a, neg(b))

/** Hull of finitely many rounded results; an overflowed lower or underflowed upper bound fails. */
function outward(values: readonly number[]): Interval {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === Infinity || most === -Infinity ? never : make(below(least), above(most))
}

export function mul(a: Interval, b: Interval): Interval {
  if (isPoint(a, 0) || isPoint(b, 0)) return Number.isFinite(a.lo + a.hi + b.lo + b.hi) ? point(0) : never
  if (isPoint(a, 1)) return b
  if (isPoint(b, 1)) return a
  return outward([a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi])
}

export function div(a: Interval, b: Interval): Interval {
  if (!(b.lo > 0 || b.hi < 0)) return never
  return outward([a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi])
}

export const isPoint = (a: Interval, x: number) => a.lo === x && a.hi === x
export const hull = (a: Interval, b: Interval): Interval => make(Math.min(a.lo, b.lo), Math.max(a.hi, b.hi))
const contains0 = (a: Interval) => !(a.lo > 0 || a.hi < 0)

export function power(x: Interval, k: number): Interval {
  if (k < 0) return div(point(1), power(x, -k))
  if (k === 0) return x.lo <= x.hi ? point(1) : never
  if (k % 2 === 0 && !(x.lo >= 0)) {
    const size = make(Math.max(x.lo, -x.hi, 0), Math.max(-x.lo, x.hi))
    return power(size, k)
  }
  const ends = [x.lo, x.hi].map((end) => {
    let y = point(end)
    for (let i = 1; i < k; i++) y = mul(y, point(end))
    return y
  }) as [Interval, Interval]
  return make(ends[0].lo, ends[1].hi)
}

/** Math.LN2 lies below ln 2, the next double above. */
const ln2 = make(Math.LN2, above(Math.LN2))
const halfPi = make(Math.PI / 2, above(Math.PI / 2))
const error = (size: number): Interval => ({ lo: -size, hi: size })

/** Σ a₀ + z(a₁ + z(a₂ + …)), each coefficient p/q rounded outward. */
function series(z: Interval, denominators: readonly number[]): Interval {
  return denominators.reduceRight<Interval>((sum, q) => add(div(point(1), point(q)), mul(z, sum)), point(0))
}

const factorials = Array.from({ length: 19 }, (_, n) =>
  Array.from({ length: n }, (_v, i) => i + 1).reduce((p, v) => p * v, 1),
)
const alternating = (list: readonly number[]) => list.map((v, i) => (i % 2 ? -v : v))
const pick = (start: number) => factorials.filter((_, n) => n % 2 === start)
const odds = Array.from({ length: 14 }, (_, i) => 2 * i + 1)

/** Extends a function of points, increasing, to intervals. */
const rising =
  (f: (x: number) => Interval) =>
  (x: Interval): Interval =>
    x.lo <= x.hi ? make(f(x.lo).lo, f(x.hi).hi) : never

/** |r| ≤ 0.35: the terms from r¹⁹/19! on are below 10⁻²⁵. */
const exp = rising((x) => {
  if (x === 0) return point(1)
  if (x > 709) return { lo: 8e307, hi: Infinity }
  if (x < -700) return { lo: 0, hi: 1e-304 }
  const k = Math.round(x / Math.LN2)
  const sum = add(series(sub(point(x), mul(point(k), ln2)), factorials), error(1e-24))
  const half = Math.trunc(k / 2)
  return mul(mul(sum, point(powerOfTwo(half))), point(powerOfTwo(k - half)))
})

/** log(m·2ᵏ) = 2 atanh s + k ln 2, |s| ≤ 0.2: the terms from s²⁹/29 on are below 10⁻²¹. */
const log = rising((x) => {
  if (!(x > 0)) return never
  if (x === 1) return point(0)
  let [m, k] = [x, 0]
  for (; m >= 1.5; m /= 2) k++
  for (; m < 0.75; m *= 2) k--
  const s = div(sub(point(m), point(1)), add(point(m), point(1)))
  const atanh = mul(s, add(series(power(s, 2), odds), error(1e-19)))
  return add(mul(point(2), atanh), mul(point(k), ln2))
})

/** Two halvings of the angle, then |t| ≤ 0.2 and terms from t²⁹/29 on below 10⁻²¹. */
function atanPoint(x: number): Interval {
  if (x < 0) return neg(atanPoint(-x))
  if (x > 1) return sub(halfPi, rising(atanPoint)(div(point(1), point(x))))
  let t = point(x)
  for (let i = 0; i < 2; i++) t = div(t, add(point(1), sqrt(add(point(1), power(t, 2)))))
  return mul(point(4), mul(t, add(series(power(t, 2), alternating(odds)), error(1e-19))))
}
const atan = rising(atanPoint)

/** sin(x) at a point: sin or cos of the rest of x modulo π/2, by Taylor; terms from r¹⁹/19! on are below 10⁻¹⁸. */
function sinPoint(x: number): Interval {
  const k = Math.round(x / (Math.PI / 2))
  const r = sub(point(x), mul(point(k), halfPi))
  const z = power(r, 2)
  const quarter = ((k % 4) + 4) % 4
  const sum = quarter % 2 === 1 ? series(z, alternating(pick(0))) : mul(r, series(z, alternating(pick(1))))
  const value = x === 0 ? point(0) : add(sum, error(1e-18))
  return quarter >= 2 ? neg(value) : value
}

/** The ends and every extremum that may lie between them. */
function sin(x: Interval): Interval {
  if (!(x.lo <= x.hi)) return never
  if (!(x.hi - x.lo < 7 && Math.abs(x.lo) < 1e6 && Math.abs(x.hi) < 1e6)) return { lo: -1, hi: 1 }
  let range = hull(sinPoint(x.lo), sinPoint(x.hi))
  for (let j = Math.floor(x.lo / Math.PI) - 1; j <= Math.ceil(x.hi / Math.PI) + 1; j++) {
    const top = mul(point(2 * j + 1), halfPi)
    if (top.hi >= x.lo && top.lo <= x.hi) range = hull(range, point(j % 2 === 0 ? 1 : -1))
  }
  return make(Math.max(-1, range.lo), Math.min(1, range.hi))
}

const cos = (x: Interval): Interval => (isPoint(x, 0) ? point(1) : sin(add(x, halfPi)))

function sqrt(x: Interval): Interval {
  if (!(x.lo >= 0)) return never
  return make(x.lo === 0 ? 0 : below(Math.sqrt(x.lo)), x.hi === 0 ? 0 : above(Math.sqrt(x.hi)))
}

function tan(x: Interval): Interval {
  if (contains0(cos(x)) || !(x.hi - x.lo < 3)) return never
  return rising((p) => (p === 0 ? point(0) : div(sin(point(p)), cos(point(p)))))(x)
}

const sinh = rising((x) => (x === 0 ? point(0) : div(sub(exp(point(x)), exp(point(-x))), point(2))))
const coshOf = rising((x) => div(add(exp(point(x)), exp(point(-x))), point(2)))
const sigmoid = rising((x) =>
  x > 0
    ? div(point(1), add(point(1), exp(point(-x))))
    : sub(point(1), div(point(1), add(point(1), exp(point(x))))),
)
/** 1 − 2/(1 + e²ˣ). */
const tanh = rising((x) =>
  x === 0
    ? point(0)
    : x > 300
      ? make(1 - 2 ** -53, 1)
      : sub(point(1), div(point(2), add(point(1), exp(point(2 * x))))),
)
const softplus = rising((x) => add(point(Math.max(x, 0)), log(add(point(1), exp(point(-Math.abs(x)))))))
const abs = (x: Interval): Interval => make(Math.max(x.lo, -x.hi, 0), Math.max(-x.lo, x.hi))

/** Elementwise functions by their names in the certificate; sign and step serve derivatives only. */
export const functions: Readonly<Record<string, (x: Interval) => Interval>> = {
  sqrt, exp, log, sin, cos, tan, atan, sinh, cosh: (x) => coshOf(abs(x)), tanh, sigmoid, softplus, abs,
  relu: (x) => make(Math.max(x.lo, 0), Math.max(x.hi, 0)),
  sign: (x) => (x.lo <= x.hi ? make(x.lo > 0 ? 1 : -1, x.hi < 0 ? -1 : 1) : never),
  step: (x) => (x.lo <= x.hi ? make(x.lo > 0 ? 1 : 0, x.hi < 0 ? 0 : 1) : never),
  /** 0 off the kink of |x| and max(x, 0), nothing on it: their second derivative */
  kink: (x) => (contains0(x) ? never : point(0)),
} // biome-ignore format: one table

/** The angle of (x, y), off the cut. */
export function angle(y: Interval, x: Interval): Interval {
  if (x.lo > 0) return atan(div(y, x))
  const turned = contains0(y) ? never : atan(div(x, y))
  return sub(y.lo > 0 ? halfPi : neg(halfPi), turned)
}

/** The reals that a written constant can mean: the double, or the decimal that it prints as. */
export function constant(value: number, exact: boolean): Interval {
  return exact || Number.isSafeInteger(value) ? point(value) : make(below(value), above(value))
}
