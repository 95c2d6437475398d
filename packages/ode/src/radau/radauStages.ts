import type { Tolerances } from '../control/tolerances.js'
import { complexZeros, factorizeComplex, solveComplex } from '../implicit/complexLu.js'
import { contraction, contractionSlot, contractionToRounding } from '../implicit/contraction.js'
import { type IterationMatrix, iterationMatrix } from '../implicit/iterationMatrix.js'
import { trialSlot } from '../loops/trialClock.js'
import { atClock, type Problem } from '../problem.js'
import { type StepState, slot } from '../state.js'
import { radau } from './coefficients.js'

/** The system of three stages, transformed into one of n real and one of n complex equations. */
export interface RadauStages {
  readonly matrix: IterationMatrix
  /** z₁, z₂, z₃ = u(t + cᵢh) − y */
  readonly z: readonly Float64Array[]
  /** see `contractionSlot` */
  readonly numbers: Float64Array
  /** Newton's iteration from the z that stand there; false where it does not converge */
  solve(state: StepState, clock: Float64Array): boolean
  /** iterations that it took */
  readonly iterations: () => number
}

/** Binds the system to a problem, its matrix in the state's memory from `offset` on. */
export function radauStages(
  problem: Problem,
  tolerances: Tolerances | undefined,
  offset: number,
): RadauStages {
  const n = problem.size
  const { c, T, inverse, real } = radau
  const [alpha, beta] = radau.complex
  const modulus = alpha * alpha + beta * beta
  const [complexMatrix, pivots] = [complexZeros(n * n), new Int32Array(n)]
  /** I − hJ/(α + iβ), when I − cJ with c = h/μ is made */
  const second = (J: Float64Array, wanted: Float64Array): boolean => {
    const h = (wanted[0] as number) * real
    const re = (h * alpha) / modulus
    const im = (-h * beta) / modulus
    for (let i = 0; i < n * n; i++) {
      complexMatrix.re[i] = -re * (J[i] as number)
      complexMatrix.im[i] = -im * (J[i] as number)
    }
    for (let i = 0; i < n; i++) complexMatrix.re[i * n + i] = (complexMatrix.re[i * n + i] as number) + 1
    return factorizeComplex(complexMatrix, n, pivots)
  }
  const matrix = iterationMatrix(problem, offset, second)
  const now = new Float64Array(1)
  const evaluate = atClock(problem, now)
  const vectors = () => [0, 1, 2].map(() => new Float64Array(n)) as [Float64Array, Float64Array, Float64Array]
  const [z, w, f] = [vectors(), vectors(), vectors()]
  const [point, scale, simple] = vectors()
  const pair = complexZeros(n)
  const newton = tolerances === undefined ? contractionToRounding() : contraction()
  const { numbers } = newton
  let iterations = 0

  const weigh = (y: Float64Array) => {
    let largest = Number.MIN_VALUE
    for (let i = 0; i < n; i++)
      largest = Math.max(largest, Math.abs(y[i] as number), Math.abs(z[2][i] as number))
    const rounding = Number.EPSILON * largest
    for (let i = 0; i < n; i++)
      scale[i] =
        tolerances === undefined
          ? 1 / rounding
          : 1 /
            ((tolerances.atol[i] as number) + (tolerances.rtol[i] as number) * Math.abs(y[i] as number) ||
              rounding)
  }

  /** out = M in, for matrices of three rows over the three vectors */
  const transform = (M: Float64Array, from: readonly Float64Array[], to: readonly Float64Array[]) => {
    const [x, y, v] = from as [Float64Array, Float64Array, Float64Array]
    for (let i = 0; i < 3; i++) {
      const out = to[i] as Float64Array
      const a = M[3 * i] as number
      const b = M[3 * i + 1] as number
      const d = M[3 * i + 2] as number
      for (let k = 0; k < n; k++) out[k] = a * (x[k] as number) + b * (y[k] as number) + d * (v[k] as number)
    }
  }

  /** One correction of W, by the real and the complex matrix. */
  const correct = (clock: Float64Array): void => {
    const h = clock[trialSlot.step] as number
    const scaleReal = h / real
    const re = (h * alpha) / modulus
    const im = (-h * beta) / modulus
    for (let k = 0; k < n; k++) {
      const p = f[0][k] as number
      const q = f[1][k] as number
      const r = f[2][k] as number
      const g = (inverse[0] as number) * p + (inverse[1] as number) * q + (inverse[2] as number) * r
      const u = (inverse[3] as number) * p + (inverse[4] as number) * q + (inverse[5] as number) * r
      const v = (inverse[6] as number) * p + (inverse[7] as number) * q + (inverse[8] as number) * r
      simple[k] = scaleReal * g - (w[0][k] as number)
      pair.re[k] = re * u - im * v - (w[1][k] as number)
      pair.im[k] = re * v + im * u - (w[2][k] as number)
    }
    matrix.solve(simple)
    solveComplex(complexMatrix, n, pivots, pair)
    let squares = 0
    for (let k = 0; k < n; k++) {
      const weight = scale[k] as number
      const p = simple[k] as number
      const q = pair.re[k] as number
      const r = pair.im[k] as number
      squares += weight * weight * (p * p + q * q + r * r)
      w[0][k] = (w[0][k] as number) + p
      w[1][k] = (w[1][k] as number) + q
      w[2][k] = (w[2][k] as number) + r
    }
    numbers[contractionSlot.size] = Math.sqrt(squares / (3 * n))
  }

  return {
    matrix,
    z,
    numbers,
    iterations: () => iterations,
    solve({ y, registers: R }, clock) {
      const t = clock[trialSlot.time] as number
      const h = clock[trialSlot.step] as number
      weigh(y)
      transform(inverse, z, w)
      numbers[contractionSlot.worst] = 0
      newton.begin()
      for (let k = 0; ; k++) {
        iterations = k + 1
        for (let i = 0; i < 3; i++) {
          for (let l = 0; l < n; l++) point[l] = (y[l] as number) + ((z[i] as Float64Array)[l] as number)
          now[0] = i === 2 ? (clock[trialSlot.end] as number) : t + (c[i] as number) * h
          evaluate(point, f[i] as Float64Array)
        }
        R[slot.evaluations] = (R[slot.evaluations] as number) + 3
        R[slot.iterations] = (R[slot.iterations] as number) + 1
        correct(clock)
        transform(T, w, z)
        const verdict = newton.judge(k)
        if (verdict !== 'going') return verdict === 'done'
      }
    },
  }
}
