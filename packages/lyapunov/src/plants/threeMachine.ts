import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

const params = { damping1: 0.4, damping2: 0.5, power: 0.05 }

/**
 * Three synchronous machines, the third an infinite bus: δ₁' = ω₁, ω₁' = −sin δ₁ − ½ sin(δ₁ − δ₂) − 0.4 ω₁, δ₂' = ω₂,
 * ω₂' = −½ sin δ₂ − ½ sin(δ₂ − δ₁) − 0.5 ω₂ + 0.05. Its equilibrium is near (0.02, 0, 0.06, 0), and at 0 for `power: 0`.
 * State [delta1, omega1, delta2, omega2]. Chiang, Hirsch & Wu, "Stability regions of nonlinear autonomous dynamical
 * systems", IEEE TAC 33 (1988), section V.
 * @example equilibria(threeMachine(), { domain: [[-1, 1], [-1, 1], [-1, 1], [-1, 1]], seed: 1 })[0].x
 */
export function threeMachine(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'threeMachine',
      state: ['delta1', 'omega1', 'delta2', 'omega2'],
      params,
      dynamics: {
        delta1: 'omega1',
        omega1: '-sin(delta1) - 0.5*sin(delta1 - delta2) - damping1*omega1',
        delta2: 'omega2',
        omega2: '-0.5*sin(delta2) - 0.5*sin(delta2 - delta1) - damping2*omega2 + power',
      },
    },
    changes,
  )
}
