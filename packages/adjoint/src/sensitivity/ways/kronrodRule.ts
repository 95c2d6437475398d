/**
 * The 15 nodes of Kronrod's rule on [−1, 1] that are not negative, descending, with its weights, and those of
 * Gauss's 7 nodes, which are every other one: exact for polynomials of degree 22 and 13. Piessens et al.,
 * QUADPACK (1983), routine qk15.
 */
const nodes = [
  0.9914553711208126, 0.9491079123427585, 0.8648644233597691, 0.7415311855993945, 0.5860872354676911,
  0.4058451513773972, 0.20778495500789848, 0,
]
const kronrod = [
  0.022935322010529224, 0.06309209262997856, 0.10479001032225019, 0.14065325971552592, 0.1690047266392679,
  0.19035057806478542, 0.20443294007529889, 0.20948214108472782,
]
const gauss = [0, 0.1294849661688697, 0, 0.27970539148927664, 0, 0.3818300505051189, 0, 0.4179591836734694]

/** All nodes, ascending on [0, 1], with the weights of both rules. */
export const kronrodRule = (() => {
  const sides = [
    ...nodes.map((x, i) => [-x, i]),
    ...nodes
      .slice(0, -1)
      .reverse()
      .map((x, i) => [x, 6 - i]),
  ]
  return {
    nodes: Float64Array.from(sides, ([x]) => (1 + x) / 2),
    weights: Float64Array.from(sides, ([, i]) => kronrod[i] / 2),
    gauss: Float64Array.from(sides, ([, i]) => gauss[i] / 2),
  }
})()
