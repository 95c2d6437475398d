import type { StepDerivative } from '../steps/stepDerivative.js'
import type { Tape } from '../steps/tape.js'
import { type OutputTimes, stepOutputs } from './outputTimes.js'
import type { Segments } from './segments.js'

/**
 * Goes back through the steps of a tape: λ ← (∂Φ/∂y)ᵀλ and μ ← μ + (∂Φ/∂θ)ᵀλ, the outputs' cotangents
 * entering where they were taken. λ and μ are added to; λ ends as ∂L/∂y₀.
 */
export function reverseSweep(
  tape: Tape & { readonly segments: Segments },
  derivative: StepDerivative,
  outputs: OutputTimes,
  cotangents: Float64Array,
  { lambda, mu }: { readonly lambda: Float64Array; readonly mu: Float64Array },
): void {
  const { t, h, end, segments } = tape
  const n = lambda.length
  const within = stepOutputs(outputs, cotangents)
  const { pullbackSteps } = derivative
  let s = outputs.count - 1
  const add = () => {
    for (let m = 0; m < n; m++) lambda[m] += cotangents[s * n + m]
    s--
  }
  for (const { first, last, y } of segments())
    for (let i = last - 1; i >= first; ) {
      while (s >= 0 && outputs.step[s] === i && outputs.positions[s] === 1) add()
      within.last = s + 1
      while (s >= 0 && outputs.step[s] === i) s--
      within.first = s + 1
      if (pullbackSteps !== undefined && within.first === within.last) {
        // up to the step of the next output, whose end that output may be
        const next = Math.max(first, s >= 0 ? outputs.step[s] + 1 : first)
        pullbackSteps({ first: next, last: i + 1, from: first }, tape, y, lambda, mu)
        i = next - 1
        continue
      }
      derivative.enter(t[i], h[i], end[i], y, (i - first) * n)
      derivative.pullback(lambda, mu, within)
      i--
    }
  while (s >= 0) add()
}
