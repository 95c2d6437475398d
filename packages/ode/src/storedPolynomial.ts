import { misuse } from '@separatrix/field/core'
import { copy, horner, type StepInterpolant } from './interpolant.js'
import type { Trace } from './trace.js'

/**
 * The interpolant of methods that leave the polynomial itself in the trace: where the stages come from an
 * iteration they cannot be found again from t, h and y, so that coefficients 1 … degree stand in their place.
 */
export function storedPolynomial(size: number, degree: number, order: number): StepInterpolant {
  const q = new Float64Array((degree + 1) * size)
  const [first, others] = [q.subarray(0, size), q.subarray(size)]
  return {
    order,
    coefficients: q,
    load({ y, stages }, i) {
      if (stages.length < (i + 1) * degree * size)
        throw misuse({
          where: 'interpolant.load',
          expected: "steps recorded at the level 'stages': this method's polynomial cannot be computed again",
          got: 'steps without stages',
          try: 'stepRecord(t0, y0, method.recordLevel)',
          code: 'no-stages',
        })
      copy(y, i * size, first)
      copy(stages, i * degree * size, others)
    },
    evaluate: (theta, out) => horner(q, degree, theta, out),
  }
}

/** Writes the polynomial of accepted step number `i` of a run, where the trace keeps it. */
export function tracePolynomial({ level, stages }: Trace, i: number, coefficients: Float64Array): void {
  if (level === 'stages') stages.set(coefficients, i * coefficients.length)
}
