import type { NdArray } from 'ndarray'
import type { GpuMode } from './gpuDevice.js'

export interface EvaluateOptions {
  /**
   * 'js': double precision on the CPU; 'wasm': vectors on the CPU, double or single; 'gpu': gpu.js, single
   * precision; 'auto': see evaluateBatch
   */
  readonly backend: 'js' | 'wasm' | 'gpu' | 'auto'
  /** the least precision that will do; default 'single' for 'gpu', 'double' for the others */
  readonly precision?: 'single' | 'double'
  /** which of gpu.js's devices, for 'gpu'; default the best that is there */
  readonly device?: GpuMode
  /** θ in place of the field's own */
  readonly theta?: ArrayLike<number>
  /** the time at which a field that depends on it is evaluated; default 0 */
  readonly time?: number
  /** the input u of an open field, the same for the whole batch */
  readonly input?: ArrayLike<number>
}

/** Values, and what really computed them. */
export interface Evaluation {
  /** [batch, m] (for a grid [...counts, m]); NaN where the field has no finite value */
  readonly values: NdArray<Float64Array>
  readonly backend: 'js' | 'wasm' | 'gpu'
  /** the device that ran, in words, e.g. `gpu.js webasm (CPU SIMD, f32)` */
  readonly device: string
  readonly precision: 'single' | 'double'
  /** why 'auto' chose as it did; absent when the caller chose */
  readonly reason?: string
}

/** States stored state-major, [n][batch]. */
export interface States {
  readonly data: Float64Array
  readonly batch: number
}
