import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

/** m/s², m, kg, N m s */
const params = { g: 9.81, l: 0.5, m: 0.15, b: 0.1 }

/**
 * An inverted pendulum with a torque u (N m) at its pivot, θ from upright: m l² θ'' = m g l sin θ − b θ' + u. State
 * [theta, omega]. Parameters of Chang, Roohi & Gao, "Neural Lyapunov control", NeurIPS 2019.
 * @example
 * const { A, B } = linearize(invertedPendulum({ b: 0 }))
 * lqr(A, B, [[1, 0], [0, 1]], [[1]]).K
 */
export function invertedPendulum(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'invertedPendulum',
      state: ['theta', 'omega'],
      input: ['u'],
      params,
      dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
    },
    changes,
  )
}
