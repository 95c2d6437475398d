import { invalidResult } from '@separatrix/field/core'
import { rowKernel } from './gpuRows.js'
import type { GpuAdvance, GpuRun } from './gpuRun.js'
import { printGpuFixed, stepsPerKernel } from './printGpuFixed.js'

/** A remainder within this part of a step is the step itself, as in `solve`. */
const remainderTolerance = 1e-9

/** Equal steps: full ones in runs that a kernel takes, then what remains. */
export function fixedAdvance(run: GpuRun): GpuAdvance {
  const { plan, field, method, rows, signal } = run
  const printed = printGpuFixed(method, field, plan.field.stateSize)
  const kernel = rowKernel(run, printed, printed.coefficients)
  const all = Uint32Array.from({ length: plan.batch }, (_, i) => i)
  const next = rows.slice(0, plan.field.stateSize).map((row) => row.slice())
  const advance = async (base: number, h: number, count: number) => {
    await kernel(rows, all, [h, count, base, ...printed.table], (k, i, value) => {
      // devices may round that number
      ;(next[k] as Float32Array)[i] = value <= 0.99 * invalidResult ? Number.NaN : value
    })
    next.forEach((column, k) => {
      rows[k]?.set(column)
    })
  }
  return async (from, to) => {
    const h = plan.direction * plan.step
    const exact = (to - from) / h
    const count = Math.ceil(exact - remainderTolerance)
    const whole = Math.abs(exact - count) <= remainderTolerance
    const full = whole ? count : count - 1
    for (let done = 0; done < full && signal?.aborted !== true; done += stepsPerKernel)
      await advance(from + done * h, h, Math.min(stepsPerKernel, full - done))
    const reached = from + full * h
    if (!whole && signal?.aborted !== true) await advance(reached, to - reached, 1)
  }
}
