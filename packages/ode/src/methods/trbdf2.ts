import { defineDiagonal } from '../diagonallyImplicit/defineDiagonal.js'

const d = 1 - Math.SQRT1_2
const w = Math.SQRT2 / 4

/**
 * The trapezoidal rule to t + (2 − √2)h and the second backward difference from there: order 2, L-stable, with an
 * estimate of order 3.
 */
export const trbdf2 = defineDiagonal({
  name: 'trbdf2',
  order: 2,
  errorOrder: 2,
  c: [0, 2 * d, 1],
  a: [[0], [d, d], [w, w, d]],
  bError: [(Math.SQRT2 - 1) / 3, -1 / 3, (2 - Math.SQRT2) / 3],
  source: 'Hosea & Shampine, Appl. Numer. Math. 20 (1996), doi:10.1016/0168-9274(95)00115-8',
})
