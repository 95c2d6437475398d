import { freeze } from '../build/compose.js'
import { scalarize } from '../derive/scalarize.js'
import { expectField, type Field } from '../field.js'
import { canGenerateCode } from '../read/canGenerateCode.js'
import { encloseInterpreted } from './encloseInterpreted.js'
import { intervalHelpers } from './intervalCode.js'
import { printEnclosure } from './printEnclosure.js'

/**
 * Encloses a field over a box: reads the bounds of the state, then of the input and (for a field of time) of
 * the time; writes a lower and an upper bound per output.
 */
export type Enclosure = (
  lo: ArrayLike<number>,
  hi: ArrayLike<number>,
  outLo: Float64Array,
  outHi: Float64Array,
) => void

/** Scalar operations beyond which printing is not worth its time and memory: the table of rules runs instead. */
const printLimit = 40_000

/**
 * The interval reading of a field: for every x in the box, every real value that f(x) can take lies in
 * [outLo, outHi]; parameters mean the decimals that they print as, weights their doubles. Rounding is
 * outward throughout. Where f is undefined somewhere in the box (a zero divisor, the logarithm of 0, …) the
 * bounds are NaN, which satisfy no inequality. Natural extension: the excess is of first order in the width.
 * Cost: two to four times that of one evaluation for sums and products. Allocates nothing per call.
 * @example
 * const f = enclose(expression('x^2 - y', ['x', 'y']))
 * const [lo, hi] = [new Float64Array(1), new Float64Array(1)]
 * f([-1, 0], [2, 1], lo, hi) // lo[0] ≤ −1, hi[0] ≥ 4, both by an ulp or two
 */
export function enclose(field: Field): Enclosure {
  expectField('enclose', field)
  const scalar = scalarize(field.theta.length === 0 ? field : freeze(field))
  if (!canGenerateCode() || scalar.nodes.length > printLimit) return encloseInterpreted(scalar)
  const names = Object.keys(intervalHelpers)
  const factory = new Function(...names, 'L', 'H', `'use strict'\n${printEnclosure(scalar)}`)
  const size = scalar.nodes.length
  const values = names.map((n) => intervalHelpers[n])
  return factory(...values, new Float64Array(size), new Float64Array(size)) as Enclosure
}
