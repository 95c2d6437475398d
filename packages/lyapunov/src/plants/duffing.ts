import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

/** δ, α, β of Ueda's and Holmes' double well */
const params = { delta: 0.3, alpha: -1, beta: 1 }

/**
 * Duffing's oscillator under a force u: x'' = −δ x' − α x − β x³ + u. State [x, v]; with α < 0 a saddle at 0 and wells at
 * ±√(−α/β). Guckenheimer & Holmes, "Nonlinear Oscillations", 1983, eq. 2.2.2.
 * @example equilibria(freeze(closeLoop(duffing(), expression('0*x', ['x', 'v']))), { domain: [[-2, 2], [-1, 1]], seed: 1 }).map(({ x }) => x[0])
 */
export function duffing(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'duffing',
      state: ['x', 'v'],
      input: ['u'],
      params,
      dynamics: { x: 'v', v: '-delta*v - alpha*x - beta*x^3 + u' },
    },
    changes,
  )
}
