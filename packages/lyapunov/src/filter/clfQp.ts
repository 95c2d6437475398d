import { type Field, misuse, show } from '@separatrix/field/core'
import { type Condition, condition } from './condition.js'
import { type InputBounds, type SafetyFilter, safetyFilter } from './safetyFilter.js'

export interface ClfQpOptions {
  /** x' = f(x) + g(x)u */
  readonly plant: Field
  /** a control Lyapunov function */
  readonly V: Field
  /** κ ≥ 0 of V̇ ≤ −κV */
  readonly rate: number
  /** price of missing the decrease by δ, as penalty·δ²; without it the decrease is a hard condition */
  readonly penalty?: number
  readonly bounds?: InputBounds
  /** bounds |wᵢ| ≤ w̄ᵢ of what may be added to each state's rate: V then decreases under all of it */
  readonly disturbance?: readonly number[]
}

/**
 * A controller by a control Lyapunov function: min |u − u_nominal|² (+ penalty·δ²) subject to L_fV + L_gV·u ≤
 * −κV (+ δ) and bounds; without a nominal input the one of least norm. Without a penalty it is solved in
 * closed form. Ames, Galloway, Sreenath & Grizzle, IEEE TAC 59 (2014), eq. 33. At the equilibrium, where L_gV
 * = 0, the condition holds by itself. A disturbance asks for L_fV + L_gV·u + Σ w̄ᵢ|∂V/∂xᵢ| ≤ −κV (+ δ).
 * @example
 * const plant = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'u' } })
 * const V = expression('2*x^2 + 2*x*v + 2*v^2', ['x', 'v'])
 * clfQp({ plant, V, rate: 0.5, bounds: [[-6, 6]] })([0.3, 0]).u
 */
export function clfQp({ plant, V, rate, penalty, bounds, disturbance }: ClfQpOptions): SafetyFilter {
  const decrease = decreaseCondition('clfQp', { plant, V, rate, disturbance })
  return penalty === undefined
    ? safetyFilter('clfQp', { plant, hard: [decrease], bounds })
    : safetyFilter('clfQp', {
        plant,
        hard: [],
        soft: { condition: decrease, penalty: checkPenalty('clfQp', penalty) },
        bounds,
      })
}

export function decreaseCondition(
  where: string,
  { plant, V, rate, disturbance }: Pick<ClfQpOptions, 'plant' | 'V' | 'rate' | 'disturbance'>,
): Condition {
  if (!(rate >= 0 && Number.isFinite(rate)))
    throw misuse({ where, expected: 'a rate κ ≥ 0', got: show(rate), try: 'rate: 1' })
  return condition(where, plant, { scalar: V, alphas: [], alpha: rate, sign: -1, disturbance })
}

export function checkPenalty(where: string, penalty: number): number {
  if (penalty > 0 && Number.isFinite(penalty)) return penalty
  throw misuse({ where, expected: 'a positive penalty', got: show(penalty), try: 'penalty: 100' })
}
