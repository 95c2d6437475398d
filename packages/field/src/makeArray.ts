import ndarray, { type NdArray } from 'ndarray'
import { canGenerateCode } from './read/canGenerateCode.js'
import { stridedArray } from './stridedArray.js'

/**
 * An ndarray over `data`, row-major. npm's ndarray compiles its classes from text; where a page's content security
 * policy forbids that, {@link stridedArray} takes its place.
 * @example
 * makeArray(Float64Array.of(1, 2, 3, 4), [2, 2]).get(1, 0) // 3
 */
export function makeArray(data: Float64Array, shape: readonly number[]): NdArray<Float64Array> {
  try {
    return ndarray(data, shape as number[])
  } catch (error) {
    if (canGenerateCode()) throw error
    return stridedArray(data, shape)
  }
}
