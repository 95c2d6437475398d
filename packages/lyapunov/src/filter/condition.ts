import { compile, type Field } from '@separatrix/field/core'
import { affineParts, type ChainOptions } from './affineParts.js'

/**
 * A condition ±(L_fψ + L_gψ·u + αψ) ≥ w̄·|∇ψ| on the input, ψ the last of a chain: + for a barrier, − for a Lyapunov
 * function.
 */
export interface Condition {
  /** offset + slope·u ≥ 0 at the state last evaluated; slope is overwritten by the next call */
  evaluate(t: number, x: ArrayLike<number>): number
  readonly slope: Float64Array
  /** size of the terms that the offset is the sum of, for telling rounding */
  magnitude(): number
}

export interface ConditionOptions extends ChainOptions {
  /** the last α */
  readonly alpha: number
  readonly sign: 1 | -1
}

/** Compiles a condition for a control-affine plant. */
export function condition(where: string, plant: Field, options: ConditionOptions): Condition {
  const { alpha, sign } = options
  const evaluate = compile(affineParts(where, plant, options).parts)
  const k = plant.inputSize
  const out = new Float64Array(3 + k)
  const slope = new Float64Array(k)
  return {
    slope,
    evaluate(t, x) {
      evaluate(t, x, out)
      for (let i = 0; i < k; i++) slope[i] = sign * out[2 + i]
      return sign * (out[1] + alpha * out[0]) - out[2 + k]
    },
    magnitude: () => Math.abs(out[1]) + Math.abs(alpha * out[0]) + out[2 + k],
  }
}
