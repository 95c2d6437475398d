import { squaredNorm } from '../control/squaredNorm.js'
import { adaptiveAdvance } from '../loops/adaptiveAdvance.js'
import { controlPolicy } from '../loops/control.js'
import type { KernelSettings } from '../method.js'
import { type StepState, slot } from '../state.js'
import { startTrace, traceStep } from '../trace.js'
import type { AdaptiveLoop, FixedLoop } from './loop.js'
import type { ExplicitMethod } from './tableau.js'

/** y + h Σ_j row[j] k_(j+1), into `out`. */
function combine(
  out: Float64Array,
  y: Float64Array,
  h: number,
  row: readonly number[],
  k: readonly Float64Array[],
): void {
  for (let i = 0; i < out.length; i++) out[i] = y[i] as number
  for (let j = 0; j < row.length; j++) {
    const weight = h * (row[j] as number)
    const stage = k[j] as Float64Array
    if (weight !== 0)
      for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + weight * (stage[i] as number)
  }
}

/** e = h Σ row[j] k_j, into `out`. */
function errorOf(out: Float64Array, h: number, row: readonly number[], k: readonly Float64Array[]): void {
  for (let i = 0; i < out.length; i++) {
    let e = 0
    for (let j = 0; j < row.length; j++)
      if (row[j] !== 0) e += h * (row[j] as number) * ((k[j] as Float64Array)[i] as number)
    out[i] = e
  }
}

/** Plain loops over the tableau: slower, for pages that forbid generated code. */
export function plainAdaptive(method: ExplicitMethod, settings: KernelSettings): AdaptiveLoop {
  if (settings.stepping.kind !== 'adaptive') throw new Error('unreachable: fixed stepping')
  const { control, tolerances } = settings.stepping
  return (state, trace, limit, theta, _rtol, _atol, f, work) => {
    const R = state.registers
    const z = work[0] as Float64Array
    const k = work.slice(1)
    const error = new Float64Array(z.length)
    const evaluate = (t: number, y: Float64Array, out: Float64Array) => {
      f(t, y, out, theta)
      R[slot.evaluations] = (R[slot.evaluations] as number) + 1
    }
    if (R[slot.fresh] === 0) evaluate(R[slot.time] as number, state.y, state.memory)
    R[slot.fresh] = 1
    // the clock by position, see `trialSlot`: names of members count in what a page loads
    const attempt = (from: StepState, clock: Float64Array) => {
      const [t, h] = [clock[0] as number, clock[1] as number]
      ;(k[0] as Float64Array).set(from.memory)
      for (let j = 1; j < method.stages; j++) {
        combine(z, from.y, h, method.a[j] as readonly number[], k)
        const c = method.c[j] as number
        evaluate(c === 1 ? (clock[2] as number) : t + c * h, z, k[j] as Float64Array)
      }
      combine(z, from.y, h, method.b, k)
      errorOf(error, h, method.bError as readonly number[], k)
      const main = squaredNorm(tolerances, error, from.y, z)
      clock[3] = main
      if (method.bErrorLow === undefined || main === 0) return
      errorOf(error, h, method.bErrorLow, k)
      clock[3] = main * (main / (main + 0.01 * squaredNorm(tolerances, error, from.y, z)))
    }
    const accept = (to: StepState, clock: Float64Array) => {
      to.y.set(z)
      if (method.fsal) to.memory.set(k[method.stages - 1] as Float64Array)
      else evaluate(clock[2] as number, to.y, to.memory)
    }
    const writeStages = (stages: Float64Array, offset: number) =>
      k.forEach((stage, j) => {
        stages.set(stage, offset + j * z.length)
      })
    const policy = controlPolicy(control, method.errorOrder as number)
    return adaptiveAdvance({ try: attempt, accept, writeStages }, policy)(state, trace, limit)
  }
}

/** Equal steps by plain loops. */
export function plainFixed(method: ExplicitMethod, settings: KernelSettings): FixedLoop {
  return (state, trace, count, theta, f, work, h, end) => {
    const R = state.registers
    const n = state.y.length
    const z = work[0] as Float64Array
    const k = work.slice(1)
    const [base, index] = [R[slot.base] as number, R[slot.index] as number]
    startTrace(trace, state)
    for (let step = 0; step < count; step++) {
      const t = base + (index + step) * h
      const tEnd = !Number.isNaN(end) && step === count - 1 ? end : base + (index + step + 1) * h
      for (let j = 0; j < method.stages; j++) {
        combine(z, state.y, h, method.a[j] as readonly number[], k)
        const c = method.c[j] as number
        f(c === 1 ? tEnd : t + c * h, z, k[j] as Float64Array, theta)
      }
      combine(z, state.y, h, method.b, k)
      state.y.set(z)
      traceStep(trace, step, state, Float64Array.of(t, h, tEnd))
      if (settings.trace === 'stages')
        k.forEach((stage, j) => {
          trace.stages.set(stage, (step * method.stages + j) * n)
        })
    }
    R[slot.evaluations] = (R[slot.evaluations] as number) + count * method.stages
    return count
  }
}
