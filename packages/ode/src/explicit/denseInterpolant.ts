import { copy, horner, type StepInterpolant } from '../interpolant.js'
import type { Problem } from '../problem.js'
import type { DenseOutput, ExplicitMethod } from './tableau.js'

/** The interpolant that a tableau brings, from the stages in the trace, or computed again. */
export function denseInterpolant(
  problem: Problem,
  method: ExplicitMethod,
  dense: DenseOutput,
): StepInterpolant {
  const { size: n, vectorField, theta: parameters } = problem
  const degree = Math.max(...dense.b.map((row) => row.length))
  const q = new Float64Array((degree + 1) * n)
  const stages = dense.b.length
  const k = Array.from({ length: stages }, () => new Float64Array(n))
  const [y0, z] = [new Float64Array(n), new Float64Array(n)]
  const rows = [...method.a, ...(dense.a ?? [])]
  const nodes = [...method.c, ...(dense.c ?? [])]
  const stage = (t: number, h: number, j: number) => {
    const row = rows[j] as readonly number[]
    for (let c = 0; c < n; c++) {
      let sum = 0
      for (let m = 0; m < row.length; m++)
        if (row[m] !== 0) sum += (row[m] as number) * ((k[m] as Float64Array)[c] as number)
      z[c] = (y0[c] as number) + h * sum
    }
    vectorField(t + (nodes[j] as number) * h, z, k[j] as Float64Array, parameters)
  }
  return {
    order: dense.order,
    coefficients: q,
    load(steps, i) {
      const h = steps.h[i] as number
      copy(steps.y, i * n, y0)
      const known = steps.stages.length > 0 ? method.stages : 0
      for (let j = 0; j < known; j++) copy(steps.stages, (i * method.stages + j) * n, k[j] as Float64Array)
      for (let j = known; j < stages; j++) stage(steps.t[i] as number, h, j)
      q.fill(0)
      q.set(y0)
      for (let s = 0; s < stages; s++) {
        const row = dense.b[s] as readonly number[]
        const slope = k[s] as Float64Array
        for (let j = 0; j < row.length; j++) {
          const weight = h * (row[j] as number)
          if (weight === 0) continue
          const at = (j + 1) * n
          for (let c = 0; c < n; c++) q[at + c] = (q[at + c] as number) + weight * (slope[c] as number)
        }
      }
    },
    evaluate: (theta, out) => horner(q, degree, theta, out),
  }
}
