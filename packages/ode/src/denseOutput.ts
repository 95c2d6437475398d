import { misuse, show } from '@separatrix/field/core'
import type { StepInterpolant } from './interpolant.js'
import type { StepRecord } from './observe/stepRecord.js'
import { type PiecewisePolynomial, piecewisePolynomial } from './polynomials.js'

/** The solution between its steps. */
export interface DenseOutputOfSolve {
  at(t: number): Float64Array
  polynomials(): PiecewisePolynomial
}

/**
 * Dense output. Where steps were not kept (saveAt), the first question solves again and keeps them: solves are
 * deterministic, and nobody who does not ask pays with memory.
 */
export function denseOutput(
  source: StepRecord | (() => StepRecord),
  interpolant: () => StepInterpolant,
  [from, to]: readonly [number, number],
): DenseOutputOfSolve {
  let kept = typeof source === 'function' ? undefined : source
  const record = () => (kept ??= (source as () => StepRecord)())
  let loaded = -1
  return {
    at(t) {
      if (!((t - from) * (to - t) >= 0))
        throw misuse({
          where: 'solution.at',
          expected: `a time between ${from} and ${to}`,
          got: show(t),
          try: 'a longer span, or reading solution.message if the solve ended early',
          code: 'outside-span',
        })
      const steps = record().steps()
      const size = steps.y.length / steps.t.length
      if (record().count() === 0) return steps.y.slice()
      const i = record().find(t)
      if (t === steps.t[i]) return steps.y.slice(i * size, (i + 1) * size)
      if (t === steps.t[i + 1]) return steps.y.slice((i + 1) * size, (i + 2) * size)
      if (i !== loaded) interpolant().load(steps, i)
      loaded = i
      const out = new Float64Array(size)
      interpolant().evaluate((t - (steps.t[i] as number)) / (steps.h[i] as number), out)
      return out
    },
    polynomials() {
      loaded = -1
      return piecewisePolynomial(record(), interpolant())
    },
  }
}
