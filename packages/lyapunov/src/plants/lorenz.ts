import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

const params = { sigma: 10, rho: 28, beta: 8 / 3 }

/**
 * Lorenz's convection: x' = σ(y − x), y' = x(ρ − z) − y, z' = xy − βz. State [x, y, z]. Lorenz, J. Atmos. Sci. 20 (1963),
 * eq. 25–27.
 * @example solve(lorenz(), [1, 1, 1], [0, 1], { method: rk4, step: 0.01 }).at(1)
 */
export function lorenz(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'lorenz',
      state: ['x', 'y', 'z'],
      params,
      dynamics: { x: 'sigma*(y - x)', y: 'x*(rho - z) - y', z: 'x*y - beta*z' },
    },
    changes,
  )
}
