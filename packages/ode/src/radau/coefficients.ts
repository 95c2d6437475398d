const root = Math.sqrt(6)

/**
 * Radau IIA of three stages, in the coordinates W = T⁻¹Z in which A⁻¹ has a real eigenvalue μ and the pair
 * α ∓ iβ. T and its inverse as RADAU5 prints them.
 * Source: Hairer & Wanner, Solving ODEs II, §IV.8, doi:10.1007/978-3-642-05221-7.
 */
export const radau = {
  c: Float64Array.of((4 - root) / 10, (4 + root) / 10, 1),
  real: 3 + 3 ** (2 / 3) - 3 ** (1 / 3),
  complex: [3 + (3 ** (1 / 3) - 3 ** (2 / 3)) / 2, -(3 ** (5 / 6) + 3 ** (7 / 6)) / 2],
  T: Float64Array.of(
    0.09443876248897524,
    -0.1412552950209542,
    0.030029194105147424,
    0.2502131229653333,
    0.20412935229379994,
    -0.3829421127572619,
    1,
    1,
    0,
  ),
  inverse: Float64Array.of(
    4.178718591551905,
    0.3276828207610624,
    0.5233764454994495,
    -4.178718591551905,
    -0.3276828207610624,
    0.4766235545005504,
    0.5028726349457868,
    -2.571926949855605,
    0.5960392048282249,
  ),
  /** the error estimate is (μ/h − J)⁻¹ (f(t, y) + Σ eᵢzᵢ/h) */
  e: Float64Array.of((-13 - 7 * root) / 3, (-13 + 7 * root) / 3, -1 / 3),
  /** row i: what zᵢ = u(t + cᵢh) − y adds to the coefficients of the collocation polynomial */
  polynomials: [
    [13 / 3 + (7 * root) / 3, -23 / 3 - (22 * root) / 3, 10 / 3 + 5 * root],
    [13 / 3 - (7 * root) / 3, -23 / 3 + (22 * root) / 3, 10 / 3 - 5 * root],
    [1 / 3, -8 / 3, 10 / 3],
  ],
} as const
