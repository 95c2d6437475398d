import { type Field, misuse, show } from '@separatrix/field/core'
import type { Condition } from './condition.js'
import { projectOntoHalfspace } from './halfspaceProjection.js'
import { type HalfSpace, nearestPoint } from './nearestPoint.js'

/**
 * `nominal`: u is as wished (cut to its bounds); `filtered`: changed, and every condition holds;
 * `infeasible`: no u within bounds satisfies them; `unsolved`: rounding defeated the active-set method, u is
 * not to be trusted.
 */
export type FilterStatus = 'nominal' | 'filtered' | 'infeasible' | 'unsolved'

export interface FilteredInput {
  /** the input to apply; where infeasible, the one within bounds that violates the conditions least */
  readonly u: Float64Array
  /** whether a condition (not merely a bound) changed the input */
  readonly active: boolean
  readonly status: FilterStatus
  /** the smallest of the hard conditions' left sides; negative only where infeasible, up to rounding */
  readonly margin: number
  /** by how much the relaxed condition is missed, 0 where there is none */
  readonly slack: number
  /**
   * largest violation of the optimality conditions (the conditions themselves, signs of multipliers,
   * complementarity, and for several conditions stationarity), relative to the size of the terms; where
   * infeasible the violation itself
   */
  readonly kktResidual: number
}

/** The input nearest to the wished one (nearest to 0 where none is given) that satisfies the conditions. */
export type SafetyFilter = (x: ArrayLike<number>, nominal?: ArrayLike<number>, t?: number) => FilteredInput

/** [lo, hi] per input; ±Infinity is allowed, and the default. */
export type InputBounds = readonly (readonly [number, number])[]

export interface FilterConditions {
  readonly plant: Field
  readonly hard: readonly Condition[]
  /** a condition that may be missed by δ, at the price of penalty·δ² */
  readonly soft?: { readonly condition: Condition; readonly penalty: number }
  readonly bounds?: InputBounds
}

/**
 * Weight of the common violation where hard conditions exclude one another: it then outweighs the distance to
 * the wish.
 */
const violationWeight = 1e8

/** Builds a filter: one hard condition in closed form, several as a quadratic program. */
export function safetyFilter(where: string, { plant, hard, soft, bounds }: FilterConditions): SafetyFilter {
  const k = plant.inputSize
  const limits = inputBounds(where, bounds, k)
  const rest = new Float64Array(k)
  const conditions = soft === undefined ? hard : [...hard, soft.condition]
  const offsets = conditions.map(() => 0)
  const solve =
    hard.length === 1 && soft === undefined
      ? (nominal: ArrayLike<number>, [offset]: readonly number[]) =>
          closedForm(nominal, { offset, slope: hard[0].slope, size: 1 + hard[0].magnitude() }, limits)
      : (nominal: ArrayLike<number>, offsets: readonly number[]) =>
          program(nominal, { hard, soft, offsets }, limits)
  return (x, nominal = rest, t = 0) => {
    if (x.length !== plant.stateSize || nominal.length !== k) throw wrongLengths(where, plant, x, nominal)
    let finite = allFinite(nominal)
    conditions.forEach((c, i) => {
      offsets[i] = c.evaluate(t, x)
      finite &&= Number.isFinite(offsets[i]) && allFinite(c.slope)
    })
    if (!finite)
      throw misuse({
        where,
        expected: 'a state and an input at which the conditions are finite',
        got: `${show(x)} and ${show(nominal)}`,
        try: 'checking the simulation that produced them',
        code: 'non-finite',
      })
    return solve(nominal, offsets)
  }
}

interface Limits {
  readonly lo: Float64Array
  readonly hi: Float64Array
}

function closedForm(
  nominal: ArrayLike<number>,
  {
    offset,
    slope,
    size: terms,
  }: { readonly offset: number; readonly slope: Float64Array; readonly size: number },
  limits: Limits,
): FilteredInput {
  const { u, multiplier, feasible } = projectOntoHalfspace(nominal, { offset, slope }, limits)
  let [margin, size] = [offset, terms]
  for (let i = 0; i < u.length; i++) {
    margin += slope[i] * u[i]
    size += Math.abs(slope[i] * u[i])
  }
  const active = multiplier > 0
  return {
    u,
    active,
    status: feasible ? (active ? 'filtered' : 'nominal') : 'infeasible',
    margin,
    slack: 0,
    kktResidual: Math.max(-margin, active && feasible ? Math.abs(margin) : 0, 0) / size,
  }
}

interface Program extends Pick<FilterConditions, 'hard' | 'soft'> {
  readonly offsets: readonly number[]
}

/** min |u − nominal|² + penalty·δ² as the nearest point to (nominal, 0) in (u, √penalty·δ). */
function program(nominal: ArrayLike<number>, given: Program, limits: Limits): FilteredInput {
  const { soft, offsets } = given
  const exact = solveRows(nominal, given, limits, undefined)
  const infeasible = exact.status === 'infeasible'
  const { x, status, rows, multipliers } = infeasible
    ? solveRows(nominal, given, limits, violationWeight)
    : exact
  const k = nominal.length
  const u = Float64Array.from({ length: k }, (_, i) => Math.min(limits.hi[i], Math.max(limits.lo[i], x[i])))
  const value = (slope: ArrayLike<number>, i: number) =>
    u.reduce((sum, v, j) => sum + slope[j] * v, offsets[i])
  const margin = given.hard.reduce((least, { slope }, i) => Math.min(least, value(slope, i)), Infinity)
  const slack = soft === undefined ? 0 : Math.max(0, -value(soft.condition.slope, given.hard.length))
  const count = given.hard.length + (soft === undefined ? 0 : 1)
  const active = multipliers.subarray(0, count).some((v) => v > 0)
  return {
    u,
    active,
    status: infeasible ? 'infeasible' : status === 'solved' ? (active ? 'filtered' : 'nominal') : 'unsolved',
    margin,
    slack,
    kktResidual: infeasible ? Math.max(0, -margin) : residual(nominal, x, { rows, multipliers }),
  }
}

/**
 * The rows of the program, conditions first, and its solution; with a weight, hard conditions share one more
 * slack.
 */
function solveRows(
  nominal: ArrayLike<number>,
  { hard, soft, offsets }: Program,
  { lo, hi }: Limits,
  weight: number | undefined,
) {
  const k = nominal.length
  const extra = (soft === undefined ? 0 : 1) + (weight === undefined ? 0 : 1)
  const row = (slope: ArrayLike<number>, ...slacks: readonly number[]) => {
    const a = new Float64Array(k + extra)
    a.set(Array.from(slope))
    a.set(slacks, k)
    return a
  }
  const shared = weight === undefined ? [] : [1 / Math.sqrt(weight)]
  const none = soft === undefined ? [] : [0]
  const unit = (i: number, sign: number) => row(Array.from({ length: k }, (_, j) => (j === i ? sign : 0)))
  const rows: HalfSpace[] = [
    ...hard.map(({ slope }, i) => ({ a: row(slope, ...none, ...shared), b: -offsets[i] })),
    ...(soft === undefined
      ? []
      : [{ a: row(soft.condition.slope, 1 / Math.sqrt(soft.penalty)), b: -offsets[hard.length] }]),
    ...Array.from(lo.keys(), (i) => ({ a: unit(i, 1), b: lo[i] })),
    ...Array.from(hi.keys(), (i) => ({ a: unit(i, -1), b: -hi[i] })),
  ].filter(({ b }) => b > -Infinity)
  return { rows, ...nearestPoint(row(nominal), rows) }
}

/** Stationarity x − v = Aᵀλ, Ax ≥ b, λ ≥ 0 and λ(Ax − b) = 0, the largest deviation relative to its terms. */
function residual(
  nominal: ArrayLike<number>,
  x: Float64Array,
  { rows, multipliers }: { readonly rows: readonly HalfSpace[]; readonly multipliers: Float64Array },
): number {
  const gradient = x.map((v, i) => v - (nominal[i] ?? 0))
  let size = 1 + Math.max(...x.map(Math.abs))
  let worst = 0
  rows.forEach(({ a, b }, r) => {
    let slack = -b
    for (let i = 0; i < x.length; i++) {
      slack += a[i] * x[i]
      gradient[i] -= multipliers[r] * a[i]
      size = Math.max(size, Math.abs(a[i] * x[i]), Math.abs(multipliers[r] * a[i]))
    }
    size = Math.max(size, Math.abs(b))
    worst = Math.max(worst, -slack, -multipliers[r], multipliers[r] > 0 ? Math.abs(slack) : 0)
  })
  return Math.max(worst, ...gradient.map(Math.abs)) / size
}

function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

function inputBounds(where: string, bounds: InputBounds | undefined, k: number): Limits {
  const list = bounds ?? Array.from({ length: k }, () => [-Infinity, Infinity] as const)
  if (list.length !== k || list.some(([lo, hi]) => !(lo <= hi)))
    throw misuse({
      where,
      expected: `${k} intervals [lo, hi], one per input`,
      got: show(bounds),
      try: `bounds: [${Array.from({ length: k }, () => '[-1, 1]').join(', ')}]`,
      code: 'bad-bounds',
    })
  return {
    lo: Float64Array.from(list, ([lo]) => lo),
    hi: Float64Array.from(list, ([, hi]) => hi),
  }
}

function wrongLengths(where: string, plant: Field, x: ArrayLike<number>, nominal: ArrayLike<number>) {
  return misuse({
    where: `${where} filter`,
    expected: `${plant.stateSize} states and ${plant.inputSize} inputs`,
    got: `${x.length} and ${nominal.length}`,
    try: 'filter([…state], […input])',
    code: 'wrong-dimension',
  })
}
