import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

/** kg, kg, m, m/s² */
const params = { mc: 1, mp: 0.1, l: 1, g: 9.81 }

/**
 * A pole on a cart that a force u (N) pushes, θ from upright, l from the pivot to the pole's point mass:
 *
 *   (mc + mp sin²θ) x'' = u + mp sin θ (l θ'² − g cos θ)
 *   (mc + mp sin²θ) l θ'' = (mc + mp) g sin θ − cos θ (u + mp l θ'² sin θ)
 *
 * State [x, theta, v, omega]. Tedrake, "Underactuated Robotics", ch. 3, eq. 17–18 with θ from upright.
 * @example linearize(cartPole({ mp: 0.2 })).B
 */
export function cartPole(changes: Parameters<typeof params> = {}): Field {
  const mass = '(mc + mp * sin(theta)^2)'
  return build(
    {
      name: 'cartPole',
      state: ['x', 'theta', 'v', 'omega'],
      input: ['u'],
      params,
      dynamics: {
        x: 'v',
        theta: 'omega',
        v: `(u + mp * sin(theta) * (l * omega^2 - g * cos(theta))) / ${mass}`,
        omega: `((mc + mp) * g * sin(theta) - cos(theta) * (u + mp * l * omega^2 * sin(theta))) / (l * ${mass})`,
      },
    },
    changes,
  )
}
