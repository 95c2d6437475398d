import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

/** m/s, m, m */
const params = { v: 2, l: 1, R: 10 }

/**
 * A kinematic bicycle that follows a circle of radius R at speed v: the error of distance d, of heading θ, and as input
 * the tangent of the steering angle less l/R, so that u = 0 keeps to the circle:
 *
 *   d' = v sin θ,  θ' = (v/l)(l/R + u) − v cos θ/(R − v sin θ)
 *
 * State [d, theta]. As in Wu, Clark, Kantaros & Vorobeychik, "Neural Lyapunov control for discrete-time systems", NeurIPS
 * 2023, and Yang et al., "Lyapunov-stable neural control", ICML 2024, from where the parameters are. (Snider,
 * "Automatic steering methods for autonomous automobile path tracking", 2009, has R − d in place of R − v sin θ.)
 * @example linearize(pathTracking({ v: 1 })).A
 */
export function pathTracking(changes: Parameters<typeof params> = {}): Field {
  return build(
    {
      name: 'pathTracking',
      state: ['d', 'theta'],
      input: ['u'],
      params,
      dynamics: {
        d: 'v * sin(theta)',
        // v/R − v cos θ/(R − v sin θ), written so that it is 0 at 0 in exact arithmetic
        theta: 'v*u/l + v*(R*(1 - cos(theta)) - v*sin(theta)) / (R*(R - v*sin(theta)))',
      },
    },
    changes,
  )
}
