import { defineRosenbrock } from '../rosenbrock/defineRosenbrock.js'

const d = 1 / (2 + Math.SQRT2)
const e = 6 + Math.SQRT2
const q = 1 - 2 * d

/**
 * Shampine and Reichelt's modified Rosenbrock pair of order 2(3), L-stable, with an interpolant of order 2: for
 * crude tolerances. Its stages, there k₁, k₂, k₃, are written in the variables that need no product with J:
 * Γ/d = [[1, 0, 0], [−1, 1, 0], [e − 2, −e, 1]] with e = 6 + √2. The estimate is of third order, so the step is
 * that of a method of order 2.
 */
export const rosenbrock23 = defineRosenbrock({
  name: 'rosenbrock23',
  order: 2,
  errorOrder: 2,
  gamma: d,
  alpha: [0, 1 / 2, 1],
  gammas: [d, 0, -d],
  a: [[], [1 / (2 * d)], [1 / d, 1 / d]],
  c: [[], [-1 / d], [-2 / d, -e / d]],
  m: [1 / d, 1 / d, 0],
  mError: [-1 / (6 * d), (2 - e) / (6 * d), -1 / (6 * d)],
  dense: {
    order: 2,
    // y + h(k₁ θ(1 − θ) + k₂ θ(θ − 2d))/(1 − 2d), with hk₁ = u₁/d and hk₂ = (u₁ + u₂)/d
    b: [
      [1 / d, 0],
      [(-2 * d) / (d * q), 1 / (d * q)],
      [0, 0],
    ],
  },
  source: 'Shampine & Reichelt, SIAM J. Sci. Comput. 18 (1997), doi:10.1137/S1064827594276424',
})
