import { type Field, isField, misuse } from '@separatrix/field/core'
import { type Condition, condition } from './condition.js'
import { checkAlphas } from './highOrderBarrier.js'
import { type InputBounds, type SafetyFilter, safetyFilter } from './safetyFilter.js'

export interface CbfQpOptions {
  /** x' = f(x) + g(x)u */
  readonly plant: Field
  /** B, positive inside the safe set and 0 on its boundary; several are to be kept at once */
  readonly barrier: Field | readonly Field[]
  /**
   * α > 0 of Ḃ ≥ −αB: how fast the boundary may be approached; a list [α₁, …, α_r] for barriers of relative degree r,
   * see {@link highOrderBarrier}
   */
  readonly alpha: number | readonly number[]
  /** bounds |wᵢ| ≤ w̄ᵢ of what may be added to each state's rate: the condition then holds for all of it */
  readonly disturbance?: readonly number[]
  readonly bounds?: InputBounds
}

/**
 * A safety filter by control barrier functions: min |u − u_nominal|² subject to L_fB + L_gB·u ≥ −αB for each
 * barrier and bounds. One barrier is solved in closed form (a half-space and a box), several by an exact
 * active-set method. A plant that is not affine in u, and a barrier whose relative degree is not the number of
 * α's, are refused here; a disturbance asks for L_fB + L_gB·u ≥ −αB + Σ w̄ᵢ|∂B/∂xᵢ|. Ames, Xu, Grizzle & Tabuada, IEEE TAC 62 (2017), eq. CBF-QP. Cost: one graph evaluation per barrier,
 * and O(k log k) in closed form.
 *
 * That {B ≥ 0} is kept needs the conditions to be feasible along the whole way and u to be applied
 * continuously; a call where they are infeasible says so in `status`.
 * @example
 * const pendulum = system({ state: ['theta', 'omega'], input: ['u'], dynamics: { theta: 'omega', omega: 'sin(theta) - omega + u' } })
 * const barrier = expression('1 - 4*theta^2 - theta*omega - omega^2', ['theta', 'omega'])
 * const filter = cbfQp({ plant: pendulum, barrier, alpha: 2 })
 * const { u, active } = filter([0.3, 0.1], [0])
 */
export function cbfQp(options: CbfQpOptions): SafetyFilter {
  const { plant, bounds } = options
  return safetyFilter('cbfQp', { plant, hard: barrierConditions('cbfQp', options), bounds })
}

/** The hard conditions of one or several barriers. */
export function barrierConditions(
  where: string,
  { plant, barrier, alpha, disturbance }: Omit<CbfQpOptions, 'bounds'>,
): Condition[] {
  const alphas = typeof alpha === 'number' ? [alpha] : alpha
  checkAlphas(where, alphas)
  const list = isField(barrier) ? [barrier] : barrier
  if (list.length === 0)
    throw misuse({ where, expected: 'at least one barrier', got: 'none', try: 'barrier: expression(…)' })
  const last = alphas[alphas.length - 1]
  return list.map((scalar) =>
    condition(where, plant, { scalar, alphas: alphas.slice(0, -1), alpha: last, sign: 1, disturbance }),
  )
}
