import { constantInterval } from './intervalRules.js'
import type { RingArithmetic } from './ringArithmetic.js'
import { type LineCode, leastExponent, roundedCode, type Sparse } from './roundedCode.js'

/** c + Σ gᵢεᵢ ± r with |εᵢ| ≤ 1, one symbol for each side of the box; what is undefined is 0. */
export interface AffineForm<V> {
  readonly centre: Sparse<V>
  /** by side */
  readonly slopes: readonly Sparse<V>[]
  readonly rest: Sparse<V>
  /** T ≥ c⁺ + Σ gᵢ⁺ + r⁺, a sum of what is not negative */
  readonly size: Sparse<V>
  /** of a constant */
  readonly value?: number
  /** of a side or a constant itself */
  readonly ends?: Ends<V>
}

export interface Ends<V> {
  readonly lo: V
  readonly hi: V
}

/** Affine arithmetic printed as straight-line code; see {@link affineForms}. */
export interface AffineForms<V> extends RingArithmetic<AffineForm<V>> {
  /** the form of side k of the box, whose ends are `lo` and `hi` */
  readonly side: (k: number, lo: V, hi: V) => AffineForm<V>
  /** bounds of all that a form and its roundings stand for: NaN, or infinite and outward, where anything overflowed */
  readonly bounds: (x: AffineForm<V>) => Ends<V>
  /** the form with its roundings in r, and c made NaN where it is not finite */
  readonly settled: (x: AffineForm<V>) => {
    readonly centre: V
    readonly slopes: readonly V[]
    readonly rest: V
  }
  /** whether the bounds hold for all that was printed */
  readonly holds: () => boolean
}

/**
 * Affine arithmetic with one symbol a side of the box (de Figueiredo & Stolfi, Numer. Algor. 37, 2004; the remainder as in
 * Messine's AF1, 2002), in round-to-nearest without minima. What roundings can have cost is added once, at the end.
 *
 * A side [a, b] is m + ρε with m = (a + b)/2, ρ = (b − a)/2, and m⁺ = |m| + φ/2, ρ⁺ = ρ + φ/2 with φ = 2^floor: computed,
 * either errs by u of its size and, halved to a subnormal, by η/2 ≤ uφ/2. The products split εᵢ² ∈ [0, 1] into its middle and
 * a rest of the same size, so that in each rule the sizes of the parts, as s⁺, add up to the product of the arguments' sums:
 * c⁺ + Σgᵢ⁺ + r⁺ ≤ T with T = |m| + ρ + φ of a side, |κ| of a constant, and the formula itself in all these, with + for −. So by
 * {@link roundedCode} the parts of a form together err by at most ((1 + u)^k − 1)·T, k the largest count among them. T itself
 * is computed, T̃ ≥ (1 − u)^k T, for nothing in it cancels (T̃ ≥ (1 − u)³T of a side).
 *
 * The lower bound is c̃ ⊖ w with w = R̃ ⊕ (W ⊙ T̃), R = Σ|gᵢ| + r. As |c̃| + R̃ ≤ (1 + u)^k T, it lies below c − R if
 * W ≥ ((1 + u)^(k + 2) − 1)/((1 − u)^(k + 1) (1 − 2u − u²)); W = (k + 2)(1 + 2⁻²⁰)u is more, for k < 2³⁰. The same holds above.
 *
 * All of a form is read by what uses it, and a number that is not finite makes every sum and product that it enters not finite.
 * So finite bounds mean that nothing overflowed. c̃ − c̃ is added to w: else an infinite c̃ were a bound on the inner side.
 */
export function affineForms<V>(code: LineCode<V>, sides: number, floor: number): AffineForms<V> {
  const { size, plus, times, half, over, negated, absolute, printed, holds } = roundedCode(code)
  const none: readonly Sparse<V>[] = new Array(sides).fill(undefined)
  const total = (terms: readonly Sparse<V>[]) => terms.reduce(plus, undefined)
  /** Σ|gᵢ| */
  const reach = ({ slopes }: AffineForm<V>) => total(slopes.map(absolute))
  /** |c| + Σ|gᵢ| */
  const extent = (x: AffineForm<V>) => plus(absolute(x.centre), reach(x))

  const add = (x: AffineForm<V>, y: AffineForm<V>): AffineForm<V> => ({
    centre: plus(x.centre, y.centre),
    slopes: x.slopes.map((g, i) => plus(g, y.slopes[i])),
    rest: plus(x.rest, y.rest),
    size: plus(x.size, y.size),
  })
  const neg = (x: AffineForm<V>): AffineForm<V> => ({
    centre: negated(x.centre),
    slopes: x.slopes.map(negated),
    rest: x.rest,
    size: x.size,
  })

  const square = (x: AffineForm<V>): AffineForm<V> => {
    const radius = plus(reach(x), x.rest)
    const bend = half(times(radius, radius))
    const twice = plus(x.centre, x.centre)
    return {
      centre: plus(times(x.centre, x.centre), bend),
      slopes: x.slopes.map((g) => times(twice, g)),
      rest: plus(x.rest && times(absolute(twice), x.rest), bend),
      size: times(x.size, x.size),
    }
  }

  const mul = (x: AffineForm<V>, y: AffineForm<V>): AffineForm<V> => {
    if (x === y) return square(x)
    const diagonal = x.slopes.map((g, i) => half(times(g, y.slopes[i])))
    const cross = x.slopes.flatMap((g, i) =>
      y.slopes
        .slice(i + 1)
        .map((h, j) => absolute(plus(times(g, h), times(x.slopes[i + 1 + j], y.slopes[i])))),
    )
    const beside = plus(y.rest && times(extent(x), y.rest), x.rest && times(plus(extent(y), y.rest), x.rest))
    return {
      centre: plus(times(x.centre, y.centre), total(diagonal)),
      slopes: x.slopes.map((g, i) => plus(times(x.centre, y.slopes[i]), times(y.centre, g))),
      rest: plus(total([...diagonal.map(absolute), ...cross]), beside),
      size: times(x.size, y.size),
    }
  }

  const power = (x: AffineForm<V>, exponent: number): AffineForm<V> => {
    if (exponent === 1) return x
    const even = square(power(x, exponent >> 1))
    return exponent & 1 ? mul(even, x) : even
  }

  /** c̃, R̃, and W·T̃ with c̃ − c̃ */
  const ending = (x: AffineForm<V>) => {
    const radius = plus(reach(x), x.rest)
    const k = Math.max(...[x.centre, radius, x.size].map((s) => s?.roundings ?? 0))
    const slack = code.constant((k + 2) * 2 ** -53 * (1 + 2 ** -20))
    const centre = printed(x.centre)
    const failure = code.op('sub', centre, centre)
    const margin = code.op('add', code.op('mul', printed(x.size), slack), failure)
    return { centre, radius, margin }
  }

  return {
    constant(value, exact) {
      const { lo, hi } = constantInterval(value, exact)
      const ends = { lo: code.constant(lo), hi: code.constant(hi) }
      const known = { slopes: none, rest: undefined, value, ends }
      if (lo === 0 && hi === 0) return { ...known, centre: undefined, size: undefined }
      // a decimal lies within 2u of its double, and η
      const part = size(code.constant(Math.abs(value)), lo === hi ? 0 : 3, leastExponent(value))
      return { ...known, centre: value < 0 ? negated(part) : part, size: part }
    },
    side(k, lo, hi) {
      const part = (name: 'add' | 'sub') =>
        size(code.op('mul', code.op(name, hi, lo), code.constant(0.5)), 1, floor - 1)
      const [centre, slope] = [{ ...part('add'), isSize: false }, part('sub')]
      return {
        centre,
        slopes: none.map((_, i) => (i === k ? slope : undefined)),
        rest: undefined,
        size: plus(plus(absolute(centre), slope), size(code.constant(2 ** floor), 0, floor)),
        ends: { lo, hi },
      }
    },
    neg,
    add,
    sub: (x, y) => add(x, neg(y)),
    mul,
    div: (x, { value = 0 }) => ({
      centre: over(x.centre, value),
      slopes: x.slopes.map((g) => over(g, value)),
      rest: over(x.rest, Math.abs(value)),
      size: over(x.size, Math.abs(value)),
    }),
    power,
    bounds(x) {
      if (x.ends !== undefined) return x.ends
      const { centre, radius, margin } = ending(x)
      const width = code.op('add', printed(radius), margin)
      return { lo: code.op('sub', centre, width), hi: code.op('add', centre, width) }
    },
    settled(x) {
      const { centre, margin } = ending(x)
      return { centre, slopes: x.slopes.map(printed), rest: code.op('add', printed(x.rest), margin) }
    },
    holds,
  }
}
