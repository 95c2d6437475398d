import { rowKernel } from './gpuRows.js'
import type { GpuAdvance, GpuRun } from './gpuRun.js'
import { gpuCode, printGpuAdaptive, trialsPerKernel, unpack } from './printGpuAdaptive.js'

/** Chosen steps: kernels of some hundred trial steps, as often as some trajectory has not arrived. */
export async function adaptiveAdvance(run: GpuRun): Promise<GpuAdvance> {
  const { plan, field, method, rows, recorder, signal } = run
  if (plan.stepping.kind === 'fixed') throw new Error('unreachable: equal steps')
  const { control, tolerances } = plan.stepping
  const n = plan.field.stateSize
  const printed = printGpuAdaptive(method, field, n, control)
  const trials = rowKernel(run, printed.trials, printed.coefficients)
  const [s, step, memory, left] = [0, 0, 0, 0].map(() => new Float32Array(plan.batch)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const all = [...rows, s, step, memory, left]
  const packed = new Float64Array(plan.batch)
  const results = [...rows.slice(0, n), s, step, memory, packed]
  const usesTime = plan.field.nodes.some((node) => node.op === 'time')
  const settings = (from: number, length: number) => {
    // what the step is added to: the time itself where the field reads it, else that since the start
    const elapsed = usesTime ? from : from - plan.span[0]
    return [length, plan.direction, from, elapsed, ...tolerances.rtol, ...tolerances.atol, ...printed.table]
  }
  const running = () =>
    Uint32Array.from(Array.from({ length: plan.batch }, (_, i) => i).filter((i) => !recorder.failures.has(i)))
  const first = rowKernel(run, printed.start, printed.coefficients)
  const [t0, t1] = plan.span
  await first(all, running(), settings(t0, t1 - t0), (_, i, value) => {
    step[i] = value
  })
  const taken = (i: number) => (recorder.accepted[i] as number) + (recorder.rejected[i] as number)
  const settle = (i: number): boolean => {
    const { accepted, rejected, code } = unpack(packed[i] as number)
    recorder.accepted[i] = (recorder.accepted[i] as number) + accepted
    recorder.rejected[i] = (recorder.rejected[i] as number) + rejected
    if (code === gpuCode.stop) return false
    if (code === gpuCode.underflow) recorder.fail(i, 'step-underflow')
    else if (code !== gpuCode.running) recorder.fail(i, 'non-finite')
    else if (taken(i) >= plan.maxSteps) recorder.fail(i, 'max-steps')
    else return true
    return false
  }
  return async (from, to) => {
    let active = running()
    s.fill(0)
    while (active.length > 0 && signal?.aborted !== true) {
      for (const i of active) left[i] = Math.min(trialsPerKernel, plan.maxSteps - taken(i))
      const done = active
      packed.fill(gpuCode.running)
      await trials(all, active, settings(from, to - from), (k, i, value) => {
        ;(results[k] as Float32Array)[i] = value
      })
      active = done.filter(settle)
    }
  }
}
