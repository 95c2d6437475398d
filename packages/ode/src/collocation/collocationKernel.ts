import { flatRows } from '../flatRows.js'
import { contractionSlot, contractionToRounding } from '../implicit/contraction.js'
import { jacobianOf } from '../implicit/jacobianOf.js'
import { factorize, solveFactored } from '../implicit/lu.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop, type StepMap } from '../loops/fixedLoop.js'
import { trialSlot } from '../loops/trialClock.js'
import type { Kernel } from '../method.js'
import { atClock, type Problem } from '../problem.js'
import { addStages, writeStagePolynomial } from '../stageSums.js'
import { slot } from '../state.js'
import { storedPolynomial } from '../storedPolynomial.js'
import type { CollocationMethod } from './types.js'

/** The engine of collocation methods with equal steps. The state carries the sum of what rounding took off y. */
export function collocationKernel(method: CollocationMethod, problem: Problem): Kernel {
  const n = problem.size
  const s = method.c.length
  const z = Array.from({ length: s }, () => new Float64Array(n))
  const polynomials = flatRows(method.dense.b, s)
  return {
    path: 'loops',
    stageCount: s,
    memorySize: n,
    interpolant: () => storedPolynomial(n, s, s),
    advance: fixedAdvance(
      fixedLoop(collocationStep(method, problem, z), {
        writeStages: (out, offset) => writeStagePolynomial(polynomials, s, z, out, offset),
      }),
    ),
  }
}

function collocationStep(method: CollocationMethod, problem: Problem, z: readonly Float64Array[]): StepMap {
  const n = problem.size
  const s = method.c.length
  const size = s * n
  const [a, b, c] = [flatRows(method.a, s), Float64Array.from(method.b), Float64Array.from(method.c)]
  const now = new Float64Array(1)
  const evaluate = atClock(problem, now)
  const jacobian = jacobianOf(problem, now)
  const [J, W, pivots] = [new Float64Array(n * n), new Float64Array(size * size), new Int32Array(size)]
  const [slope, point, residual] = [new Float64Array(n), new Float64Array(n), new Float64Array(size)]
  const parts = z.map((_, i) => residual.subarray(i * n, (i + 1) * n))
  const newton = contractionToRounding()
  const { numbers } = newton

  /** I − hA⊗J at the start of the step */
  const factor = (y: Float64Array, clock: Float64Array, R: Float64Array): boolean => {
    const h = clock[trialSlot.step] as number
    now[0] = clock[trialSlot.time] as number
    R[slot.evaluations] = (R[slot.evaluations] as number) + jacobian(y, J)
    R[slot.jacobians] = (R[slot.jacobians] as number) + 1
    R[slot.factorisations] = (R[slot.factorisations] as number) + 1
    for (let i = 0; i < s; i++)
      for (let j = 0; j < s; j++) {
        const weight = -h * (a[i * s + j] as number)
        for (let k = 0; k < n; k++)
          for (let l = 0; l < n; l++)
            W[(i * n + k) * size + j * n + l] =
              weight * (J[k * n + l] as number) + (i === j && k === l ? 1 : 0)
      }
    return factorize(W, size, pivots)
  }

  const iterate = (y: Float64Array, clock: Float64Array, R: Float64Array): boolean => {
    const t = clock[trialSlot.time] as number
    const h = clock[trialSlot.step] as number
    let largest = Number.MIN_VALUE
    for (let i = 0; i < n; i++)
      largest = Math.max(largest, Math.abs(y[i] as number), Math.abs(h * (slope[i] as number)))
    for (let i = 0; i < s; i++)
      for (let k = 0; k < n; k++) (z[i] as Float64Array)[k] = h * (slope[k] as number)
    newton.begin()
    for (let k = 0; ; k++) {
      for (let i = 0; i < s; i++) {
        addStages(point, y, a, i * s, z, s)
        now[0] = t + (c[i] as number) * h
        const part = parts[i] as Float64Array
        evaluate(point, part)
        for (let l = 0; l < n; l++) part[l] = h * (part[l] as number) - ((z[i] as Float64Array)[l] as number)
      }
      R[slot.evaluations] = (R[slot.evaluations] as number) + s
      R[slot.iterations] = (R[slot.iterations] as number) + 1
      solveFactored(W, size, pivots, residual)
      let change = 0
      for (let i = 0; i < s; i++)
        for (let l = 0; l < n; l++) {
          const r = residual[i * n + l] as number
          change = Math.max(change, Math.abs(r))
          ;(z[i] as Float64Array)[l] = ((z[i] as Float64Array)[l] as number) + r
        }
      numbers[contractionSlot.size] = change / (Number.EPSILON * largest)
      const verdict = newton.judge(k)
      if (verdict !== 'going') return verdict === 'done'
    }
  }

  return (clock, { y, memory, registers: R }) => {
    now[0] = clock[trialSlot.time] as number
    evaluate(y, slope)
    R[slot.evaluations] = (R[slot.evaluations] as number) + 1
    if (R[slot.fresh] === 0) memory.fill(0)
    R[slot.fresh] = 1
    if (!factor(y, clock, R) || !iterate(y, clock, R)) return false
    // Kahan's compensated sum: what symplectic methods keep, rounding would random-walk away from
    for (let i = 0; i < n; i++) {
      let increment = memory[i] as number
      for (let j = 0; j < s; j++) increment += (b[j] as number) * ((z[j] as Float64Array)[i] as number)
      const before = y[i] as number
      y[i] = before + increment
      memory[i] = before - (y[i] as number) + increment
    }
    return true
  }
}
