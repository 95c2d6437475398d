import {
  above,
  add,
  centre,
  type Interval,
  intervals,
  isBounded,
  leastNormal,
  mul,
  point,
  power,
  sub,
  zero,
} from './interval.js'
import { type Jet, jets, named, powerOf, type Ring, reciprocal, type Smooth } from './ring.js'

/**
 * A function over a box: within [lo, hi], and within centre + Σ slopesᵢ·εᵢ ± rest, where εᵢ in [−1, 1] is how far the i-th
 * coordinate is from the middle of its side. Whatever was rounded is in the rest.
 */
export interface Affine extends Interval {
  readonly centre: number
  readonly slopes: readonly number[]
  /** Σ |slopesᵢ| */
  readonly reach: number
  readonly rest: number
}

const { EPSILON, MIN_VALUE } = Number
const half = ({ lo, hi }: Interval, middle: number) => above(Math.max(above(hi - middle), above(middle - lo)))

/** What is only known to lie in an interval. */
export function fixed({ lo, hi }: Interval): Affine {
  const middle = centre({ lo, hi })
  return { lo, hi, centre: middle, slopes: [], reach: 0, rest: lo === hi ? 0 : half({ lo, hi }, middle) }
}

/** The i-th of n coordinates. */
export function coordinate(side: Interval, i: number): Affine {
  const middle = centre(side)
  const reach = side.lo === side.hi ? 0 : half(side, middle)
  const slopes: number[] = []
  for (let k = 0; k < i; k++) slopes.push(0)
  slopes.push(reach)
  return { lo: side.lo, hi: side.hi, centre: middle, slopes, reach, rest: 0 }
}

/**
 * Σ wₖuₖ + shift ± more, each weight up to a unit in its last place, within an interval that is known. What is computed here
 * errs by less than `count` units of the sum `size` of all absolute values, and `slack` is for sums of nonnegative terms.
 */
function combined(
  natural: Interval,
  weights: readonly number[],
  terms: readonly Affine[],
  [shift, more]: readonly [number, number],
): Affine {
  const slopes: number[] = []
  let [middle, size, rest, reach] = [shift, Math.abs(shift), more, 0]
  for (let k = 0; k < terms.length; k++) {
    const [w, u] = [weights[k], terms[k]]
    middle += w * u.centre
    size += (Math.abs(w) + leastNormal) * (Math.abs(u.centre) + u.reach + u.rest)
    rest += Math.abs(w) * u.rest
    for (let i = 0; i < u.slopes.length; i++)
      slopes[i] = i < slopes.length ? slopes[i] + w * u.slopes[i] : w * u.slopes[i]
  }
  for (const s of slopes) reach += Math.abs(s)
  const count = terms.length + slopes.length + 4
  const slack = 1 + 4 * count * EPSILON
  const all = (rest + count * EPSILON * size + count * count * MIN_VALUE) * slack
  if (!(all < Infinity)) return fixed(natural)
  const most = (reach + all) * slack
  const lo = Math.max(-above(most - middle), natural.lo)
  const hi = Math.min(above(middle + most), natural.hi)
  // of two descriptions the one that knows more
  return all < hi - lo ? { lo, hi, centre: middle, slopes, reach, rest: all } : fixed({ lo, hi })
}

function product(u: Affine, v: Affine): Affine {
  const natural = mul(u, v)
  const count = Math.min(u.slopes.length, v.slopes.length)
  let [squares, cross] = [0, 0]
  for (let i = 0; i < count; i++) {
    const s = u.slopes[i] * v.slopes[i]
    squares += s / 2
    cross += Math.abs(s) / 2
  }
  // εᵢ² is in [0, 1]
  const rest = (u.reach + u.rest) * (v.reach + v.rest) - cross + 4 * (count + 2) * EPSILON * cross
  return combined(natural, [v.centre, u.centre], [u, v], [squares - u.centre * v.centre, rest])
}

const first = jets(intervals, 1)
const jet = <T>(value: T, slope: T): Jet<T> => ({ value, base: value, slopes: [slope] })

/** φ, by φ(m) + p(u − m) and its second or first derivative over the interval of u. */
function applied(f: Smooth, u: Affine): Affine {
  const side = { lo: u.lo, hi: u.hi }
  const natural = f.value(intervals, side)
  if (u.lo === u.hi || !(natural.lo <= natural.hi)) return fixed(natural)
  const slope = f.slope(intervals, side, natural)
  const bend = f.slope(first, jet(side, point(1)), jet(natural, slope)).slopes[0] ?? zero
  const m = point(centre(u))
  const value = f.value(intervals, m)
  const away = sub(side, m)
  /** the rest of φ − φ(m) − p(u − m), where φ′ is in an interval about p, and what else there is */
  const form = (about: Interval, more: Interval) => {
    const p = point(centre(about))
    return { p, within: add(sub(value, mul(p, m)), add(mul(sub(about, p), away), more)) }
  }
  const curved = form(f.slope(intervals, m, value), mul(bend, { lo: 0, hi: power(away, 2).hi / 2 }))
  const straight = form(slope, zero)
  const size = ({ within: { lo, hi } }: typeof curved) => (lo <= hi ? hi - lo : Infinity)
  const { p, within } = size(curved) < size(straight) ? curved : straight
  if (!isBounded(within)) return fixed(natural)
  const { centre: shift, rest } = fixed(within)
  return combined(natural, [p.lo], [u], [shift, rest])
}

/** Functions over a box, to first order; beside them are intervals, so that nothing is looser than those. */
export const affine: Ring<Affine> = {
  constant: (value, exact) => fixed(intervals.constant(value, exact)),
  add: (u, v) => combined(add(u, v), [1, 1], [u, v], [0, 0]),
  neg: (u) => combined(intervals.neg(u), [-1], [u], [0, 0]),
  mul: product,
  linear: (w, exact, x) => combined(intervals.linear(w, exact, x), w, x, [0, 0]),
  inverse: (u) => applied(reciprocal, u),
  power: (u, k) => (k === 1 ? u : applied(powerOf(k), u)),
  call: (name, u) => applied(named(name), u),
}
