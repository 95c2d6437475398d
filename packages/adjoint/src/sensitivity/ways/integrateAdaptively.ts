import { kronrodRule } from './kronrodRule.js'

/** A vector-valued function of one variable; what it returns is overwritten by the next call. */
export type Integrand = (t: number) => Float64Array

/** Integrals of the entries, and an estimate of the largest error among them. */
export interface Integrals {
  readonly values: Float64Array
  readonly error: number
  /** false where halving came to its end before the tolerance was met */
  readonly converged: boolean
}

/** Intervals after which an integral is given up: fifteen thousand values. */
const mostIntervals = 1000

/**
 * Integrates from `from` to `to` by Kronrod's rule on intervals that are halved until their errors add up to
 * rtol·max|∫| + atol. Of a rule the error is taken as r min(1, (200 δ/r)^1.5), δ being the difference from
 * Gauss's rule inside of it and r the integral of the absolute value (QUADPACK, qk15). An interval of depth d
 * is allowed 2^(−d/2) of the tolerance rather than its share 2^−d, which a jump, as dense outputs have between
 * steps, would never meet, and less by four, since those of a smooth function are all at one depth. Memory: a
 * few vectors for each halving in progress. Cost: 15 values an interval.
 */
export function integrateAdaptively(
  f: Integrand,
  [from, to]: readonly [number, number],
  length: number,
  { rtol, atol }: { readonly rtol: number; readonly atol: number },
): Integrals {
  const values = new Float64Array(length)
  const whole = apply(f, from, to, length)
  const tolerance = rtol * largest(whole.values) + atol
  let [error, intervals] = [0, 1]
  const settle = (a: number, b: number, part: Part, depth: number): void => {
    const allowed = Math.max(0.25 * tolerance * 2 ** (-depth / 2), 50 * Number.EPSILON * part.size)
    // a NaN is not worth halving
    if (!(part.error > allowed) || intervals >= mostIntervals) {
      error += part.error
      for (let k = 0; k < length; k++) values[k] += part.values[k]
      return
    }
    intervals++
    const middle = 0.5 * (a + b)
    settle(a, middle, apply(f, a, middle, length), depth + 1)
    settle(middle, b, apply(f, middle, b, length), depth + 1)
  }
  settle(from, to, whole, 0)
  const rounding = 100 * Number.EPSILON * whole.size
  return { values, error, converged: error <= Math.max(tolerance, rounding) }
}

interface Part {
  readonly values: Float64Array
  readonly error: number
  /** ∫|f| of the entry where it is largest */
  readonly size: number
}

function apply(f: Integrand, a: number, b: number, length: number): Part {
  const { nodes, weights, gauss } = kronrodRule
  const [values, coarse, sizes] = Array.from({ length: 3 }, () => new Float64Array(length))
  for (let i = 0; i < nodes.length; i++) {
    const at = f(a + nodes[i] * (b - a))
    for (let k = 0; k < length; k++) {
      values[k] += (b - a) * weights[i] * at[k]
      coarse[k] += (b - a) * gauss[i] * at[k]
      sizes[k] += Math.abs((b - a) * weights[i] * at[k])
    }
  }
  for (let k = 0; k < length; k++) coarse[k] -= values[k]
  const [size, difference] = [largest(sizes), largest(coarse)]
  return { values, size, error: size === 0 ? 0 : size * Math.min(1, ((200 * difference) / size) ** 1.5) }
}

/** NaN where an entry is. */
function largest(values: Float64Array): number {
  return values.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
}
