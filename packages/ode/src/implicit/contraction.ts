/**
 * Judges a simplified Newton iteration by the sizes of its corrections, in units of what is allowed (Hairer &
 * Wanner, Solving ODEs II, §IV.8, (8.10), (8.11)): with Θ = |Δ_k|/|Δ_(k−1)| the error that is left is
 * Θ/(1 − Θ) |Δ_k|.
 */
export interface Contraction {
  /** see {@link contractionSlot}; in an array, so that no call passes a double */
  readonly numbers: Float64Array
  /** begins an iteration with the estimate Θ/(1 − Θ) of the last */
  begin(): void
  /** the k-th correction, from 0 on, had the size that stands in the numbers */
  judge(k: number): 'going' | 'done' | 'failed'
}

/** Θ/(1 − Θ), the largest Θ since it was reset, the sizes of this correction and of the last. */
export const contractionSlot = { eta: 0, worst: 1, size: 2, last: 3 } as const

/** Iterations with one matrix (RADAU5 allows 7, SDIRK4 7). */
export const mostIterations = 8

/** Part of the tolerance that may be left of an iteration: between .01 and .1 by HW II, §IV.8; RADAU5 takes .03 or less. */
const allowed = 0.02

export function contraction(): Contraction {
  const numbers = new Float64Array(4)
  return {
    numbers,
    begin() {
      // an estimate grows old: (8.11)
      numbers[contractionSlot.eta] = Math.max(numbers[contractionSlot.eta] as number, Number.EPSILON) ** 0.8
      numbers[contractionSlot.last] = 0
    },
    judge(k) {
      const size = numbers[contractionSlot.size] as number
      if (!Number.isFinite(size)) return 'failed'
      if (k > 0) {
        const rate = size / (numbers[contractionSlot.last] as number)
        if (rate > (numbers[contractionSlot.worst] as number)) numbers[contractionSlot.worst] = rate
        if (rate >= 1) return 'failed'
        numbers[contractionSlot.eta] = rate / (1 - rate)
        if ((rate ** (mostIterations - 1 - k) / (1 - rate)) * size > allowed) return 'failed'
      }
      numbers[contractionSlot.last] = size
      if ((numbers[contractionSlot.eta] as number) * size <= allowed) return 'done'
      return k === mostIterations - 1 ? 'failed' : 'going'
    },
  }
}

/** Equal steps promise nothing, so that their equations are solved down to rounding, in units of which sizes are. */
export function contractionToRounding(): Contraction {
  const numbers = new Float64Array(4)
  return {
    numbers,
    begin() {
      numbers[contractionSlot.last] = 0
    },
    judge(k) {
      const size = numbers[contractionSlot.size] as number
      if (!Number.isFinite(size)) return 'failed'
      const last = numbers[contractionSlot.last] as number
      numbers[contractionSlot.last] = size
      if (size <= 0.5) return 'done'
      // no longer shrinking, and small: this is rounding
      if (k > 0 && size >= 0.5 * last) return size <= 64 ? 'done' : size > 2 * last ? 'failed' : 'going'
      return k === 19 ? 'failed' : 'going'
    },
  }
}
