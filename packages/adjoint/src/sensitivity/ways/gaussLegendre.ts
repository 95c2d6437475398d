/**
 * Nodes and weights of the m-point Gauss–Legendre rule on [0, 1], exact for polynomials of degree 2m − 1:
 * roots of P_m by Newton's method from cos(π(i + ¾)/(m + ½)). Press et al., Numerical Recipes, section 4.6.
 */
export function gaussLegendre(m: number): { readonly nodes: Float64Array; readonly weights: Float64Array } {
  const [nodes, weights] = [new Float64Array(m), new Float64Array(m)]
  for (let i = 0; i < m; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (m + 0.5))
    let slope = 1
    // Newton's method doubles the digits of a start that is right to two: six steps are more than enough
    for (let k = 0; k < 6; k++) {
      let [before, value] = [1, x]
      for (let j = 2; j <= m; j++) [before, value] = [value, ((2 * j - 1) * x * value - (j - 1) * before) / j]
      slope = (m * (x * value - before)) / (x * x - 1)
      x -= value / slope
    }
    nodes[i] = (1 - x) / 2
    weights[i] = 1 / ((1 - x * x) * slope * slope)
  }
  return { nodes, weights }
}
