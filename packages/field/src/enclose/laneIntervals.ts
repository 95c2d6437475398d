import type { LaneCode, LaneValue } from '../read/wasm/laneCode.js'
import { constantInterval, type Interval, isFactor } from './intervalRules.js'
import type { RingArithmetic } from './ringArithmetic.js'
import { relativeStep, smallestStep } from './rounding.js'

/** What is known while printing: 1 for lo ≥ 0, −1 for hi ≤ 0. */
type Sign = -1 | 0 | 1

/** An interval in every lane. */
export interface LaneInterval {
  readonly lo: LaneValue
  readonly hi: LaneValue
  readonly sign: Sign
  /** the bounds, where they are constants */
  readonly value?: Interval
}

/** Interval arithmetic printed into one function; see {@link laneIntervals}. */
export interface LaneIntervals extends RingArithmetic<LaneInterval> {
  /** the interval as an output: NaN where an operand of the code so far was not finite */
  readonly settled: (x: LaneInterval) => LaneInterval
}

/**
 * Interval arithmetic on lanes, rounded outward as in rounding.ts: the same operations in the same order, none fused,
 * so that where every intermediate is finite the bounds are those of the scalar code, bit for bit.
 *
 * f64x2.min and max cost seven instructions each for the sake of NaN; pmin(a, b) = b < a ? b : a is one, but drops a
 * NaN in b. So whatever meets a pmin or pmax is added up in `doubt`: of [a, b]·[c, d] the products ac and bd, among whose
 * factors all four bounds stand. A factor that is NaN or infinite makes its product NaN or infinite (0·∞ is NaN), and no
 * sum of such a term is finite again. Outputs are added to doubt − doubt, which is 0 or NaN: with all factors finite no
 * product is NaN and pmin is the minimum; else the box fails closed, as it does where doubt itself overflows.
 */
export function laneIntervals(c: LaneCode): LaneIntervals {
  const magnitudeBits = c.pattern(0x7fffffffffffffffn)
  const zero = c.constant(0)
  let doubt: LaneValue | undefined

  const suspect = (x: LaneValue, y: LaneValue) => {
    const term = c.op('add', x, y)
    doubt = doubt === undefined ? term : c.op('add', doubt, term)
  }
  /** The two ends moved outward by some roundings; `eta` where the operation can underflow. */
  const outward = (
    low: LaneValue,
    high: LaneValue,
    sign: Sign,
    eta: boolean,
    roundings = 1,
  ): LaneInterval => {
    const [E, T] = [c.constant(roundings * relativeStep), c.constant(roundings * smallestStep)]
    const step = (end: LaneValue) => {
      const size = sign === 1 ? end : sign === -1 ? c.op('neg', end) : c.op('and', end, magnitudeBits)
      return eta ? c.op('add', c.op('mul', E, size), T) : c.op('mul', E, size)
    }
    const [lo, hi] = [c.op('sub', low, step(low)), c.op('add', high, step(high))]
    // pmax and pmin keep a NaN in their first operand
    return {
      lo: eta && sign === 1 ? c.op('pmax', lo, zero) : lo,
      hi: eta && sign === -1 ? c.op('pmin', hi, zero) : hi,
      sign,
    }
  }
  const neg = (x: LaneInterval): LaneInterval => ({
    lo: c.op('neg', x.hi),
    hi: c.op('neg', x.lo),
    sign: opposite(x.sign),
    ...(x.value !== undefined && { value: { lo: -x.value.hi, hi: -x.value.lo } }),
  })
  const times = (x: LaneValue, y: LaneValue) => c.op('mul', x, y)

  const scaled = (factor: LaneInterval, { lo, hi }: LaneInterval, sign: Sign): LaneInterval => {
    const [from, to] = factor.sign === 1 ? [lo, hi] : [hi, lo]
    const [low, high] = [times(factor.lo, from), times(factor.lo, to)]
    if (!isShift((factor.value as Interval).lo)) return outward(low, high, sign, true)
    // only the exponent moves: no rounding, though overflow
    const most = c.constant(Number.MAX_VALUE)
    const least = c.constant(-Number.MAX_VALUE)
    return { lo: c.op('pmin', low, most), hi: c.op('pmax', high, least), sign }
  }

  const mul = (x: LaneInterval, y: LaneInterval): LaneInterval => {
    const sign = (x.sign * y.sign) as Sign
    if (isPoint(x)) return scaled(x, y, sign)
    if (isPoint(y)) return scaled(y, x, sign)
    if (x.sign === 0 && y.sign !== 0) return mul(y, x)
    if (x.sign === -1) return neg(mul(neg(x), y))
    const [p, s] = [times(x.lo, y.lo), times(x.hi, y.hi)]
    if (x.sign === 1 && y.sign === 1) return outward(p, s, 1, true)
    const [q, r] = [times(x.lo, y.hi), times(x.hi, y.lo)]
    if (x.sign === 1 && y.sign === -1) return outward(r, q, -1, true)
    suspect(p, s)
    if (x.sign === 1) return outward(c.op('pmin', p, r), c.op('pmax', q, s), 0, true)
    return outward(
      c.op('pmin', c.op('pmin', p, q), c.op('pmin', r, s)),
      c.op('pmax', c.op('pmax', p, q), c.op('pmax', r, s)),
      0,
      true,
    )
  }

  /** Least and greatest |x|. */
  const magnitudes = (x: LaneInterval): readonly [LaneValue, LaneValue] => {
    if (x.sign === 1) return [x.lo, x.hi]
    const turned = neg(x)
    if (x.sign === -1) return [turned.lo, turned.hi]
    suspect(x.hi, turned.hi)
    return [c.op('pmax', c.op('pmax', x.lo, turned.lo), zero), c.op('pmax', x.hi, turned.hi)]
  }
  const repeated = (x: LaneValue, exponent: number): LaneValue => {
    if (exponent === 1) return x
    const half = repeated(x, exponent >> 1)
    const square = times(half, half)
    return exponent & 1 ? times(square, x) : square
  }

  return {
    constant: (value, exact) => {
      const bounds = constantInterval(value, exact)
      const sign = bounds.lo >= 0 ? 1 : bounds.hi <= 0 ? -1 : 0
      return { lo: c.constant(bounds.lo), hi: c.constant(bounds.hi), sign, value: bounds }
    },
    neg,
    add: (x, y) =>
      outward(c.op('add', x.lo, y.lo), c.op('add', x.hi, y.hi), x.sign === y.sign ? x.sign : 0, false),
    sub: (x, y) =>
      outward(
        c.op('sub', x.lo, y.hi),
        c.op('sub', x.hi, y.lo),
        x.sign === opposite(y.sign) ? x.sign : 0,
        false,
      ),
    mul,
    div: (x, y) => {
      const [from, to] = y.sign === 1 ? [x.lo, x.hi] : [x.hi, x.lo]
      return outward(c.op('div', from, y.lo), c.op('div', to, y.lo), (x.sign * y.sign) as Sign, true)
    },
    power: (x, exponent) => {
      const isEven = exponent % 2 === 0
      const [from, to] = isEven ? magnitudes(x) : [x.lo, x.hi]
      return outward(repeated(from, exponent), repeated(to, exponent), isEven ? 1 : x.sign, true, exponent)
    },
    settled: (x) => {
      if (doubt === undefined) return x
      const failure = c.op('sub', doubt, doubt)
      return { lo: c.op('add', x.lo, failure), hi: c.op('add', x.hi, failure), sign: x.sign }
    },
  }
}

const opposite = (sign: Sign) => (sign === 0 ? 0 : sign === 1 ? -1 : 1)

const isPoint = ({ value }: LaneInterval) => value !== undefined && isFactor(value)

/** Whether multiplying by it moves only the exponent, and up. */
function isShift(factor: number): boolean {
  let rest = Math.abs(factor)
  while (rest > 1) rest /= 2
  return rest === 1 && Number.isFinite(factor)
}
