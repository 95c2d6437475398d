import { defineTableau } from '../explicit/defineTableau.js'

/** The classical Runge–Kutta method, order 4. */
export const rk4 = defineTableau({
  name: 'rk4',
  order: 4,
  c: [0, 1 / 2, 1 / 2, 1],
  a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]],
  b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
  source: 'Kutta 1901; Hairer, Nørsett & Wanner, Solving ODEs I, Table II.1.2',
})
