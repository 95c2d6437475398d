import { checkOptions, misuse, type OptionNames, show } from '@separatrix/field/core'
import { switchingKernel } from '../auto/switchingKernel.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { Method } from '../method.js'
import { rodas5p } from './rodas5p.js'
import { tsit5 } from './tsit5.js'

/** The two methods that `auto` changes between. */
export interface AutoOptions {
  /** an explicit tableau with an error estimate */
  readonly nonstiff?: ExplicitMethod
  /** an implicit method with an error estimate */
  readonly stiff?: Method
}

/** A method that changes between two as the problem becomes stiff, or ceases to be. */
export interface SwitchingMethod extends Method {
  readonly family: 'switching'
  readonly nonstiff: ExplicitMethod
  readonly stiff: Method
}

const names: OptionNames<AutoOptions> = { nonstiff: true, stiff: true }

/**
 * Changes between an explicit and an implicit method within one solve; tsit5 and rodas5p unless said.
 *
 * Where ρ, an estimate of the spectral radius of ∂f/∂y, times the step stays near the end of the explicit method's
 * stability interval, stability rather than accuracy holds the step, and the implicit method takes over; it hands back
 * once hρ is well within. Steps are chosen by `rtol` and `atol` (an equal `step` throws). `stats.shares` counts the
 * accepted steps of each, `stats.switches` the changes. Cost beside the method that runs: 3 evaluations every 12
 * explicit steps, or 6 implicit ones.
 *
 * Shampine, "Stiffness and nonstiff differential equation solvers, II", ACM TOMS 3 (1977); Hairer & Wanner, Solving
 * ODEs II, §IV.2 (hλ against the stability boundary); Petzold, SIAM J. Sci. Stat. Comput. 4 (1983) (both ways).
 * @example
 * const oscillator = system({ state: ['x', 'v'], dynamics: { x: 'v', v: '1000*((1 - x^2)*v - x)' } })
 * const { stats } = solve(oscillator, [2, 0], [0, 1], { method: auto(), rtol: 1e-6, atol: 1e-6 })
 * stats.shares // { tsit5: …, rodas5p: … }
 */
export function auto(options: AutoOptions = {}): SwitchingMethod {
  checkOptions('auto', options, names)
  const { nonstiff = tsit5, stiff = rodas5p } = options
  if (nonstiff.family !== 'explicit' || nonstiff.errorOrder === undefined)
    throw misuse({
      where: 'auto(nonstiff)',
      expected: 'an explicit Runge–Kutta method with an error estimate',
      got: nonstiff.name ?? show(nonstiff),
      try: 'nonstiff: tsit5',
    })
  if (stiff.recordLevel !== 'stages' || stiff.errorOrder === undefined)
    throw misuse({
      where: 'auto(stiff)',
      expected: 'an implicit method with an error estimate, which leaves its polynomial in the trace',
      got: stiff.name ?? show(stiff),
      try: 'stiff: rodas5p',
    })
  return {
    name: `auto(${nonstiff.name}, ${stiff.name})`,
    family: 'switching',
    order: Math.min(nonstiff.order, stiff.order),
    errorOrder: nonstiff.errorOrder,
    source: `${nonstiff.source}; ${stiff.source}`,
    denseLevel: 'stages',
    recordLevel: 'stages',
    nonstiff,
    stiff,
    kernel: (problem, settings) => switchingKernel(nonstiff, stiff, problem, settings),
  }
}
