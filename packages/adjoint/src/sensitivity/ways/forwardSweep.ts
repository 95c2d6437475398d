import type { StepDerivative } from '../steps/stepDerivative.js'
import type { Tape } from '../steps/tape.js'
import { type OutputTimes, stepOutputs } from './outputTimes.js'

/**
 * Carries n + p tangents through the steps of a tape at once: those of y₀'s entries, then those of θ's.
 * Returns for each direction the tangents of all outputs, [n + p][outputs][n].
 */
export function forwardSweep(
  tape: Tape & { readonly y: Float64Array },
  derivative: StepDerivative,
  outputs: OutputTimes,
  { n, p }: { readonly n: number; readonly p: number },
): Float64Array[] {
  const tangents = Array.from({ length: n + p }, (_, k) => unit(n, k))
  const directions = Array.from({ length: n + p }, (_, k) => unit(p, k - n))
  const results = tangents.map(() => new Float64Array(outputs.count * n))
  const within = results.map((values) => stepOutputs(outputs, values))
  let s = 0
  for (; s < outputs.count && outputs.step[s] < 0; s++)
    for (let k = 0; k < n + p; k++) results[k].set(tangents[k], s * n)
  for (let i = 0; i < tape.count; i++) {
    derivative.enter(tape.t[i], tape.h[i], tape.end[i], tape.y, i * n)
    const first = s
    while (s < outputs.count && outputs.step[s] === i && outputs.positions[s] !== 1) s++
    const last = s
    while (s < outputs.count && outputs.step[s] === i) s++
    for (let k = 0; k < n + p; k++) {
      within[k].first = first
      within[k].last = last
      derivative.pushforward(tangents[k], directions[k], within[k])
      for (let end = last; end < s; end++) results[k].set(tangents[k], end * n)
    }
  }
  return results
}

function unit(length: number, k: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => (i === k ? 1 : 0))
}
