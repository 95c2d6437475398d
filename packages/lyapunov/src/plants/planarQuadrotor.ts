import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

/** kg, kg m², m, m/s² */
const params = { m: 0.486, I: 0.00383, r: 0.25, g: 9.81 }

/**
 * A quadrotor in a vertical plane; the inputs are the two thrusts less m g/2 each (N), so that hovering is u = 0:
 *
 *   x'' = −sin θ (g + (u₁ + u₂)/m),  y'' = cos θ (u₁ + u₂)/m + g (cos θ − 1),  θ'' = r (u₁ − u₂)/I
 *
 * State [x, y, theta, vx, vy, omega]. Parameters of Dai, Landry, Yang, Pavone & Tedrake, "Lyapunov-stable neural-network
 * control", RSS 2021.
 * @example linearize(planarQuadrotor()).B
 */
export function planarQuadrotor(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'planarQuadrotor',
      state: ['x', 'y', 'theta', 'vx', 'vy', 'omega'],
      input: ['u1', 'u2'],
      params,
      dynamics: {
        x: 'vx',
        y: 'vy',
        theta: 'omega',
        // thrust first: its slopes then depend on θ alone, which proofs by quadratic forms use
        vx: '-g * sin(theta) - (u1 + u2)/m * sin(theta)',
        vy: 'cos(theta) * (u1 + u2)/m + g * (cos(theta) - 1)',
        omega: 'r * (u1 - u2) / I',
      },
    },
    changes,
  )
}
