import { defineDiagonal } from '../diagonallyImplicit/defineDiagonal.js'

/**
 * The implicit Euler method y¹ = y + h f(t + h, y¹): order 1, L-stable. The estimate compares with the trapezoidal
 * rule.
 */
export const implicitEuler = defineDiagonal({
  name: 'implicitEuler',
  order: 1,
  errorOrder: 1,
  c: [0, 1],
  a: [[0], [0, 1]],
  bError: [-1 / 2, 1 / 2],
  source: 'Hairer & Wanner, Solving ODEs II, (IV.1.2)',
})
