import { defineTableau } from '../explicit/defineTableau.js'

/** Ralston's method: order 2 with the least bound on the local error. */
export const ralston = defineTableau({
  name: 'ralston',
  order: 2,
  errorOrder: 1,
  c: [0, 2 / 3],
  a: [[], [2 / 3]],
  b: [1 / 4, 3 / 4],
  bError: [-3 / 4, 3 / 4],
  source: 'Ralston, Math. Comp. 16 (1962), doi:10.1090/S0025-5718-1962-0150954-0',
})
