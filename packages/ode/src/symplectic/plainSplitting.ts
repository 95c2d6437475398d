import type { StepMap } from '../loops/fixedLoop.js'
import type { Problem } from '../problem.js'
import { slot } from '../state.js'
import type { Splitting } from './types.js'

/** A step of a splitting method by plain loops; a substep evaluates the whole field and uses its part. */
export function plainSplitting(
  method: Splitting,
  { vectorField, size, theta }: Problem,
  parts: { readonly q: readonly number[]; readonly p: readonly number[] },
): StepMap {
  const rate = new Float64Array(size)
  const moves = { kick: Int32Array.from(parts.p), drift: Int32Array.from(parts.q) }
  return (clock, { y, registers: R }) => {
    const t = clock[0] as number
    const h = clock[1] as number
    const end = clock[2] as number
    const passed = { kick: 0, drift: 0 }
    for (const [kind, part] of method.substeps) {
      const progress = kind === 'kick' ? passed.drift : passed.kick
      passed[kind] += part
      vectorField(Math.abs(progress - 1) < 1e-15 ? end : t + progress * h, y, rate, theta)
      for (const i of moves[kind]) y[i] = (y[i] as number) + h * part * (rate[i] as number)
    }
    R[slot.evaluations] = (R[slot.evaluations] as number) + method.substeps.length
    return true
  }
}
