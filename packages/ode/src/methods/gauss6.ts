import { defineCollocation } from '../collocation/defineCollocation.js'

/**
 * Gauss' method of three stages: order 6, A-stable, symplectic, reversible, and keeps quadratic invariants down to
 * rounding. Equal steps.
 */
export const gauss6 = defineCollocation({
  name: 'gauss6',
  order: 6,
  c: [1 / 2 - Math.sqrt(15) / 10, 1 / 2, 1 / 2 + Math.sqrt(15) / 10],
  source: 'Hairer, Nørsett & Wanner, Solving ODEs I, table II.7.4',
})
