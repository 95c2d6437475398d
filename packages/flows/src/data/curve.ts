import { gaussLegendre } from '@separatrix/adjoint'

/** Points of a curve with weights that sum to 1: a measure on it, ready to be blurred. */
export interface CurveNodes {
  readonly x: Float64Array
  readonly y: Float64Array
  readonly weights: Float64Array
}

/**
 * The measure of a parameter t ∈ [0, 1] with density p on a curve c(t), by Gauss–Legendre rules of ten nodes
 * on equal panels. Panels are to be shorter than the blur that follows: the rule then is exact to rounding
 * (the integrand is a normal density of the distance, entire, and varies over one deviation a panel).
 */
export function curveNodes(
  c: (t: number) => readonly [number, number],
  panels: number,
  p: (t: number) => number = () => 1,
): CurveNodes {
  const rule = gaussLegendre(10)
  const length = panels * rule.nodes.length
  const at = (k: number) => (Math.floor(k / rule.nodes.length) + rule.nodes[k % rule.nodes.length]) / panels
  const points = Array.from({ length }, (_, k) => c(at(k)))
  return {
    x: Float64Array.from(points, ([x]) => x),
    y: Float64Array.from(points, ([, y]) => y),
    weights: Float64Array.from(points, (_, k) => (rule.weights[k % rule.nodes.length] * p(at(k))) / panels),
  }
}

/** log Σ wₖ N(x; cₖ, s²I) in the plane. */
export function blurredLogDensity(
  { x: cx, y: cy, weights }: CurveNodes,
  deviation: number,
  [x, y]: readonly [number, number],
): number {
  const scale = -1 / (2 * deviation * deviation)
  let least = Number.POSITIVE_INFINITY
  for (let k = 0; k < cx.length; k++) least = Math.min(least, (x - cx[k]) ** 2 + (y - cy[k]) ** 2)
  let sum = 0
  for (let k = 0; k < cx.length; k++)
    sum += weights[k] * Math.exp(scale * ((x - cx[k]) ** 2 + (y - cy[k]) ** 2 - least))
  return scale * least + Math.log(sum) - Math.log(2 * Math.PI * deviation * deviation)
}
