import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

/** kg, kg, m, m, m, kg m², kg m², m/s² (Spong 1995, table 1) */
const params = { m1: 1, m2: 1, l1: 1, lc1: 0.5, lc2: 1, I1: 0.2, I2: 1, g: 9.81 }

/**
 * Two links of which only the elbow is driven, by a torque u (N m): D(q) q'' + c(q, q') + φ(q) = [0, u]. θ₁ is the first
 * link from upright, θ₂ the second from the first's direction. State [theta1, theta2, omega1, omega2]. Spong, "The swing
 * up control problem for the acrobot", IEEE Control Systems 15 (1995), eq. 1–10, with θ₁ from upright.
 * @example linearize(acrobot()).A
 */
export function acrobot(changes: Parameters<typeof params> = {}): Field {
  const d11 = '(m1*lc1^2 + m2*(l1^2 + lc2^2 + 2*l1*lc2*cos(theta2)) + I1 + I2)'
  const d12 = '(m2*(lc2^2 + l1*lc2*cos(theta2)) + I2)'
  const d22 = '(m2*lc2^2 + I2)'
  // the right sides of D q'' = r
  const r1 =
    '(m2*l1*lc2*sin(theta2)*(omega2^2 + 2*omega1*omega2) + (m1*lc1 + m2*l1)*g*sin(theta1) + m2*lc2*g*sin(theta1 + theta2))'
  const r2 = '(u - m2*l1*lc2*sin(theta2)*omega1^2 + m2*lc2*g*sin(theta1 + theta2))'
  const determinant = `(${d11}*${d22} - ${d12}^2)`
  return build(
    {
      name: 'acrobot',
      state: ['theta1', 'theta2', 'omega1', 'omega2'],
      input: ['u'],
      params,
      dynamics: {
        theta1: 'omega1',
        theta2: 'omega2',
        omega1: `(${d22}*${r1} - ${d12}*${r2}) / ${determinant}`,
        omega2: `(${d11}*${r2} - ${d12}*${r1}) / ${determinant}`,
      },
    },
    changes,
  )
}
