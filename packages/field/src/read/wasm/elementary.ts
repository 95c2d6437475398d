import type { Binary, Unary } from '../../graph/node.js'
import { type Coefficients, coefficients, type RationalTangent } from './coefficients.js'
import type { LaneCode, LaneValue } from './laneCode.js'

type V = LaneValue

/**
 * Elementary functions on lanes. Errors in units in the last place, measured against 60 digits
 * (tests/field/wasmElementary.test.ts): see `ulps`. Arguments that a function does not reduce by itself go
 * through JavaScript's Math, lane by lane.
 */
export const unaryLanes: { readonly [K in Unary]: (c: LaneCode, x: V) => V } = {
  neg: (c, x) => c.op('neg', x),
  sqrt: (c, x) => c.op('sqrt', x),
  abs: (c, x) => c.op('abs', x),
  exp: (c, x) => exponential(c, x, 0),
  log: logarithm,
  sin: sine,
  cos: cosine,
  tan: tangent,
  atan: (c, x) => arctangent(c, x, c.constant(1), 'atan', [x]),
  sinh: hyperbolicSine,
  cosh: (c, x) => {
    const half = exponential(c, c.op('abs', x), -1)
    return c.op('add', half, c.op('div', c.constant(0.25), half))
  },
  tanh: hyperbolicTangent,
  sigmoid: (c, x) => {
    const one = c.constant(1)
    return c.op('div', one, c.op('add', one, normalExponential(c, c.op('neg', x))))
  },
  softplus,
  // pmax(x, 0) = x < 0 ? 0 : x keeps NaN
  relu: (c, x) => c.op('pmax', x, c.constant(0)),
  sign: (c, x) => {
    const zero = c.constant(0)
    return c.select(c.op('gt', x, zero), c.constant(1), c.select(c.op('lt', x, zero), c.constant(-1), x))
  },
  step: (c, x) => {
    const zero = c.constant(0)
    return c.select(c.op('gt', x, zero), c.constant(1), c.select(c.op('le', x, zero), zero, x))
  },
}

export const binaryLanes: { readonly [K in Binary]: (c: LaneCode, x: V, y: V) => V } = {
  add: (c, x, y) => c.op('add', x, y),
  sub: (c, x, y) => c.op('sub', x, y),
  mul: (c, x, y) => c.op('mul', x, y),
  div: (c, x, y) => c.op('div', x, y),
  min: (c, x, y) => c.op('min', x, y),
  max: (c, x, y) => c.op('max', x, y),
  atan2: (c, y, x) => arctangent(c, y, x, 'atan2', [y, x]),
  pow: power,
}

/** xᵏ by squaring: the same products as the interpreter. */
export function integerPower(c: LaneCode, x: V, exponent: number): V {
  if (exponent < 0) return c.op('div', c.constant(1), integerPower(c, x, -exponent))
  if (exponent === 0) return c.constant(1)
  if (exponent === 1) return x
  const half = integerPower(c, x, exponent >> 1)
  const square = c.op('mul', half, half)
  return exponent & 1 ? c.op('mul', square, x) : square
}

/** x^(k/2) for an odd k, from products and one root. */
export function halfIntegerPower(c: LaneCode, x: V, twice: number): V {
  const magnitude = Math.abs(twice)
  const root = c.op('sqrt', x)
  const whole = (magnitude - 1) / 2
  const value = whole === 0 ? root : c.op('mul', integerPower(c, x, whole), root)
  return twice > 0 ? value : c.op('div', c.constant(1), value)
}

/** Errors in ulp of each function's result, bounds that the tests hold against 60 digits; others are exact. */
export const ulps = {
  f64x2: {
    exp: 2, log: 2, sin: 2, cos: 2, tan: 4, atan: 2, atan2: 3, sinh: 3, cosh: 3, tanh: 4, sigmoid: 3, softplus: 3,
  },
  f32x4: {
    exp: 2, log: 2, sin: 2, cos: 2, tan: 4, atan: 2, atan2: 3, sinh: 3, cosh: 3, tanh: 6, sigmoid: 3, softplus: 3,
  },
} as const // biome-ignore format: one table

const table = (c: LaneCode): Coefficients => coefficients[c.type.kind]

const signBit = (c: LaneCode) =>
  c.pattern(-(1n << BigInt(c.type.mantissaBits + (c.type.bytes === 8 ? 11 : 8))))

const withSignOf = (c: LaneCode, magnitude: V, source: V) =>
  c.op('or', magnitude, c.op('and', source, signBit(c)))

/** 2ⁿ for integers in lanes, n + roundingShift given. */
function powerOfTwo(c: LaneCode, shifted: V): V {
  return c.shift('left', c.op('integerAdd', shifted, c.pattern(BigInt(c.type.bias))), c.type.mantissaBits)
}

/** x = n ln 2 + r with |r| ≤ ½ ln 2; returns eʳ − 1 and n (also shifted by `roundingShift`). */
function reduceExponential(c: LaneCode, x: V) {
  const t = table(c)
  const shift = c.constant(t.roundingShift)
  const shifted = c.op('madd', x, c.constant(Math.LOG2E), shift)
  const n = c.op('sub', shifted, shift)
  const r = c.op('nmadd', n, c.constant(t.ln2[1]), c.op('nmadd', n, c.constant(t.ln2[0]), x))
  const excess = c.op('madd', c.op('mul', r, r), c.polynomial(r, t.exponential), r)
  return { excess, n, shifted }
}

/** x with NaN kept, within [lo, hi]. */
function clamp(c: LaneCode, x: V, lo: number, hi: number): V {
  return c.op('pmax', c.op('pmin', x, c.constant(hi)), c.constant(lo))
}

/** 2ᵏ eˣ over the whole range, subnormal results and overflow included: 2ⁿ is applied in two halves. */
function exponential(c: LaneCode, x: V, k: number): V {
  const t = table(c)
  const { excess, n } = reduceExponential(c, clamp(c, x, ...t.exponentialRange))
  const shift = c.constant(t.roundingShift)
  const firstShifted = c.op('madd', n, c.constant(0.5), shift)
  const rest = c.op('sub', n, c.op('sub', firstShifted, shift))
  const secondShifted = c.op('add', rest, c.constant(t.roundingShift + k))
  const value = c.op('mul', c.op('add', excess, c.constant(1)), powerOfTwo(c, firstShifted))
  return c.op('mul', value, powerOfTwo(c, secondShifted))
}

/** eˣ where it is a normal number; beyond ±`normalExponent` its value there, which a sum with 1 cannot tell. */
function normalExponential(c: LaneCode, x: V): V {
  const { normalExponent } = table(c)
  const { excess, shifted } = reduceExponential(c, clamp(c, x, -normalExponent, normalExponent))
  const scale = powerOfTwo(c, shifted)
  return c.op('madd', excess, scale, scale)
}

/** x·p(x²)/q(x²) up to where it reaches 1, an odd quotient that needs no sign. */
function rationalTangent(c: LaneCode, x: V, { end, over, under }: RationalTangent): V {
  const a = clamp(c, x, -end, end)
  const z = c.op('mul', a, a)
  return c.op('div', c.op('mul', a, horner(c, z, over)), horner(c, z, under))
}

/** Polynomial whose terms have one sign: each rounding error is made smaller by the next step. */
function horner(c: LaneCode, x: V, coefficients: readonly number[]): V {
  return coefficients.reduceRight<V | undefined>(
    (sum, a) => (sum === undefined ? c.constant(a) : c.op('madd', sum, x, c.constant(a))),
    undefined,
  ) as V
}

/** E/(E + 2) with E = e^(2|x|) − 1 = 2ⁿ(eʳ − 1) + (2ⁿ − 1), which is accurate near 0. */
function hyperbolicTangent(c: LaneCode, x: V): V {
  const { rationalTangent: rational } = table(c)
  if (rational !== undefined) return rationalTangent(c, x, rational)
  const magnitude = c.op('pmin', c.op('abs', x), c.constant(table(c).tanhOne))
  const { excess, shifted } = reduceExponential(c, c.op('add', magnitude, magnitude))
  const scale = powerOfTwo(c, shifted)
  const e = c.op('madd', scale, excess, c.op('sub', scale, c.constant(1)))
  return withSignOf(c, c.op('div', e, c.op('add', e, c.constant(2))), x)
}

function hyperbolicSine(c: LaneCode, x: V): V {
  const magnitude = c.op('abs', x)
  const half = exponential(c, magnitude, -1)
  const large = withSignOf(c, c.op('sub', half, c.op('div', c.constant(0.25), half)), x)
  const z = c.op('mul', x, x)
  const small = c.op('madd', c.op('mul', x, z), c.polynomial(z, table(c).hyperbolicSine), x)
  return c.select(c.op('gt', magnitude, c.constant(1)), large, small)
}

/** max(x, 0) + log(1 + u), u = e^(−|x|), by log(1 + u) = 2 artanh(u/(2 + u)). */
function softplus(c: LaneCode, x: V): V {
  const u = normalExponential(c, c.op('neg', c.op('abs', x)))
  const s = c.op('div', u, c.op('add', u, c.constant(2)))
  const z = c.op('mul', s, s)
  const half = c.op('madd', c.op('mul', s, z), c.polynomial(z, table(c).logarithm1p), s)
  return c.op('add', c.op('pmax', x, c.constant(0)), c.op('add', half, half))
}

/** Positive normal numbers; for others (and NaN) false. */
function isPositiveNormal(c: LaneCode, x: V): V {
  return c.op(
    'and',
    c.op('ge', x, c.constant(table(c).smallestNormal)),
    c.op('lt', x, c.constant(Number.POSITIVE_INFINITY)),
  )
}

/**
 * x = 2ᵏ m with √½ ≤ m < √2, f = m − 1, s = f/(2 + f): log x = k ln 2 + f − (f²/2 − s(f²/2 + R(s²)))
 * (the arrangement of W. Kahan and K. C. Ng's fdlibm log).
 */
function positiveLogarithm(c: LaneCode, x: V): V {
  const t = table(c)
  const { mantissaBits, bias, bytes } = c.type
  const one = BigInt(bias) << BigInt(mantissaBits)
  const bits = (v: number) =>
    bytes === 8
      ? (new BigInt64Array(Float64Array.of(v).buffer)[0] as bigint)
      : BigInt(new Int32Array(Float32Array.of(v).buffer)[0] as number)
  const exponent = c.shift('right', c.op('integerAdd', x, c.pattern(one - bits(Math.SQRT1_2))), mantissaBits)
  const m = c.op('integerAdd', c.op('integerSub', x, c.shift('left', exponent, mantissaBits)), c.pattern(one))
  const shift = 2 ** mantissaBits
  const k = c.op('sub', c.op('or', exponent, c.constant(shift)), c.constant(shift + bias))
  const f = c.op('sub', m, c.constant(1))
  const s = c.op('div', f, c.op('add', f, c.constant(2)))
  const z = c.op('mul', s, s)
  const half = c.op('mul', c.constant(0.5), c.op('mul', f, f))
  const series = c.op('mul', z, c.polynomial(z, t.logarithm))
  const low = c.op('madd', s, c.op('add', half, series), c.op('mul', k, c.constant(t.ln2[1])))
  return c.op('madd', k, c.constant(t.ln2[0]), c.op('sub', f, c.op('sub', half, low)))
}

function logarithm(c: LaneCode, x: V): V {
  return c.guarded('log', [x], positiveLogarithm(c, x), c.op('not', isPositiveNormal(c, x)))
}

/** e^(y log x) for positive x: the error grows with |y log x|, which it is (in ulp) times about one. */
function power(c: LaneCode, x: V, y: V): V {
  const { normalExponent } = table(c)
  const exponent = c.op('mul', y, positiveLogarithm(c, x))
  const inside = c.op(
    'and',
    isPositiveNormal(c, x),
    c.op('le', c.op('abs', exponent), c.constant(normalExponent)),
  )
  return c.guarded('pow', [x, y], normalExponential(c, exponent), c.op('not', inside))
}

/** x − n·π/2 by parts, so short that all products but the last are exact (Cody & Waite). */
function reduceAngle(c: LaneCode, x: V, n: V): V {
  return table(c).halfPi.reduce((rest, part) => c.op('nmadd', n, c.constant(part), rest), x)
}

/** (−1)^q sin r for |r| ≤ π/2, q in the low bits; NaN stays NaN, angles beyond the reduction are outside. */
function halfTurn(c: LaneCode, x: V, r: V, q: V, name: 'sin' | 'cos'): V {
  const z = c.op('mul', r, r)
  const value = c.op('madd', c.op('mul', r, z), c.polynomial(z, table(c).halfTurnSine), r)
  const signed = c.op('xor', value, c.shift('left', q, c.type.bytes * 8 - 1))
  return c.guarded(name, [x], signed, c.op('gt', c.op('abs', x), c.constant(table(c).largestAngle)))
}

/** sin x = (−1)ⁿ sin r with x = nπ + r: one longer polynomial instead of two and a choice. */
function sine(c: LaneCode, x: V): V {
  const shift = c.constant(table(c).roundingShift)
  const q = c.op('madd', x, c.constant(1 / Math.PI), shift)
  const n = c.op('sub', q, shift)
  return halfTurn(c, x, reduceAngle(c, x, c.op('add', n, n)), q, 'sin')
}

/** cos x = (−1)^(n+1) sin r with x = (n + ½)π + r. */
function cosine(c: LaneCode, x: V): V {
  const shift = c.constant(table(c).roundingShift)
  const q = c.op('add', c.op('sub', c.op('mul', x, c.constant(1 / Math.PI)), c.constant(0.5)), shift)
  const n = c.op('sub', q, shift)
  const odd = c.op('add', c.op('add', n, n), c.constant(1))
  return halfTurn(c, x, reduceAngle(c, x, odd), c.op('integerAdd', q, c.pattern(1n)), 'cos')
}

/** tan x from sin r and cos r, |r| ≤ π/4: in odd quadrants −cos r / sin r. */
function tangent(c: LaneCode, x: V): V {
  const t = table(c)
  const shift = c.constant(t.roundingShift)
  const quadrant = c.op('madd', x, c.constant(2 / Math.PI), shift)
  const r = reduceAngle(c, x, c.op('sub', quadrant, shift))
  const z = c.op('mul', r, r)
  const one = c.constant(1)
  const half = c.op('mul', c.constant(0.5), z)
  const w = c.op('sub', one, half)
  const tail = c.op('mul', c.op('mul', z, z), c.polynomial(z, t.cosine))
  const cos = c.op('add', w, c.op('add', c.op('sub', c.op('sub', one, w), half), tail))
  const sin = c.op('madd', c.op('mul', r, z), c.polynomial(z, t.sine), r)
  const even = c.op('integerEq', c.op('and', quadrant, c.pattern(1n)), c.pattern(0n))
  const quotient = c.op('div', c.select(even, sin, cos), c.select(even, cos, c.op('neg', sin)))
  return c.guarded('tan', [x], quotient, c.op('gt', c.op('abs', x), c.constant(t.largestAngle)))
}

/**
 * atan2(y, x): the smaller over the larger magnitude, shifted by π/4 where that exceeds tan π/8, so that one
 * division serves all cases.
 */
function arctangent(c: LaneCode, y: V, x: V, name: string, args: readonly V[]): V {
  const t = table(c)
  const [ay, ax] = [c.op('abs', y), c.op('abs', x)]
  const larger = c.op('pmax', ax, ay)
  const smaller = c.op('pmin', ax, ay)
  const steep = c.op('gt', smaller, c.op('mul', larger, c.constant(Math.SQRT2 - 1)))
  const numerator = c.select(steep, c.op('sub', smaller, larger), smaller)
  const q = c.op('div', numerator, c.select(steep, c.op('add', smaller, larger), larger))
  const z = c.op('mul', q, q)
  const small = c.op('madd', c.op('mul', q, z), c.polynomial(z, t.arctangent), q)
  const quarter = (part: number) => c.op('and', steep, c.constant(part))
  const first = c.op('add', quarter(Math.PI / 4), c.op('add', small, quarter(t.quarterPiRest)))
  const from = (angle: number, v: V) =>
    c.op('sub', c.constant(angle), c.op('sub', v, c.constant((angle / (Math.PI / 4)) * t.quarterPiRest)))
  const upper = c.select(c.op('gt', ay, ax), from(Math.PI / 2, first), first)
  const half = c.select(c.op('lt', x, c.constant(0)), from(Math.PI, upper), upper)
  const sum = c.op('add', ax, ay)
  const inside = c.op(
    'and',
    c.op('ge', sum, c.constant(t.comfortable[0])),
    c.op('le', sum, c.constant(t.comfortable[1])),
  )
  return c.guarded(name, args, withSignOf(c, half, y), c.op('not', inside))
}
