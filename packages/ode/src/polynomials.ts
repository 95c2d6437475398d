import { misuse, show } from '@separatrix/field/core'
import type { StepInterpolant } from './interpolant.js'
import type { StepRecord } from './observe/stepRecord.js'

/**
 * Dense output as data: on [t_i, t_i+1] the solution is Σ_j c[i][j] θ^j with θ = (t − t_i)/h_i. `coefficients`
 * has shape [pieces, degree + 1, size], row-major.
 */
export interface PiecewisePolynomial {
  readonly t: Float64Array
  readonly h: Float64Array
  readonly size: number
  readonly degree: number
  readonly coefficients: Float64Array
}

export function piecewisePolynomial(record: StepRecord, interpolant: StepInterpolant): PiecewisePolynomial {
  const steps = record.steps()
  const pieces = record.count()
  const size = steps.y.length / steps.t.length
  const { coefficients: piece } = interpolant
  if (piece === undefined)
    throw misuse({
      where: 'solution.polynomials',
      expected: 'a method whose dense output is a polynomial',
      got: 'gbs, which takes a shorter step instead',
      try: 'dop853 or vern9 at the same tolerances',
    })
  const coefficients = new Float64Array(pieces * piece.length)
  for (let i = 0; i < pieces; i++) {
    interpolant.load(steps, i)
    coefficients.set(piece, i * piece.length)
  }
  return { t: steps.t.slice(), h: steps.h.slice(), size, degree: piece.length / size - 1, coefficients }
}

/** Value of a piecewise polynomial at a time within its pieces, by bisection and Horner's rule. */
export function evaluatePolynomial(
  { t, h, size, degree, coefficients }: PiecewisePolynomial,
  time: number,
): Float64Array {
  const [first, last] = [t[0] as number, t[t.length - 1] as number]
  if (!((time - first) * (last - time) >= 0))
    throw misuse({
      where: 'evaluatePolynomial',
      expected: `a time between ${first} and ${last}`,
      got: show(time),
      try: 'a longer span',
      code: 'outside-span',
    })
  const direction = last >= first ? 1 : -1
  let [low, high] = [0, Math.max(0, h.length - 1)]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (((t[middle] as number) - time) * direction < 0) low = middle
    else high = middle - 1
  }
  const theta = h[low] === 0 ? 0 : (time - (t[low] as number)) / (h[low] as number)
  const start = low * (degree + 1) * size
  return Float64Array.from({ length: size }, (_, c) => {
    let value = 0
    for (let j = degree; j >= 0; j--) value = value * theta + (coefficients[start + j * size + c] as number)
    return value
  })
}
