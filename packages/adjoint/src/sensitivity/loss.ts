import type { NdArray } from 'ndarray'

/**
 * A function of a solution's outputs y (NdArray [times, n]): its value, and its gradient ∂L/∂y written to dy,
 * of the same shape and zero when `gradient` is called.
 * @example
 * const last = (y: NdArray) => y.shape[0] - 1
 * const endpoint = { value: (y) => y.get(last(y), 0), gradient: (y, dy) => dy.set(last(y), 0, 1) }
 */
export interface SolutionLoss {
  value(y: NdArray<Float64Array>): number
  gradient(y: NdArray<Float64Array>, dy: NdArray<Float64Array>): void
}
