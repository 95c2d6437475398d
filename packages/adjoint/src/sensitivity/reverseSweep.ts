import { type OutputTimes, stepOutputs } from './outputTimes.js'
import type { StepDerivative, Tape } from './stepDerivative.js'

/**
 * Goes back through the steps of a tape: λ ← (∂Φ/∂y)ᵀλ and μ ← μ + (∂Φ/∂θ)ᵀλ, the outputs' cotangents entering where they
 * were taken. λ and μ are added to; λ ends as ∂L/∂y₀.
 */
export function reverseSweep(
  tape: Tape,
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
  for (let i = tape.count - 1; i >= 0; i--) {
    for (; s >= 0 && outputs.step[s] === i && outputs.positions[s] === 1; s--) add(s)
    within.last = s + 1
    while (s >= 0 && outputs.step[s] === i) s--
    within.first = s + 1
    derivative.enter(tape.t[i], tape.h[i], tape.y, i * n)
    derivative.pullback(lambda, mu, within)
  }
  for (; s >= 0; s--) add(s)
}
