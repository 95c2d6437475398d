import type { StepDerivative, Tape } from '../steps/stepDerivative.js'
import { type OutputTimes, stepOutputs } from './outputTimes.js'
import type { Segments } from './segments.js'

/**
 * Goes back through the steps of a tape: λ ← (∂Φ/∂y)ᵀλ and μ ← μ + (∂Φ/∂θ)ᵀλ, the outputs' cotangents entering where they
 * were taken. λ and μ are added to; λ ends as ∂L/∂y₀.
 */
export function reverseSweep(
  { t, h, segments }: Tape & { readonly segments: Segments },
  derivative: StepDerivative,
  outputs: OutputTimes,
  cotangents: Float64Array,
  { lambda, mu }: { readonly lambda: Float64Array; readonly mu: Float64Array },
): void {
  const n = lambda.length
  const within = stepOutputs(outputs, cotangents)
  const add = (s: number) => {
    for (let m = 0; m < n; m++) lambda[m] += cotangents[s * n + m]
  }
  let s = outputs.count - 1
  for (const { first, last, y } of segments())
    for (let i = last - 1; i >= first; i--) {
      for (; s >= 0 && outputs.step[s] === i && outputs.positions[s] === 1; s--) add(s)
      within.last = s + 1
      while (s >= 0 && outputs.step[s] === i) s--
      within.first = s + 1
      derivative.enter(t[i], h[i], y, (i - first) * n)
      derivative.pullback(lambda, mu, within)
    }
  for (; s >= 0; s--) add(s)
}
