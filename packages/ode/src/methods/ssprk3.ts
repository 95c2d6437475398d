import { defineTableau } from '../explicit/defineTableau.js'

/** Shu and Osher's strong-stability-preserving method of order 3: a convex combination of Euler steps. */
export const ssprk3 = defineTableau({
  name: 'ssprk3',
  order: 3,
  c: [0, 1, 1 / 2],
  a: [[], [1], [1 / 4, 1 / 4]],
  b: [1 / 6, 1 / 6, 2 / 3],
  source: 'Shu & Osher, J. Comput. Phys. 77 (1988), doi:10.1016/0021-9991(88)90177-5',
})
