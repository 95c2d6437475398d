import { midpoint } from './bisectionTree.js'
import type { Box } from './box.js'
import { widestOf } from './boxBounds.js'
import { confinement } from './confinement.js'
import {
  combineIntervals,
  type IntervalMatrix,
  isPositiveDefinite,
  multiplyIntervals,
  symmetricPart,
} from './intervalMatrix.js'
import { isSteady, type Readings } from './readings.js'

/**
 * Whether V > 0 and V̇ < 0 on a box about 0, save at 0 itself. Where f(0) = 0 and ∇V(0) = 0, the mean value theorem
 * along the segment from 0 gives f(x) = J·x and ∇V(x) = H·x with rows of J and H from the enclosed Df and Hess V, so
 * V̇(x) = xᵀ(HᵀJ)x; the whole interval matrix must be negative definite. Row by row is enough: the box is star-shaped.
 * With a rate κ, V(x) = ½xᵀH′x for another H′ from the same enclosure, and HᵀJ + (κ/2)H′ must be. Of a map,
 * V(f(x)) − (1 − κ)V(x) = ½xᵀ(JᵀH″J − (1 − κ)H′)x with H″ from the Hessian over the image, a box about 0 as well.
 */
export function decreasesAround(readings: Readings, box: Box, bisections = 8): 'yes' | 'flat' | 'rising' {
  const { n, size } = readings
  const { lo, hi } = box
  const forms = formsOver(readings, box)
  if (forms === undefined || !isPositiveDefinite(symmetricPart(forms.hessian, 1))) return 'flat'
  if (isPositiveDefinite(forms.fall)) return 'yes'
  if (size === n || bisections === 0) return 'rising'
  // for every value of what is uncertain: halve its widest interval
  const axis = n + widestOf(lo.subarray(n), hi.subarray(n))
  const middle = midpoint(lo[axis] as number, hi[axis] as number)
  const lower = { lo, hi: hi.map((v, i) => (i === axis ? middle : v)) }
  const upper = { lo: lo.map((v, i) => (i === axis ? middle : v)), hi }
  const first = decreasesAround(readings, lower, bisections - 1)
  return first === 'yes' ? decreasesAround(readings, upper, bisections - 1) : first
}

/** The matrices H of ∇V(x) = H·x and of −V̇, symmetric; `undefined` where they do not exist. */
function formsOver(
  readings: Readings,
  { lo, hi }: Box,
): { readonly hessian: IntervalMatrix; readonly fall: IntervalMatrix } | undefined {
  const { n, rate, time, natural, second, secondSize } = readings
  const [low, high] = [new Float64Array(secondSize), new Float64Array(secondSize)]
  // derivatives do not show where f itself is undefined: those of 0·log(x) are 0
  natural(lo, hi, low, high)
  if (!((low[0] as number) <= (high[0] as number) && (low[1] as number) <= (high[1] as number)))
    return undefined
  second(lo, hi, low, high)
  if (!isSteady(low, high, 2 * n * n)) return undefined
  const part = (start: number): IntervalMatrix => ({
    n,
    lo: low.subarray(start, start + n * n),
    hi: high.subarray(start, start + n * n),
  })
  const [hessian, jacobian] = [part(0), part(n * n)]
  const form =
    time === 'discrete'
      ? differenceForm(readings, { lo, hi }, { hessian, jacobian })
      : combineIntervals(multiplyIntervals(hessian, jacobian, true), hessian, rate / 2)
  return { hessian, fall: symmetricPart(form, -1) }
}

/** JᵀH″J − H′ + κH′, H″ over the image of the box. */
function differenceForm(
  { n, rate, image, second, secondSize }: Readings,
  { lo, hi }: Box,
  { hessian, jacobian }: { readonly hessian: IntervalMatrix; readonly jacobian: IntervalMatrix },
): IntervalMatrix {
  const [to, far] = [lo.slice(), hi.slice()]
  const [low, high] = [new Float64Array(secondSize), new Float64Array(secondSize)]
  image(lo, hi, to.subarray(0, n), far.subarray(0, n))
  second(to, far, low, high)
  // a jump of ∇V over the image: no bounds
  if (!isSteady(low, high, 2 * n * n)) low.fill(Number.NaN)
  const there = { n, lo: low.subarray(0, n * n), hi: high.subarray(0, n * n) }
  const turned = { n, lo: hessian.hi.map((v) => -v), hi: hessian.lo.map((v) => -v) }
  const product = multiplyIntervals(multiplyIntervals(jacobian, there, true), jacobian)
  return combineIntervals(combineIntervals(product, turned, 1), hessian, rate)
}

export interface OpenOrigin {
  readonly why: string
  /** whether V or V̇ may be flat to second order along an axis, so that higher orders decide */
  readonly isFlat: boolean
}

/**
 * The largest box s·domain (to within 1 % of s) that {@link decreasesAround} proves, or why there is none.
 */
export function findOriginBox(readings: Readings, domain: Box): Box | OpenOrigin {
  const { n } = readings
  const leads = confinement(readings, domain)
  const isProved = (box: Box) =>
    leads(box.lo, box.hi) === 'inside' && decreasesAround(readings, box) === 'yes'
  const scaled = (s: number): Box => ({
    lo: domain.lo.map((v, i) => (i < n ? s * v : v)),
    hi: domain.hi.map((v, i) => (i < n ? s * v : v)),
  })
  const at0 = decreasesAround(readings, scaled(0))
  if (at0 !== 'yes') return openOrigin(readings, at0, formsOver(readings, scaled(0)))
  let good = 1
  while (good > 2 ** -60 && !isProved(scaled(good))) good /= 2
  if (good <= 2 ** -60)
    return { why: 'no box about the origin is small enough for its second-order proof', isFlat: false }
  let bad = 2 * good
  while (good < 1 && bad > 1.01 * good) {
    const s = (good + bad) / 2
    if (isProved(scaled(s))) good = s
    else bad = s
  }
  return scaled(good)
}

function openOrigin(
  { n, rate, candidate }: Readings,
  at0: 'flat' | 'rising',
  forms: ReturnType<typeof formsOver>,
): OpenOrigin {
  const diagonal = ({ lo, hi }: IntervalMatrix) =>
    Array.from({ length: n }, (_, i) => ({ low: lo[i * (n + 1)], high: hi[i * (n + 1)] }))
  if (at0 === 'flat')
    return {
      why: 'the Hessian of V at the origin is singular, indefinite or undefined',
      isFlat: forms !== undefined && diagonal(forms.hessian).some(({ low }) => low <= 0),
    }
  const sides = forms === undefined ? [] : diagonal(forms.fall)
  const rising = sides.findIndex(({ high }) => high < 0)
  if (rate > 0 && rising >= 0)
    return {
      why: `V̇ + κV (of a map: the change of V in a step, + κV) is positive to second order at the origin along the axis ${candidate.stateNames[rising]}: V falls more slowly there than at the rate κ = ${rate}`,
      isFlat: false,
    }
  return {
    why: 'V̇ (or the change of V in a step; + κV) is not negative definite to second order at the origin',
    isFlat: rising < 0 && sides.some(({ low }) => low <= 0),
  }
}
