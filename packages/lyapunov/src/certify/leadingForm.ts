import { enclose, type Field, partialDerivative } from '@separatrix/field/core'
import type { Box } from './box.js'
import { type PositiveResult, positivityOf } from './provePositive.js'
import type { Readings } from './readings.js'
import { replay } from './searchCounterexample.js'
import type { StopCheck } from './stopCheck.js'
import type { Refutation } from './verdict.js'
import { derivativeAtZero, inWeights, isIdenticallyZero } from './weightedCoordinates.js'

/** Orders of Taylor polynomials beyond which nothing is tried; 24 is the least common multiple of 2, 4, 6 and 8. */
const [mostLeading, mostOrder] = [12, 24]
/** boxes for the leading form of one chart */
const leadingBoxes = 4000

/** What is to be positive, V or −R, with its name in messages. */
export interface Side {
  readonly name: string
  readonly isValue: boolean
  readonly g: Field
}

export interface OriginFailure {
  readonly why: string
  /** a point near 0 at which V̇ ≥ 0 */
  readonly rising?: Refutation
  /** a point near 0 at which V ≤ 0 */
  readonly sunken?: Refutation
}

/** g along the weights, its axes and charts, ready for radii. */
export interface Leading {
  readonly weights: readonly number[]
  readonly order: number
  readonly charts: readonly ((box: Box, maxBoxes: number) => PositiveResult)[]
  /** boxes that the leading forms took, chart by chart */
  readonly boxes: readonly number[]
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/** The weights of g and its derivative of leading order in every chart, which is positive at r = 0. */
export function leadingForm(
  readings: Readings,
  domain: Box,
  side: Side,
  stop: StopCheck,
): Leading | OriginFailure {
  const { g, name } = side
  const n = g.stateSize
  const first = Array.from({ length: n }, (_, i) => firstPower(side, i, domain))
  for (const [i, power] of first.entries()) {
    const axis = g.stateNames[i]
    if (typeof power === 'string') return { why: `${name} ${power} along the axis ${axis}` }
    if (power.sign > 0 && power.order % 2 === 0) continue
    const y = first.map((_, j) => Number(i === j))
    const why = `${name} begins with a multiple of ${axis}^${power.order} along the axis ${axis}, which is not positive on both sides`
    return failureAlong(readings, domain, { side, why, weights: y.map(() => 1), ways: [y, y.map((v) => -v)] })
  }
  const orders = first.map((power) => (power as FirstPower).order)
  const order = orders.reduce((a, e) => (a * e) / gcd(a, e))
  if (order > mostOrder)
    return { why: `${name} begins with the powers ${orders.join(', ')}, whose common order ${order} is beyond ${mostOrder}` } // biome-ignore format: one line
  const weights = orders.map((e) => order / e)
  const free = inWeights(g, weights, weights.map(() => undefined)) // biome-ignore format: one line
  for (let k = free.from; k < order; k++)
    if (isIdenticallyZero(derivativeAtZero(free.quotient, k - free.from)) !== true)
      return {
        why: `${name} is not shown to begin with the order ${order} of the weights ${weights.join(', ')}`,
      }
  const boxes: number[] = []
  const charts: Leading['charts'][number][] = []
  for (let k = 0; k < 2 * n; k++) {
    const [axis, sign] = [k >> 1, k % 2 ? -1 : 1]
    const fixed = weights.map((_, j) => (j === axis ? sign : undefined))
    const { from, quotient } = inWeights(g, weights, fixed)
    const prove = positivityOf(partialDerivative(quotient, { axis: 0, order: order - from }), stop)
    const result = prove(chartBox(domain, side, 0), leadingBoxes)
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
  const [lo, hi] = [domain.lo, domain.hi].map((sides) => [0, ...inputSides(sides, g)])
  const [low, high] = [new Float64Array(1), new Float64Array(1)]
  for (let order = along.from; order <= mostLeading; order++) {
    const coefficient = derivativeAtZero(along.quotient, order - along.from)
    const isZero = isIdenticallyZero(coefficient)
    if (isZero === undefined) return 'has a Taylor series that is too long to be expanded exactly'
    if (isZero) continue
    enclose(coefficient)(lo, hi, low, high)
    return { order, sign: low[0] > 0 ? 1 : high[0] < 0 ? -1 : 0 }
  }
  return `vanishes to the order ${mostLeading}`
}

/** The radius whose box just fits into the domain. */
export const roomFor = ({ lo, hi }: Box, weights: readonly number[]) =>
  Math.min(...weights.map((w, i) => Math.min(-lo[i], hi[i]) ** (1 / w))) * (1 - 2 ** -40)

/** [0, radius] × [−1, 1]ⁿ⁻¹, and what is uncertain. */
export function chartBox(domain: Box, { g }: Side, radius: number): Box {
  const ones = new Array<number>(g.stateSize - 1).fill(1)
  return {
    lo: Float64Array.of(0, ...ones.map((v) => -v), ...inputSides(domain.lo, g)),
    hi: Float64Array.of(radius, ...ones, ...inputSides(domain.hi, g)),
  }
}

/** The sides of what is uncertain; V has none. */
const inputSides = (sides: Float64Array, { inputSize }: Field) => sides.subarray(sides.length - inputSize)

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
      found = (side.isValue ? sunkenAt(readings, x) : replay(readings, x)) ?? found
    }
  if (found === undefined) return { why }
  return side.isValue ? { why, sunken: found } : { why, rising: found }
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
