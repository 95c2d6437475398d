import { type Loss, sampledLoss } from '@separatrix/adjoint'
import { combine, type Field, misuse, withTheta } from '@separatrix/field/core'
import type { Sampler } from './samplers.js'

export interface ImitationLossOptions {
  /** what to imitate; its θ stays as it is */
  readonly teacher: Field
  readonly sampler: Sampler
  /** samples per step; 256 */
  readonly batch?: number
}

/**
 * Mean over samples of |f(x) − teacher(x)|²: how a network controller is started from a known one (LQR, say).
 * @example imitationLoss({ teacher: expression('-2*x - v', ['x', 'v']), sampler: ball(1) })
 */
export function imitationLoss({ teacher, sampler, batch = 256 }: ImitationLossOptions): Loss {
  return {
    name: 'imitationLoss',
    bind(field, _data, execution) {
      if (field.stateSize !== teacher.stateSize || field.outputSize !== teacher.outputSize)
        throw misuse({
          where: 'imitationLoss',
          expected: `a teacher R^${field.stateSize} → R^${field.outputSize}`,
          got: `R^${teacher.stateSize} → R^${teacher.outputSize}`,
          try: 'a controller of the same plant',
          code: 'wrong-dimension',
        })
      const student = field.theta.length
      const integrand = combine(
        [field, teacher],
        (b, place) => {
          const difference = b.sub(place(field), place(teacher))
          return b.dot(difference, difference)
        },
        'imitation',
      )
      // the teacher's blocks are parameters here, whatever they are elsewhere: they are not what is trained
      const layout = integrand.layout.map((block) =>
        block.offset < student ? block : { ...block, kind: 'parameter' as const },
      )
      return sampledLoss({
        integrand: { ...integrand, layout },
        batch,
        execution,
        draw(random, x) {
          sampler.draw(random, x)
          return 0
        },
        restore: (theta) => ({ field: withTheta(field, theta.subarray(0, student)) }),
      })
    },
  }
}
