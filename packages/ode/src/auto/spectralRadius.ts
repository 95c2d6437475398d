import type { Tolerances } from '../control/tolerances.js'
import { atClock, type Problem } from '../problem.js'
import { type StepState, slot } from '../state.js'

/** Size of a difference beside y: √ε balances truncation and rounding (Dennis & Schnabel, §5.4). */
const increment = Math.sqrt(Number.EPSILON)

/** Products with the Jacobian at each look; of two, their geometric mean does not see how components are scaled. */
const products = 2

/** The fractional part of the golden ratio: a start with a part in every direction, the same for every solve. */
const golden = 0.618_033_988_749_894_8

/**
 * An estimate of the spectral radius of ∂f/∂y at the state, by two steps of the power method with differences of f
 * (Sommeijer, Shampine & Verwer, J. Comput. Appl. Math. 88 (1998), §3). The vector lies in the state's memory
 * from `offset` on, n numbers, so that each look goes on from the last. Writes it into `out[0]`; NaN where f is not
 * finite. Three evaluations.
 */
export function spectralRadius(
  problem: Problem,
  { rtol, atol }: Tolerances,
  offset: number,
): (state: StepState, out: Float64Array) => void {
  const n = problem.size
  const now = new Float64Array(1)
  const evaluate = atClock(problem, now)
  const [scale, moved, slope, changed] = Array.from({ length: 4 }, () => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  /** √Σ (vᵢ/scaleᵢ)², into norm[at] */
  const norm = new Float64Array(2)
  const measure = (v: Float64Array, from: number, at: number) => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += ((v[from + i] as number) / (scale[i] as number)) ** 2
    norm[at] = Math.sqrt(sum)
  }
  return ({ y, memory, registers: R }, out) => {
    now[0] = R[slot.time] as number
    for (let i = 0; i < n; i++) {
      const relative = rtol[i] as number
      scale[i] = Math.abs(y[i] as number) + (relative > 0 ? (atol[i] as number) / relative : 1) || increment
    }
    moved.set(y)
    evaluate(moved, slope)
    measure(memory, offset, 0)
    if (!((norm[0] as number) > 0)) {
      for (let i = 0; i < n; i++) memory[offset + i] = (scale[i] as number) * (1 + ((i * golden) % 1))
      measure(memory, offset, 0)
    }
    let squared = 1
    for (let k = 0; k < products; k++) {
      const size = increment / (norm[0] as number)
      for (let i = 0; i < n; i++) moved[i] = (y[i] as number) + size * (memory[offset + i] as number)
      evaluate(moved, changed)
      for (let i = 0; i < n; i++) changed[i] = ((changed[i] as number) - (slope[i] as number)) / increment
      measure(changed, 0, 1)
      const ratio = norm[1] as number
      squared *= ratio
      // a vector that the Jacobian takes to nothing, or to what is no number, is no start for the next look
      const keeps = ratio > 0 && ratio < Number.POSITIVE_INFINITY
      for (let i = 0; i < n; i++) memory[offset + i] = keeps ? (changed[i] as number) / ratio : 0
      if (!keeps) break
      norm[0] = 1
    }
    R[slot.evaluations] = (R[slot.evaluations] as number) + products + 1
    out[0] = Math.sqrt(squared)
  }
}
