import { defineTableau } from '../explicit/defineTableau.js'

/** Heun's method (explicit trapezoidal rule), order 2, with Euler's method as the error estimate. */
export const heun = defineTableau({
  name: 'heun',
  order: 2,
  errorOrder: 1,
  c: [0, 1],
  a: [[], [1]],
  b: [1 / 2, 1 / 2],
  bError: [-1 / 2, 1 / 2],
  source: 'Heun 1900; Hairer, Nørsett & Wanner, Solving ODEs I, §II.1',
})
