import { collocationKernel } from './collocationKernel.js'
import { collocationTableau } from './collocationTableau.js'
import type { CollocationMethod, CollocationOptions } from './types.js'

/**
 * Makes an implicit Runge–Kutta method of equal steps from its nodes: the polynomial u of degree s with u(t) = y,
 * u'(t + cᵢh) = f(t + cᵢh, u(t + cᵢh)), y¹ = u(t + h), its own dense output, of order s. All stages are found
 * together, down to rounding, by Newton's method with the matrix I − hA⊗J of one Jacobian (exact for a field,
 * differences for a function): (sn)³ per step.
 * Source: Hairer, Nørsett & Wanner, Solving ODEs I, definition II.7.6.
 * @example
 * const midpoint = defineCollocation({ name: 'gauss2', order: 2, c: [1/2], source: 'HNW I, (II.7.5)' })
 */
export function defineCollocation(options: CollocationOptions): CollocationMethod {
  const { a, b, dense } = collocationTableau(options.c)
  const method: CollocationMethod = {
    ...options,
    family: 'collocation',
    errorOrder: undefined,
    denseLevel: 'stages',
    recordLevel: 'stages',
    a,
    b,
    dense: { order: options.c.length, b: dense },
    kernel: (problem) => collocationKernel(method, problem),
  }
  return Object.freeze(method)
}
