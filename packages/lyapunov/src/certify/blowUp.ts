import { combine, enclose, type Field, partialDerivative, roundDown } from '@separatrix/field/core'
import type { Box } from './box.js'
import { confinement } from './confinement.js'
import { type PositiveResult, positivityOf } from './provePositive.js'
import type { Readings } from './readings.js'
import { replay } from './searchCounterexample.js'
import type { Refutation } from './verdict.js'
import { derivativeAtZero, inWeights, isIdenticallyZero } from './weightedCoordinates.js'

/**
 * g > 0 on {|xᵢ| ≤ radius^weights[i]} but at 0: in each chart xᵢ = ±r^wᵢ, xⱼ = r^wⱼ·yⱼ, |yⱼ| ≤ 1, 0 ≤ r ≤ radius, the
 * derivatives of g in r of lower orders vanish at r = 0, and that of this order is positive.
 */
export interface WeightedProof {
  readonly weights: readonly number[]
  readonly order: number
  readonly radius: number
  /** a bisection of [0, radius] × [−1, 1]ⁿ⁻¹ × what is uncertain for each chart: + and − of each axis in turn */
  readonly trees: readonly (readonly number[])[]
}

/** Both of V and −V̇ (or −V̇ − κV, …), each with its own weights. */
export interface BlowUp {
  readonly value: WeightedProof
  readonly rate: WeightedProof
}

export interface OriginFailure {
  readonly why: string
  /** a point near 0 at which V̇ ≥ 0 */
  readonly rising?: Refutation
  /** a point near 0 at which V ≤ 0 */
  readonly sunken?: Refutation
}

/** Orders of Taylor polynomials beyond which nothing is tried; 24 is the least common multiple of 2, 4, 6 and 8. */
const [mostLeading, mostOrder] = [12, 24]
/** boxes for the leading form of one chart */
const leadingBoxes = 4000

/** What is to be positive, V or −R, with its name in messages. */
interface Side {
  readonly name: 'V' | '−V̇'
  readonly g: Field
}

/** g along the weights, its axes and charts, ready for radii. */
interface Leading {
  readonly weights: readonly number[]
  readonly order: number
  readonly charts: readonly ((box: Box, maxBoxes: number) => PositiveResult)[]
  /** boxes that the leading forms took, chart by chart */
  readonly boxes: readonly number[]
}

/**
 * Closes an origin at which the Hessian of V or the quadratic form of V̇ is not definite, by weighted (quasi-homogeneous)
 * blow-up. Along each axis g must begin with an even power xᵢ^eᵢ, which fixes the weights up to a factor: wᵢ = b/eᵢ, b being
 * their least common multiple (the Newton polytope's face; Bruno, Power Geometry, 2000). In a chart Taylor's theorem gives
 * g = r^b·∫(1 − s)^(b−1) ∂ᵣᵇg(sr, y) ds/(b − 1)!, so ∂ᵣᵇg > 0 on [0, R] is enough for analytic g, not only for polynomials.
 */
export function blowUpOrigin(
  readings: Readings,
  domain: Box,
): { readonly origin: Box; readonly blowUp: BlowUp } | OriginFailure {
  const { n, candidate, decay, field, equilibrium } = readings
  if (equilibrium !== undefined)
    return { why: 'a degenerate origin is closed only where the equilibrium is exactly at 0' }
  const isSmooth = [candidate, field].every(({ nodes }) => nodes.every(({ op }) => !kinks.has(op)))
  if (!isSmooth) return { why: 'V or f has kinks, and a degenerate origin needs higher derivatives' }
  const fall = combine([decay], (b, place) => b.neg(place(decay)))
  const value = largestRadius(readings, domain, { name: 'V', g: candidate })
  if ('why' in value) return value
  const rate = largestRadius(readings, domain, { name: '−V̇', g: fall })
  if ('why' in rate) return rate
  const half = boxOf(value).map((h, i) => Math.min(h, boxOf(rate)[i]))
  const origin = {
    lo: domain.lo.map((v, i) => (i < n ? -half[i] : v)),
    hi: domain.hi.map((v, i) => (i < n ? half[i] : v)),
  }
  return { origin, blowUp: { value, rate } }
}

const kinks: ReadonlySet<string> = new Set(['relu', 'abs', 'min', 'max', 'sign', 'step'])

/** The proof with the largest radius that works, to within a tenth. */
function largestRadius(readings: Readings, domain: Box, side: Side): WeightedProof | OriginFailure {
  const leading = leadingForm(readings, domain, side)
  if ('why' in leading) return leading
  const { weights, order } = leading
  const proofAt = (radius: number): WeightedProof | undefined => {
    if (!isUsable(readings, domain, boxOf({ weights, radius }))) return undefined
    const trees: (readonly number[])[] = []
    for (const [k, prove] of leading.charts.entries()) {
      const { tree } = prove(chartBox(readings, domain, { side, radius }), 20 * leading.boxes[k] + 200)
      if (tree === undefined) return undefined
      trees.push(tree)
    }
    return { weights, order, radius, trees }
  }
  const most = roomFor(domain, weights)
  let [radius, proof] = [most, proofAt(most)]
  while (proof === undefined && radius > most * 2 ** -40) {
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

/** The radius whose box just fits into the domain. */
const roomFor = ({ lo, hi }: Box, weights: readonly number[]) =>
  Math.min(...weights.map((w, i) => Math.min(-lo[i], hi[i]) ** (1 / w))) * (1 - 2 ** -40)

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

/** [0, radius] × [−1, 1]ⁿ⁻¹, and what is uncertain. */
function chartBox(
  { n }: Readings,
  domain: Box,
  { side, radius }: { readonly side: Side; readonly radius: number },
): Box {
  const extras = domain.lo.length - n
  const kept = side.g.inputSize === 0 ? [] : Array.from({ length: extras }, (_, i) => n + i)
  const ones = new Array<number>(n - 1).fill(1)
  return {
    lo: Float64Array.of(0, ...ones.map((v) => -v), ...kept.map((i) => domain.lo[i])),
    hi: Float64Array.of(radius, ...ones, ...kept.map((i) => domain.hi[i])),
  }
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** The weights of g and its derivative of leading order in every chart, which is positive at r = 0. */
function leadingForm(readings: Readings, domain: Box, side: Side): Leading | OriginFailure {
  const { n } = readings
  const { g, name } = side
  const first = Array.from({ length: n }, (_, i) => firstPower(side, i, domain))
  for (const [i, power] of first.entries()) {
    const axis = g.stateNames[i]
    if (typeof power === 'string') return { why: `${name} ${power} along the axis ${axis}` }
    if (power.sign > 0 && power.order % 2 === 0) continue
    const y = Array.from({ length: n }, (_, j) => Number(i === j))
    const why = `${name} begins with a multiple of ${axis}^${power.order} along the axis ${axis}, which is not positive on both sides`
    return failureAlong(readings, domain, { side, why: reasonOf(readings, side, why), weights: y.map(() => 1), ways: [y, y.map((v) => -v)] }) // biome-ignore format: one line
  }
  const orders = first.map((power) => (power as FirstPower).order)
  const order = orders.reduce((a, e) => (a * e) / gcd(a, e))
  if (order > mostOrder)
    return { why: `${name} begins with the powers ${orders.join(', ')}, whose common order ${order} is beyond ${mostOrder}` } // biome-ignore format: one line
  const weights = orders.map((e) => order / e)
  const free = inWeights(g, weights, weights.map(() => undefined)) // biome-ignore format: one line
  for (let k = 0; k < order; k++)
    if (isIdenticallyZero(derivativeAtZero(free, k)) !== true)
      return {
        why: `${name} is not shown to begin with the order ${order} of the weights ${weights.join(', ')}`,
      }
  const boxes: number[] = []
  const charts: Leading['charts'][number][] = []
  for (let k = 0; k < 2 * n; k++) {
    const [axis, sign] = [k >> 1, k % 2 ? -1 : 1]
    const fixed = weights.map((_, j) => (j === axis ? sign : undefined))
    const prove = positivityOf(partialDerivative(inWeights(g, weights, fixed), { axis: 0, order }))
    const result = prove(chartBox(readings, domain, { side, radius: 0 }), leadingBoxes)
    if (result.tree === undefined) {
      const why = `the leading form of ${name} at the origin, of the weights ${weights.join(', ')}, is not shown positive`
      if (!(result.failure && result.failure.high < 0)) return { why }
      const rest = [...result.failure.at.subarray(1)]
      const y = fixed.map((v) => v ?? (rest.shift() as number))
      return failureAlong(readings, domain, { side, why, weights, ways: [y], extras: rest })
    }
    boxes.push(result.boxes)
    charts.push(prove)
  }
  return { weights, order, charts, boxes }
}

const reasonOf = ({ rate }: Readings, { name }: Side, why: string) =>
  name === '−V̇' && rate > 0
    ? `${why.replace('−V̇', `−V̇ − ${rate}V`)}: at a degenerate origin V falls more slowly than at any rate`
    : why

interface FirstPower {
  readonly order: number
  readonly sign: number
}

/** The first power of xᵢ in the Taylor series of g along its axis, with the sign of its coefficient (0: it varies). */
function firstPower({ g }: Side, axis: number, domain: Box): FirstPower | string {
  const ones = g.stateNames.map(() => 1)
  const along = inWeights(
    g,
    ones,
    ones.map((_, j) => Number(j === axis)),
  )
  const start = domain.lo.length - g.inputSize
  const [lo, hi] = [domain.lo, domain.hi].map((side) => [0, ...(g.inputSize > 0 ? side.subarray(start) : [])])
  const [low, high] = [new Float64Array(1), new Float64Array(1)]
  for (let order = 0; order <= mostLeading; order++) {
    const coefficient = derivativeAtZero(along, order)
    const isZero = isIdenticallyZero(coefficient)
    if (isZero === undefined) return 'has a Taylor series that is too long to be expanded exactly'
    if (isZero) continue
    enclose(coefficient)(lo, hi, low, high)
    return { order, sign: low[0] > 0 ? 1 : high[0] < 0 ? -1 : 0 }
  }
  return `vanishes to the order ${mostLeading}`
}

/** The point nearest to 0 along ±y, xᵢ = r^wᵢ·yᵢ, at which g ≤ 0 is certain. */
function failureAlong(
  readings: Readings,
  domain: Box,
  {
    side,
    why,
    weights,
    ways,
    extras,
  }: {
    readonly side: Side
    readonly why: string
    readonly weights: readonly number[]
    readonly ways: readonly (readonly number[])[]
    readonly extras?: readonly number[]
  },
): OriginFailure {
  const { n } = readings
  const rest = Array.from({ length: domain.lo.length - n }, (_, i) => extras?.[i] ?? (domain.lo[n + i] + domain.hi[n + i]) / 2) // biome-ignore format: one line
  const most = roomFor(domain, weights)
  let found: Refutation | undefined
  for (let k = 0; k <= 20; k++)
    for (const y of ways) {
      const x = Float64Array.from([...y.map((v, i) => v * (most * 2 ** -k) ** weights[i]), ...rest])
      found = (side.name === 'V' ? sunkenAt(readings, x) : replay(readings, x)) ?? found
    }
  if (found === undefined) return { why }
  return side.name === 'V' ? { why, sunken: found } : { why, rising: found }
}

/** V and R at a point, where V ≤ 0 is certain. */
function sunkenAt({ natural, n }: Readings, point: Float64Array): Refutation | undefined {
  const [low, high] = [new Float64Array(2), new Float64Array(2)]
  natural(point, point, low, high)
  if (!(high[0] <= 0)) return undefined
  return {
    point: point.slice(0, n),
    uncertain: point.slice(n),
    value: [low[0], high[0]],
    rate: [low[1], high[1]],
  }
}
