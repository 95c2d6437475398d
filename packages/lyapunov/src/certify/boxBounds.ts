import {
  type Enclosure,
  type LinearEnclosure,
  roundDown,
  roundSumDown,
  roundSumUp,
  roundUp,
} from '@separatrix/field/core'
import { midpoint } from './bisectionTree.js'
import { type BoxReadings, isSteady, rangeEnd } from './readings.js'

/** Bounds of V and of R (V̇, or V̇ + κV) over one box, and at its centre; overwritten by every call. */
export interface BoxBounds {
  valueLow: number
  valueHigh: number
  rateLow: number
  rateHigh: number
  /** at the centre, a point */
  readonly centre: Float64Array
  centreValueHigh: number
  centreRateLow: number
  /** along which axis R varies most */
  axis: number
}

export interface BoxEvaluator {
  readonly bounds: BoxBounds
  readonly evaluate: (lo: Float64Array, hi: Float64Array) => void
}

/**
 * Evaluates boxes: the natural enclosure of (V, R), and where that does not settle `settles`, the mean-value form
 * g(c) + Σ ∂ᵢg(box)·(xᵢ − cᵢ), intersected. Each slope is enclosed over the whole box. For R the form is used only
 * where every jump among its slopes is steady over the box (V itself has none, see readPair). Pairs with networks are
 * bounded linearly instead, and pairs of polynomials by affine forms after natural bounds, see {@link linearEvaluator}: on
 * Van der Pol's V̇ a form costs half of the slopes and needs a fifth fewer boxes, in four dimensions a quarter of them. Of
 * 'V' alone nothing is said of R.
 */
export function boxEvaluator(
  readings: BoxReadings,
  units: ArrayLike<number>,
  settles: (bounds: BoxBounds) => boolean,
  of: 'V and R' | 'V' = 'V and R',
): BoxEvaluator {
  const { linear } = readings
  if (linear !== undefined) {
    const forms = of === 'V' ? linear.value : linear.both
    return linearEvaluator(forms, units, settles)
  }
  const affine = readings.affine()
  if (affine !== undefined) return linearEvaluator(affine, units, settles, readings.natural)
  const { n, size, natural, slopes, slopesSize } = readings
  const [low, high, centreLow, centreHigh] = [2, 2, 2, 2].map((k) => new Float64Array(k)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const [slopeLow, slopeHigh] = [new Float64Array(slopesSize), new Float64Array(slopesSize)]
  const bounds = emptyBounds(size)
  const { centre } = bounds
  /** g(centre) + Σ slope·(x − centre): one bound of it, for g = V (entry 0 of natural) or R (entry 1) */
  const meanValue = (at: 0 | 1, lo: Float64Array, hi: Float64Array, upper: boolean) => {
    const [from, count] = at === 0 ? [0, n] : [n, size]
    let total = (upper ? centreHigh : centreLow)[at] as number
    for (let i = 0; i < count; i++) {
      const [sl, sh] = [slopeLow[from + i] as number, slopeHigh[from + i] as number]
      const c = centre[i] as number
      const [dl, dh] = [roundSumDown((lo[i] as number) - c), roundSumUp((hi[i] as number) - c)]
      total = upper
        ? roundSumUp(total + roundUp(Math.max(sl * dl, sl * dh, sh * dl, sh * dh)))
        : roundSumDown(total + roundDown(Math.min(sl * dl, sl * dh, sh * dl, sh * dh)))
    }
    return total
  }
  const evaluate = (lo: Float64Array, hi: Float64Array) => {
    natural(lo, hi, low, high)
    bounds.valueLow = low[0] as number
    bounds.valueHigh = high[0] as number
    bounds.rateLow = low[1] as number
    bounds.rateHigh = high[1] as number
    bounds.centreRateLow = Number.NaN
    if (settles(bounds)) return
    for (let i = 0; i < size; i++) centre[i] = midpoint(lo[i] as number, hi[i] as number)
    natural(centre, centre, centreLow, centreHigh)
    bounds.centreValueHigh = centreHigh[0] as number
    bounds.centreRateLow = centreLow[1] as number
    slopes(lo, hi, slopeLow, slopeHigh)
    bounds.valueLow = greater(bounds.valueLow, meanValue(0, lo, hi, false))
    bounds.valueHigh = -greater(-bounds.valueHigh, -meanValue(0, lo, hi, true))
    if (isSteady(slopeLow, slopeHigh, n + size)) {
      bounds.rateLow = greater(bounds.rateLow, meanValue(1, lo, hi, false))
      bounds.rateHigh = -greater(-bounds.rateHigh, -meanValue(1, lo, hi, true))
    }
    bounds.axis = steepest(lo, hi)
  }
  /** The axis along which R varies most by its slope; the widest one where slopes do not tell. */
  const steepest = (lo: Float64Array, hi: Float64Array) => {
    let [best, most] = [-1, 0]
    for (let i = 0; i < size; i++) {
      const w = (hi[i] as number) - (lo[i] as number)
      const variation = Math.max(-(slopeLow[n + i] as number), slopeHigh[n + i] as number) * w
      if (!(variation < Infinity)) return widestOf(lo, hi, units)
      if (variation > most) [best, most] = [i, variation]
    }
    return best >= 0 ? best : widestOf(lo, hi, units)
  }
  return { bounds, evaluate }
}

const emptyBounds = (size: number): BoxBounds => ({
  valueLow: 0,
  valueHigh: 0,
  rateLow: 0,
  rateHigh: 0,
  centre: new Float64Array(size),
  centreValueHigh: Number.NaN,
  centreRateLow: Number.NaN,
  axis: 0,
})

/**
 * Evaluates boxes by linear bounds c + Σ gᵢεᵢ ± r of V, or of V and R, after `natural` bounds and within them, where these
 * are given. What is undefined is NaN in both ends, as with the natural enclosure. The axis is where R varies most, its
 * remainder counted by the widths. All widths are measured in units, see unitsOf.
 */
function linearEvaluator(
  { evaluate: read, sides, outputs }: LinearEnclosure,
  units: ArrayLike<number>,
  settles: (bounds: BoxBounds) => boolean,
  natural?: Enclosure,
): BoxEvaluator {
  const size = units.length
  const bounds = emptyBounds(size)
  const { centre } = bounds
  const form = new Float64Array(outputs * (sides + 2))
  const [low, high] = [new Float64Array(outputs), new Float64Array(outputs)]
  const r = 1 + sides
  const rate = outputs - 1
  const entry = (p: number, k: number) => form[p * outputs + k] as number
  const end = (k: number, sign: 1 | -1) => rangeEnd(form, { outputs, sides, entry: k, sign })
  const take = () => {
    bounds.valueLow = low[0]
    bounds.valueHigh = high[0]
    bounds.rateLow = low[rate]
    bounds.rateHigh = high[rate]
  }
  /** writes bounds by the forms, within those of `natural` if it was read there */
  const readForms = (lo: Float64Array, hi: Float64Array) => {
    read(lo, hi, form)
    for (const k of [0, rate]) {
      low[k] = natural === undefined ? end(k, -1) : greater(low[k], end(k, -1))
      high[k] = natural === undefined ? end(k, 1) : -greater(-high[k], -end(k, 1))
    }
  }
  const evaluate = (lo: Float64Array, hi: Float64Array) => {
    bounds.centreRateLow = Number.NaN
    if (natural !== undefined) {
      natural(lo, hi, low, high)
      take()
      if (settles(bounds)) return
    }
    readForms(lo, hi)
    take()
    if (settles(bounds)) return
    let [most, total] = [-1, 0]
    for (let i = 0; i < size; i++) total += relativeWidth(lo, hi, units, i)
    for (let i = 0; i < size; i++) {
      centre[i] = midpoint(lo[i], hi[i])
      const share = total === 0 ? 0 : relativeWidth(lo, hi, units, i) / total
      // a form without slopes, and one of no finite size, tells by the widths
      const variation = Math.abs(entry(1 + i, rate)) + entry(r, rate) * share
      const weight = variation < Infinity ? variation : share
      if (weight > most && hi[i] > lo[i]) [most, bounds.axis] = [weight, i]
    }
    if (natural !== undefined) natural(centre, centre, low, high)
    else readForms(centre, centre)
    bounds.centreValueHigh = high[0]
    bounds.centreRateLow = low[rate]
  }
  return { bounds, evaluate }
}

/**
 * The larger bound. A natural bound `a` that is NaN stays so: the function may be undefined or cut there (atan2), and
 * slopes need not show it.
 */
function greater(a: number, b: number): number {
  return Number.isNaN(b) ? a : Math.max(a, b)
}

/** The side that is widest, measured in units where these are given: those in which states are written must not matter. */
export function widestOf(lo: Float64Array, hi: Float64Array, units?: ArrayLike<number>): number {
  let axis = 0
  for (let i = 1; i < lo.length; i++)
    if (relativeWidth(lo, hi, units, i) > relativeWidth(lo, hi, units, axis)) axis = i
  return axis
}

function relativeWidth(
  lo: Float64Array,
  hi: Float64Array,
  units: ArrayLike<number> | undefined,
  axis: number,
): number {
  const width = (hi[axis] as number) - (lo[axis] as number)
  return units !== undefined && width > 0 ? width / (units[axis] as number) : width
}
