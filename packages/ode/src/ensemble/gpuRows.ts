import { Builder, compile, embed, type Field, makeField } from '@separatrix/field/core'
import type { GpuRun } from './gpuRun.js'
import type { GpuSource } from './gpuText.js'

/** Threads of a kernel call at most: below 2²⁰ a thread's number divides exactly in single precision. */
const mostThreads = 1 << 20

/** A kernel of some trajectories: numbers `x` by row, and settings, to results by output. */
export type RowKernel = (
  rows: readonly Float32Array[],
  chosen: Uint32Array,
  settings: readonly number[],
  take: (output: number, i: number, value: number) => void,
) => Promise<void>

/**
 * Compiles a kernel, for calls on any choice of trajectories: they go in chunks of one size, the last of them padded
 * with its first trajectory.
 */
export function rowKernel(
  { device, plan, field, signal }: GpuRun,
  { outputs, source }: GpuSource,
  coefficients: Field,
): RowKernel {
  const size = Math.min(plan.batch, Math.floor(mostThreads / outputs))
  const kernel = device.compile(source(size), size * outputs)
  const fixed = coefficientsAt(
    coefficients,
    Float64Array.from(field.theta, (_, k) => plan.theta.get(0, k)),
  )
  return async (rows, chosen, settings, take) => {
    const c = Float32Array.of(...fixed, ...settings)
    const x = new Float32Array(rows.length * size)
    for (let start = 0; start < chosen.length && signal?.aborted !== true; start += size) {
      const length = Math.min(size, chosen.length - start)
      rows.forEach((row, k) => {
        x.fill(row[chosen[start] as number] as number, k * size, (k + 1) * size)
        for (let i = 0; i < length; i++) x[k * size + i] = row[chosen[start + i] as number] as number
      })
      const result = await kernel(x, c)
      for (let output = 0; output < outputs; output++)
        for (let i = 0; i < length; i++)
          take(output, chosen[start + i] as number, result[output * size + i] as number)
    }
  }
}

/** All that a field's kernels read beside states, in double precision. */
function coefficientsAt(coefficients: Field, theta: Float64Array): Float64Array {
  const values = new Float64Array(coefficients.outputSize)
  compile(coefficients)(0, new Float64Array(coefficients.stateSize), values, theta)
  return values
}

/** x' = f(t, x, θ), θ' = 0: trajectories with a θ of their own. */
export function thetaAsState(field: Field): Field {
  const [n, p] = [field.stateSize, field.theta.length]
  const b = new Builder()
  const all = b.leaf('state', n + p)
  const part = (start: number, length: number) =>
    b.gather(
      all,
      Array.from({ length }, (_, i) => start + i),
    )
  const rate = embed(b, field, { state: part(0, n), theta: part(n, p) })
  return makeField(b, b.concat([rate, b.zeros(p)]), {
    ...field,
    stateNames: [...field.stateNames, ...Array.from({ length: p }, (_, i) => `theta${i}`)],
    theta: new Float64Array(0),
    layout: [],
  })
}
