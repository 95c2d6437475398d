import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

const params = {
  c1: 1.8,
  c2: 11.5,
  c3: 10.9,
  c4: 68.4,
  c5: 1.2,
  c6: 9.8,
  d1: 9.3,
  d2: 58.8,
  d3: 38.6,
  d4: 234.5,
  d5: 208.3,
  b: 24.7,
}

/**
 * A planar segway that is driven by a motor voltage u; φ is the lean of its frame, v its speed. State [phi, v, omega].
 * The identified model of Gurriet, Singletary, Reher, Ciarletta, Feron & Ames, "Towards a framework for realizable safety
 * critical control through active set invariance", ICCPS 2018, in the form in which Huang, Rodriguez, Zhang, Shi & Yue,
 * "FI-ODE", 2023, use it (d₄ = 234.5; their paper prints 243.5).
 * @example linearize(segway()).A
 */
export function segway(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'segway',
      state: ['phi', 'v', 'omega'],
      input: ['u'],
      params,
      dynamics: {
        phi: 'omega',
        v: '(cos(phi)*(-c1*u + c2*v + c6*sin(phi)) - c3*u + c4*v - c5*omega^2*sin(phi)) / (cos(phi) - b)',
        omega: '((d1*u - d2*v)*cos(phi) + d3*u - d4*v - sin(phi)*(d5 + omega^2*cos(phi))) / (cos(phi)^2 - b)',
      },
    },
    changes,
  )
}
