import { defineTableau } from '../explicit/defineTableau.js'

/** Kutta's third-order method: Simpson's rule in three stages. */
export const kutta3 = defineTableau({
  name: 'kutta3',
  order: 3,
  c: [0, 1 / 2, 1],
  a: [[], [1 / 2], [-1, 2]],
  b: [1 / 6, 2 / 3, 1 / 6],
  source: 'Kutta, Z. Math. Phys. 46 (1901), p. 440',
})
