import { defineTableau } from '../explicit/defineTableau.js'

/** The explicit midpoint rule (Runge 1895), order 2, with Euler's method as the error estimate. */
export const midpoint = defineTableau({
  name: 'midpoint',
  order: 2,
  errorOrder: 1,
  c: [0, 1 / 2],
  a: [[], [1 / 2]],
  b: [0, 1],
  bError: [-1, 1],
  source: 'Runge 1895; Hairer, Nørsett & Wanner, Solving ODEs I, (II.1.4)',
})
