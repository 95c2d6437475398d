import { checkOptions, type Field, isField, misuse, type OptionNames, show } from '@separatrix/field/core'
import { type Method, solveOptionNames } from '@separatrix/ode'
import type { GradientOptions, PreparedSensitivity, Sensitivity, Way } from './gradient.js'
import { withIntegral } from './integral.js'
import { backsolve } from './ways/backsolve.js'
import { discrete } from './ways/discrete.js'
import { forward } from './ways/forward.js'
import { gaussKronrod } from './ways/gaussKronrod.js'
import { interpolated } from './ways/interpolated.js'
import { quadrature } from './ways/quadrature.js'
import { reversible } from './ways/reversible.js'

/** Every way to a gradient; docs/gradients.md says which to choose. */
const ways = {
  discrete,
  forward,
  backsolve,
  interpolated,
  quadrature,
  gaussKronrod,
  reversible,
} satisfies Record<string, Way>

/** How the gradient is found; see {@link sensitivity}. */
export type Via = keyof typeof ways

export const vias = Object.keys(ways) as readonly Via[]

export interface SensitivityOptions extends GradientOptions {
  readonly via: Via
}

const { observers: _observers, ...solveNames } = solveOptionNames
const names: OptionNames<SensitivityOptions> = {
  ...solveNames,
  loss: true,
  integral: true,
  backward: true,
  checkpoints: true,
  coupling: true,
  via: true,
}

/**
 * The gradient of a loss of a solution in the initial state and the parameters.
 *
 * - `discrete`: reverse differentiation of the very steps that were taken, outputs inside steps included:
 *   exact to rounding for the computed solution, step sizes being constants. Cost: about three solves,
 *   whatever p; memory n + 2 numbers a step, or `checkpoints` states.
 * - `forward`: tangents through the same steps. The same numbers; cost grows with n + p.
 * - `backsolve`, `interpolated`, `quadrature`, `gaussKronrod`: the adjoint differential equation backwards in
 *   time, with y solved again, read from the steps forwards, or also with the integrals for θ taken afterwards,
 *   by a fixed or an adaptive rule. Right up to tolerances.
 * - `reversible`: another solution, of the same order, by steps that can be taken back exactly; its gradient
 *   is exact to rounding and needs no memory.
 *
 * `y` and `dy` of the loss are what {@link solve} returns for the same options: rows are `saveAt`, or all
 * accepted steps. A prepared version for many calls is {@link prepareSensitivity}.
 * @example
 * const lotkaVolterra = system({ state: ['x', 'y'], params: { a: 1.5, b: 1, c: 3, d: 1 },
 *   dynamics: { x: 'a*x - b*x*y', y: '-c*y + d*x*y' } })
 * const { value, dy0, dtheta } = sensitivity(lotkaVolterra, [1, 1], [0, 10], {
 *   method: dopri5, rtol: 1e-8, atol: 1e-10, saveAt: [5, 10], via: 'discrete',
 *   loss: { value: (y) => y.get(1, 0), gradient: (_y, dy) => dy.set(1, 0, 1) },
 * })
 */
export function sensitivity(
  field: Field,
  y0: ArrayLike<number>,
  span: readonly [number, number],
  given: SensitivityOptions,
): Sensitivity {
  checkOptions('sensitivity', given, names)
  const { via, ...options } = given
  return prepareSensitivity(field, options.method, via)(y0, span, options)
}

/** Compiles what {@link sensitivity} needs once, for training loops. */
export function prepareSensitivity(field: Field, method: Method, via: Via): PreparedSensitivity {
  if (!isField(field))
    throw misuse({
      where: 'sensitivity',
      expected: 'a field, whose derivatives are known',
      got: show(field),
      try: 'system({ … }) or network({ … }) instead of a function',
      code: 'no-derivative',
    })
  if (!(via in ways))
    throw misuse({
      where: 'sensitivity',
      expected: `a way (${vias.join(', ')})`,
      got: show(via),
      try: "via: 'discrete'",
      code: 'unknown-via',
    })
  return withIntegral(ways[via], field, method)
}
