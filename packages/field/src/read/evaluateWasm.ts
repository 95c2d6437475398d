import type { Field } from '../field.js'
import { makeArray } from '../makeArray.js'
import type { EvaluateOptions, Evaluation, States } from './evaluation.js'
import { compileBatch } from './wasm/compileBatch.js'

/** States a call: their rows stay in the second-level cache for fields of some ten components. */
const chunkSize = 1 << 14

/** Evaluates a batch on vectors, in chunks that go through the same memory. */
export async function evaluateWasm(
  field: Field,
  { data, batch }: States,
  { precision = 'double', theta, time = 0, input = [] }: EvaluateOptions,
): Promise<Evaluation> {
  const { stateSize: n, outputSize: m } = field
  const lanes = precision === 'double' ? 'f64x2' : 'f32x4'
  const values = new Float64Array(batch * m)
  const f = await compileBatch(field, { lanes, capacity: Math.max(1, Math.min(batch, chunkSize)) })
  f.theta.set(theta ?? field.theta)
  f.input.set(input)
  for (let start = 0; start < batch; start += f.capacity) {
    const length = Math.min(f.capacity, batch - start)
    for (let k = 0; k < n; k++)
      f.x.set(data.subarray(k * batch + start, k * batch + start + length), k * f.stride)
    f.evaluate(length, time)
    for (let k = 0; k < m; k++)
      for (let i = 0; i < length; i++) values[(start + i) * m + k] = f.out[k * f.stride + i] as number
  }
  return {
    values: makeArray(values, [batch, m]),
    backend: 'wasm',
    device: `WebAssembly (CPU, ${lanes})`,
    precision,
  }
}
