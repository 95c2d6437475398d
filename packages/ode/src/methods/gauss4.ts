import { defineCollocation } from '../collocation/defineCollocation.js'

/**
 * Gauss' method of two stages: order 4, A-stable, symplectic, reversible, and keeps quadratic invariants down to
 * rounding. Equal steps.
 */
export const gauss4 = defineCollocation({
  name: 'gauss4',
  order: 4,
  c: [1 / 2 - Math.sqrt(3) / 6, 1 / 2 + Math.sqrt(3) / 6],
  source: 'Hairer, Nørsett & Wanner, Solving ODEs I, table II.7.3',
})
