import { barrierConditions, type CbfQpOptions } from './cbfQp.js'
import { type ClfQpOptions, checkPenalty, decreaseCondition } from './clfQp.js'
import { type SafetyFilter, safetyFilter } from './safetyFilter.js'

export interface CbfClfQpOptions extends CbfQpOptions, Omit<ClfQpOptions, 'penalty'> {
  /** price of missing the decrease by δ, as penalty·δ²: safety is hard, stability gives way */
  readonly penalty: number
}

/**
 * A controller that is safe first and stable where it can be: min |u − u_nominal|² + penalty·δ² subject to
 * L_fB + L_gB·u ≥ −αB for each barrier, L_fV + L_gV·u ≤ −κV + δ, and bounds, by an exact active-set method.
 * `slack` is δ. Ames, Xu, Grizzle & Tabuada, IEEE TAC 62 (2017), eq. CLF-CBF QP.
 * @example
 * const plant = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'u' } })
 * const barrier = expression('1 - x^2 - x*v - v^2', ['x', 'v'])
 * const V = expression('2*x^2 + 2*x*v + 2*v^2', ['x', 'v'])
 * const control = cbfClfQp({ plant, barrier, alpha: 1, V, rate: 0.5, penalty: 100, bounds: [[-6, 6]] })
 * control([0.3, 0]).u
 */
export function cbfClfQp(options: CbfClfQpOptions): SafetyFilter {
  const { plant, penalty, bounds } = options
  return safetyFilter('cbfClfQp', {
    plant,
    hard: barrierConditions('cbfClfQp', options),
    soft: {
      condition: decreaseCondition('cbfClfQp', options),
      penalty: checkPenalty('cbfClfQp', penalty),
    },
    bounds,
  })
}
