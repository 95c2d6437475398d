import { misuse, show } from '@separatrix/field/core'
import type { Sampler } from './samplers.js'

/**
 * Points of the simplex {x ≥ 0, Σx = 1} at which two entries share the greatest value, the decision boundary of two
 * classes: x = τ/Στ, τ = 1 at both and the other τ uniform on [−½, 3/2] and cut to [0, 1], so that each is at times 0 and
 * at times equal to the greatest. All of the boundary is drawn, its own boundaries and vertices too.
 * @example decisionBoundary(0, 2)
 */
export function decisionBoundary(first: number, second: number): Sampler {
  const where = 'decisionBoundary'
  const isPosition = (i: number) => Number.isSafeInteger(i) && i >= 0
  if (!isPosition(first) || !isPosition(second) || first === second)
    throw misuse({
      where,
      expected: 'two positions',
      got: show([first, second]),
      try: 'decisionBoundary(0, 1)',
    })
  return {
    name: `${where}(${first}, ${second})`,
    draw(random, x) {
      if (x.length <= Math.max(first, second))
        throw misuse({
          where,
          expected: `more than ${Math.max(first, second)} entries`,
          got: `${x.length}`,
          try: 'positions below the number of classes',
          code: 'wrong-dimension',
        })
      let total = 0
      for (let i = 0; i < x.length; i++) {
        x[i] = i === first || i === second ? 1 : Math.min(1, Math.max(0, 2 * random.uniform() - 0.5))
        total += x[i]
      }
      for (let i = 0; i < x.length; i++) x[i] /= total
    },
  }
}
