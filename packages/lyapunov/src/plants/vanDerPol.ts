import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

const params = { mu: 1 }

/**
 * Van der Pol's oscillator backwards in time, whose origin attracts what lies inside the limit cycle: x' = −y,
 * y' = x − μ(1 − x²)y. State [x, y]. Van der Pol, Phil. Mag. 2 (1926), eq. 10, with t reversed.
 * @example regionOfAttraction({ field: vanDerPol(), V: expression('1.5*x^2 - x*y + y^2', ['x', 'y']), domain: [[-2.5, 2.5], [-3.5, 3.5]] }).level
 */
export function vanDerPol(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'vanDerPol',
      state: ['x', 'y'],
      params,
      dynamics: { x: '-y', y: 'x - mu*(1 - x^2)*y' },
    },
    changes,
  )
}
