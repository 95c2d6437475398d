import { defineDiagonal } from '../diagonallyImplicit/defineDiagonal.js'

/**
 * The trapezoidal rule y¹ = y + h (f(t, y) + f(t + h, y¹))/2: order 2, A-stable, and what is very stiff it does not
 * damp (R(∞) = −1). The estimate compares with the implicit Euler method.
 */
export const trapezoid = defineDiagonal({
  name: 'trapezoid',
  order: 2,
  errorOrder: 1,
  c: [0, 1],
  a: [[0], [1 / 2, 1 / 2]],
  bError: [1 / 2, -1 / 2],
  // the parabola with these slopes: there is no stage in between
  dense: {
    order: 2,
    b: [
      [1, -1 / 2],
      [0, 1 / 2],
    ],
  },
  source: 'Hairer & Wanner, Solving ODEs II, (IV.3.5)',
})
