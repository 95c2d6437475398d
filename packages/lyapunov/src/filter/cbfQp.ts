import { compile, type Field, misuse, show } from '@separatrix/field/core'
import { affineParts } from './affineParts.js'
import { projectOntoHalfspace } from './halfspaceProjection.js'

export interface CbfQpOptions {
  /** x' = f(x) + g(x)u */
  readonly plant: Field
  /** B, positive inside the safe set and 0 on its boundary */
  readonly barrier: Field
  /** α > 0 of Ḃ ≥ −αB: how fast the boundary may be approached */
  readonly alpha: number
  /** [lo, hi] per input; ±Infinity is allowed, and the default */
  readonly bounds?: readonly (readonly [number, number])[]
}

/**
 * `nominal`: u is as wished; `filtered`: changed, and safe; `infeasible`: no u within bounds satisfies the
 * condition.
 */
export type FilterStatus = 'nominal' | 'filtered' | 'infeasible'

export interface FilteredInput {
  /** the input to apply; where infeasible, the one within bounds that violates the condition least */
  readonly u: Float64Array
  /** whether the barrier (not merely a bound) changed the input */
  readonly active: boolean
  readonly status: FilterStatus
  /** L_fB + L_gB·u + αB; negative only where infeasible, up to rounding */
  readonly margin: number
  /**
   * largest violation of the optimality conditions: the condition itself, and complementarity λ·margin
   * (stationarity and bounds hold by construction), relative to the size of the terms
   */
  readonly kktResidual: number
}

/** The input nearest to the wished one that keeps the state safe. */
export type SafetyFilter = (x: ArrayLike<number>, nominal: ArrayLike<number>, t?: number) => FilteredInput

/**
 * A safety filter by control barrier function: min |u − u_nominal|² subject to L_fB + L_gB·u ≥ −αB and
 * bounds, solved exactly (a half-space and a box; no iteration). A plant that is not affine in u, and a
 * barrier of higher relative degree, are refused here. Ames, Xu, Grizzle & Tabuada, IEEE TAC 62 (2017), eq.
 * CBF-QP. Cost: one graph evaluation and O(k log k).
 *
 * That {B ≥ 0} is kept needs the condition to be feasible along the whole way and u to be applied
 * continuously; a call where it is infeasible says so in `status`.
 * @example
 * const pendulum = system({ state: ['theta', 'omega'], input: ['u'], dynamics: { theta: 'omega', omega: 'sin(theta) - omega + u' } })
 * const filter = cbfQp({ plant: pendulum, barrier: expression('1 - 4*theta^2 - theta*omega - omega^2', ['theta', 'omega']), alpha: 2 })
 * const { u, active } = filter([0.3, 0.1], [0])
 */
export function cbfQp({ plant, barrier, alpha, bounds }: CbfQpOptions): SafetyFilter {
  const where = 'cbfQp'
  if (!(alpha > 0 && Number.isFinite(alpha)))
    throw misuse({ where, expected: 'α > 0', got: show(alpha), try: 'alpha: 1' })
  const parts = affineParts(plant, barrier)
  const evaluate = compile(parts)
  const k = plant.inputSize
  const limits = inputBounds(bounds, k)
  const out = new Float64Array(2 + k)
  const slope = out.subarray(2)
  return (x, nominal, t = 0) => {
    if (x.length !== plant.stateSize || nominal.length !== k) throw wrongLengths(plant, x, nominal)
    evaluate(t, x, out)
    const offset = out[1] + alpha * out[0]
    if (!allFinite(out) || !allFinite(nominal))
      throw misuse({
        where,
        expected: 'a state and an input at which the barrier condition is finite',
        got: `${show(x)} and ${show(nominal)}`,
        try: 'checking the simulation that produced them',
        code: 'non-finite',
      })
    const { u, multiplier, feasible } = projectOntoHalfspace(nominal, { offset, slope }, limits)
    let margin = offset
    let size = 1 + Math.abs(out[1]) + Math.abs(alpha * out[0])
    for (let i = 0; i < k; i++) {
      margin += slope[i] * u[i]
      size += Math.abs(slope[i] * u[i])
    }
    const active = multiplier > 0
    return {
      u,
      active,
      status: feasible ? (active ? 'filtered' : 'nominal') : 'infeasible',
      margin,
      kktResidual: Math.max(-margin, active && feasible ? Math.abs(margin) : 0, 0) / size,
    }
  }
}

function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

function inputBounds(bounds: CbfQpOptions['bounds'], k: number) {
  const list = bounds ?? Array.from({ length: k }, () => [-Infinity, Infinity] as const)
  if (list.length !== k || list.some(([lo, hi]) => !(lo <= hi)))
    throw misuse({
      where: 'cbfQp',
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

function wrongLengths(plant: Field, x: ArrayLike<number>, nominal: ArrayLike<number>) {
  return misuse({
    where: 'cbfQp filter',
    expected: `${plant.stateSize} states and ${plant.inputSize} inputs`,
    got: `${x.length} and ${nominal.length}`,
    try: 'filter([…state], […input])',
    code: 'wrong-dimension',
  })
}
