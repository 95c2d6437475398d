import type { Unary } from '../graph/node.js'
import * as e from './exponential.js'
import { binaryInterval, type Interval, powerInterval, unaryInterval } from './intervalRules.js'
import { down, sumDown, sumUp, up } from './rounding.js'
import { atanDown, atanUp } from './trigonometric.js'

/** A function of one variable between two parallel lines: φ(t) ∈ slope·t + offset ± radius. NaN where there is none. */
export interface Relaxation {
  slope: number
  offset: number
  radius: number
}

/** Writes a relaxation of a function that holds for all t in [l, h]. */
export type Relax = (l: number, h: number, out: Relaxation) => void

const { add, sub, mul, div } = binaryInterval
const point = (x: number): Interval => ({ lo: x, hi: x })
const one = point(1)

function between(low: number, high: number, slope: number, out: Relaxation): void {
  out.slope = slope
  out.offset = low / 2 + high / 2
  out.radius = Math.max(sumUp(high - out.offset), sumUp(out.offset - low))
}

/** A function that bends one way on either side of 0, or one way altogether. */
interface Bent {
  readonly down: (x: number) => number
  readonly up: (x: number) => number
  readonly derivative: (x: number) => Interval
  /** about where the derivative is α, on the right of 0 where there are two such places */
  readonly touch: (slope: number) => number
  readonly isConvex: boolean
}

const logarithm = (x: number) => (x > 0 ? e.logDown(x) : -745)

const bent = {
  tanh: {
    down: e.tanhDown,
    up: e.tanhUp,
    derivative: (x) => sub(one, powerInterval(unaryInterval.tanh(point(x)), 2)),
    touch: (slope) => {
      const y = Math.sqrt(Math.max(0, 1 - slope))
      return logarithm((1 + y) / (1 - y)) / 2
    },
    isConvex: false,
  },
  sigmoid: {
    down: e.sigmoidDown,
    up: e.sigmoidUp,
    derivative: (x) => {
      const y = unaryInterval.sigmoid(point(x))
      return mul(y, sub(one, y))
    },
    touch: (slope) => {
      const y = Math.sqrt(Math.max(0, 1 - 4 * slope))
      return logarithm((1 + y) / (1 - y))
    },
    isConvex: false,
  },
  atan: {
    down: atanDown,
    up: atanUp,
    derivative: (x) => div(one, add(one, powerInterval(point(x), 2))),
    touch: (slope) => Math.sqrt(Math.max(0, 1 / slope - 1)),
    isConvex: false,
  },
  softplus: {
    down: e.softplusDown,
    up: e.softplusUp,
    derivative: (x) => unaryInterval.sigmoid(point(x)),
    touch: (slope) => logarithm(slope / (1 - slope)),
    isConvex: true,
  },
} as const satisfies Partial<Record<Unary, Bent>>

/**
 * φ − αt with the chord's slope α, over parts on which φ bends one way: a convex function is at most its value at an end,
 * and at least φ(p) − αp − |φ′(p) − α|·reach for any p of the part (its tangent there). So p may be a guess; the best one is
 * where φ′ = α. All bounds are rounded outward.
 */
const relaxBent =
  ({ down: low, up: high, derivative, touch, isConvex }: Bent): Relax =>
  (l, h, out) => {
    const chord = ((low(h) + high(h)) / 2 - (low(l) + high(l)) / 2) / (h - l)
    const slope = h > l && Number.isFinite(chord) ? chord : derivative(l).lo
    let [least, most] = [Infinity, -Infinity]
    const at = (t: number) => {
      least = Math.min(least, sumDown(low(t) - up(slope * t)))
      most = Math.max(most, sumUp(high(t) - down(slope * t)))
    }
    const part = (a: number, b: number, isBowl: boolean, guess: number) => {
      // the ends are values of the function, and bound it on the one side; the tangent bounds the other
      at(a)
      at(b)
      const p = Math.min(Math.max(guess, a), b)
      const gap = sub(derivative(p), point(slope))
      const reach = Math.max(sumUp(b - p), sumUp(p - a))
      const rest = up(Math.max(-gap.lo, gap.hi) * reach)
      const product = slope * p
      if (isBowl) least = Math.min(least, sumDown(sumDown(low(p) - up(product)) - rest))
      else most = Math.max(most, sumUp(sumUp(high(p) - down(product)) + rest))
    }
    const guess = touch(slope)
    if (isConvex) part(l, h, true, guess)
    else {
      if (l < 0) part(l, Math.min(h, 0), true, -guess)
      if (h > 0) part(Math.max(l, 0), h, false, guess)
      if (l === 0 && h === 0) at(0)
    }
    between(least, most, slope, out)
  }

/** φ, φ′ and φ″ in intervals, for {@link relaxSmooth}. */
interface Smooth {
  readonly value: (x: Interval) => Interval
  readonly slope: (x: Interval) => Interval
  readonly curvature: (x: Interval) => Interval
}

const { sin, cos, exp, log, sqrt, tan, sinh, cosh, neg } = unaryInterval
const half = point(0.5)

const smooth = {
  sin: { value: sin, slope: cos, curvature: (x) => neg(sin(x)) },
  cos: { value: cos, slope: (x) => neg(sin(x)), curvature: (x) => neg(cos(x)) },
  exp: { value: exp, slope: exp, curvature: exp },
  sinh: { value: sinh, slope: cosh, curvature: sinh },
  cosh: { value: cosh, slope: sinh, curvature: cosh },
  log: { value: log, slope: (x) => div(one, x), curvature: (x) => neg(div(one, powerInterval(x, 2))) },
  sqrt: {
    value: sqrt,
    slope: (x) => div(half, sqrt(x)),
    curvature: (x) => neg(div(point(0.25), mul(x, sqrt(x)))),
  },
  tan: {
    value: tan,
    slope: (x) => add(one, powerInterval(tan(x), 2)),
    curvature: (x) => mul(mul(point(2), tan(x)), add(one, powerInterval(tan(x), 2))),
  },
} as const satisfies Partial<Record<Unary, Smooth>>

/**
 * φ(m) + φ′(m)·(t − m) + ½φ″·(t − m)², the square in [0, ρ²] (Taylor with Lagrange's remainder), or the range of φ without
 * any slope where that is narrower.
 */
const relaxSmooth =
  ({ value, slope, curvature }: Smooth): Relax =>
  (l, h, out) => {
    const m = l === h ? l : l / 2 + h / 2
    const at = point(m)
    const all = value({ lo: l, hi: h })
    const reach = Math.max(sumUp(h - m), sumUp(m - l))
    const tangent = slope(at)
    const alpha = tangent.lo / 2 + tangent.hi / 2
    const square: Interval = { lo: 0, hi: up(reach * reach) }
    const bow = mul(half, mul(curvature({ lo: l, hi: h }), square))
    const lean = mul(sub(tangent, point(alpha)), { lo: -reach, hi: reach })
    const line = sub(value(at), mul(point(alpha), at))
    const { lo, hi } = add(add(line, lean), bow)
    // a function without a value somewhere has none here
    if (!(all.lo <= all.hi)) between(Number.NaN, Number.NaN, 0, out)
    else if (hi - lo < all.hi - all.lo) between(lo, hi, alpha, out)
    else between(all.lo, all.hi, 0, out)
  }

/** The range of a function, without any slope. */
const relaxFlat =
  (value: (x: Interval) => Interval): Relax =>
  (l, h, out) => {
    const { lo, hi } = value({ lo: l, hi: h })
    between(lo, hi, 0, out)
  }

/** max(t, 0): the chord above, and αt below, since 0 ≤ α ≤ 1. */
const relaxRelu: Relax = (l, h, out) => {
  if (!(l <= h)) return between(Number.NaN, Number.NaN, 0, out)
  if (l >= 0) return between(0, 0, 1, out)
  if (h <= 0) return between(0, 0, 0, out)
  const slope = Math.min(1, h / (h - l))
  return between(0, Math.max(up(-slope * l), sumUp(h - down(slope * h))), slope, out)
}

/** |t|: the chord above, and αt below, since |α| ≤ 1. */
const relaxAbs: Relax = (l, h, out) => {
  if (!(l <= h)) return between(Number.NaN, Number.NaN, 0, out)
  if (l >= 0) return between(0, 0, 1, out)
  if (h <= 0) return between(0, 0, -1, out)
  const slope = Math.max(-1, Math.min(1, (h + l) / (h - l)))
  return between(0, Math.max(sumUp(-l - down(slope * l)), sumUp(h - down(slope * h))), slope, out)
}

/** A relaxation of tᵏ. */
export const relaxPower = (exponent: number): Relax =>
  relaxSmooth({
    value: (x) => powerInterval(x, exponent),
    slope: (x) => mul(point(exponent), powerInterval(x, exponent - 1)),
    curvature: (x) => mul(point(exponent * (exponent - 1)), powerInterval(x, exponent - 2)),
  })

/** How each function of one argument is relaxed. */
export const relaxations: { readonly [K in Unary]: Relax } = {
  tanh: relaxBent(bent.tanh),
  sigmoid: relaxBent(bent.sigmoid),
  atan: relaxBent(bent.atan),
  softplus: relaxBent(bent.softplus),
  relu: relaxRelu,
  abs: relaxAbs,
  sin: relaxSmooth(smooth.sin),
  cos: relaxSmooth(smooth.cos),
  exp: relaxSmooth(smooth.exp),
  sinh: relaxSmooth(smooth.sinh),
  cosh: relaxSmooth(smooth.cosh),
  log: relaxSmooth(smooth.log),
  sqrt: relaxSmooth(smooth.sqrt),
  tan: relaxSmooth(smooth.tan),
  neg: (_l, _h, out) => between(0, 0, -1, out),
  sign: relaxFlat(unaryInterval.sign),
  step: relaxFlat(unaryInterval.step),
}
