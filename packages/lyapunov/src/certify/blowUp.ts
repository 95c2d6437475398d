import { combine, roundDown } from '@separatrix/field/core'
import type { Box } from './box.js'
import { confinement } from './confinement.js'
import { chartBox, leadingForm, type OriginFailure, roomFor, type Side } from './leadingForm.js'
import type { Readings } from './readings.js'
import type { StopCheck } from './stopCheck.js'
import type { BlowUp, WeightedProof } from './weightedProof.js'

/**
 * Closes an origin at which the Hessian of V or the quadratic form of V̇ is not definite, by weighted (quasi-homogeneous)
 * blow-up. Along each axis g must begin with an even power xᵢ^eᵢ, which fixes the weights up to a factor: wᵢ = b/eᵢ, b being
 * their least common multiple (the face of the Newton polytope that meets all axes; Bruno, Power Geometry, 2000). In a chart
 * g = r^a·q by its sums and products, and the derivatives of q below the order m = b − a vanish at r = 0, exactly. Then
 * q = rᵐ·(a mean of ∂ᵣᵐq/m! between 0 and r), Taylor's theorem: ∂ᵣᵐq > 0 on [0, R] × [−1, 1]ⁿ⁻¹ is enough, for analytic g.
 */
export function blowUpOrigin(
  readings: Readings,
  domain: Box,
  stop: StopCheck,
): { readonly origin: Box; readonly blowUp: BlowUp } | OriginFailure {
  const { n, candidate, decay, field, equilibrium } = readings
  if (equilibrium !== undefined)
    return { why: 'a degenerate origin is closed only where the equilibrium is exactly at 0' }
  const isSmooth = [candidate, field].every(({ nodes }) => nodes.every(({ op }) => !kinks.has(op)))
  if (!isSmooth) return { why: 'V or f has kinks, and a degenerate origin needs higher derivatives' }
  const fall = combine([decay], (b, place) => b.neg(place(decay)))
  const value = largestRadius(readings, domain, { name: 'V', g: candidate, isValue: true }, stop)
  if ('why' in value) return value
  const rate = largestRadius(readings, domain, { name: fallName(readings), g: fall, isValue: false }, stop)
  if ('why' in rate) return rate
  const half = boxOf(value).map((h, i) => Math.min(h, boxOf(rate)[i]))
  const origin = {
    lo: domain.lo.map((v, i) => (i < n ? -half[i] : v)),
    hi: domain.hi.map((v, i) => (i < n ? half[i] : v)),
  }
  return { origin, blowUp: { value, rate } }
}

const fallName = ({ rate, time }: Readings) =>
  `${time === 'discrete' ? 'V − V∘f' : '−V̇'}${rate > 0 ? ` − ${rate}V` : ''}`

const kinks: ReadonlySet<string> = new Set(['relu', 'abs', 'min', 'max', 'sign', 'step'])

/** The proof with the largest radius that works, to within a tenth. */
function largestRadius(
  readings: Readings,
  domain: Box,
  side: Side,
  stop: StopCheck,
): WeightedProof | OriginFailure {
  const leading = leadingForm(readings, domain, side, stop)
  if ('why' in leading) return leading
  const { weights, order } = leading
  const proofAt = (radius: number): WeightedProof | undefined => {
    if (!isUsable(readings, domain, boxOf({ weights, radius }))) return undefined
    const trees: (readonly number[])[] = []
    for (const [k, prove] of leading.charts.entries()) {
      // off r = 0 the same form varies a little: what takes far more boxes is not worth its radius
      const { tree } = prove(chartBox(domain, side, radius), 20 * leading.boxes[k] + 200)
      if (tree === undefined) return undefined
      trees.push(tree)
    }
    return { weights, order, radius, trees }
  }
  const most = roomFor(domain, weights)
  let [radius, proof] = [most, proofAt(most)]
  while (proof === undefined && radius > most * 2 ** -40 && stop() === undefined) {
    radius /= 2
    proof = proofAt(radius)
  }
  if (proof === undefined) return { why: `no box about the origin is small enough to prove ${side.name} > 0` }
  let bad = 2 * proof.radius
  while (bad <= most && bad > 1.1 * proof.radius) {
    const middle = (proof.radius + bad) / 2
    const better = proofAt(middle)
    if (better === undefined) bad = middle
    else proof = better
  }
  return proof
}

/** Half-widths of the box of a radius, less a margin for other roundings of its powers. */
function boxOf({ weights, radius }: Pick<WeightedProof, 'weights' | 'radius'>): number[] {
  return weights.map((w) => {
    let power = 1
    for (let k = 0; k < w; k++) power = roundDown(power * radius)
    return power * (1 - 2 ** -40)
  })
}

/** V, R and f are defined on the box |xᵢ| ≤ halfᵢ, which a map leads into the domain. */
function isUsable(readings: Readings, domain: Box, half: readonly number[]): boolean {
  const { n, natural, image } = readings
  const lo = domain.lo.map((v, i) => (i < n ? -half[i] : v))
  const hi = domain.hi.map((v, i) => (i < n ? half[i] : v))
  const isDefined = (read: typeof natural, size: number) => {
    const [low, high] = [new Float64Array(size), new Float64Array(size)]
    read(lo, hi, low, high)
    return low.every((v, i) => Number.isFinite(high[i] - v))
  }
  return isDefined(natural, 2) && isDefined(image, n) && confinement(readings, domain)(lo, hi) === 'inside'
}
