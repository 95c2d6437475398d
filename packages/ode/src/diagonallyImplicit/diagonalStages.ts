import type { Tolerances } from '../control/tolerances.js'
import { flatRows } from '../flatRows.js'
import { contraction, contractionSlot, contractionToRounding } from '../implicit/contraction.js'
import { iterationMatrix } from '../implicit/iterationMatrix.js'
import { trialSlot, unsolved } from '../loops/trialClock.js'
import { atClock, type Problem } from '../problem.js'
import { addStages } from '../stageSums.js'
import { type StepState, slot } from '../state.js'
import type { DiagonalMethod } from './tableau.js'

/** The stages of one step of a diagonally implicit method. */
export interface DiagonalStages {
  /** numbers of the state's memory: the slope at y, the matrix, Θ/(1 − Θ) of the last iteration */
  readonly memorySize: number
  /** z₁ … z_s: h times the stages */
  readonly z: readonly Float64Array[]
  /** y¹ */
  readonly next: Float64Array
  begin(state: StepState): void
  /** computes the step; false where its equations could not be solved, with the reason in the clock */
  compute(state: StepState, clock: Float64Array): boolean
  /** multiplies an error estimate by (I − hγJ)⁻¹ */
  filter(error: Float64Array): void
  /** the trial became the state */
  accept(state: StepState, clock: Float64Array): void
}

/** Contraction below which the Jacobian is kept for the next step (RADAU5's THET). */
const contractsWell = 1e-3

/**
 * Row i: the guess for z_i from the stages before, linear in time through the first and the last of them, or the
 * last where that is no farther on.
 */
function predictors(c: readonly number[]): readonly (readonly number[])[] {
  return c.map((time, i) => {
    const row = new Array<number>(i).fill(0)
    const before = c[i - 1] ?? 0
    if (i === 0) return row
    if (before === 0) row[i - 1] = 1
    else {
      row[0] = 1 - time / before
      row[i - 1] = (row[i - 1] as number) + time / before
    }
    return row
  })
}

export function diagonalStages(
  method: DiagonalMethod,
  problem: Problem,
  tolerances: Tolerances | undefined,
): DiagonalStages {
  const n = problem.size
  const { gamma } = method
  const s = method.c.length
  const [a, guess, c] = [
    flatRows(method.a, s),
    flatRows(predictors(method.c), s),
    Float64Array.from(method.c),
  ]
  const vectors = (count: number) => Array.from({ length: count }, () => new Float64Array(n))
  const z = vectors(s)
  const [base, point, residual, next, scale, zero] = vectors(6) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]
  const now = new Float64Array(1)
  const evaluate = atClock(problem, now)
  const matrix = iterationMatrix(problem, n)
  const newton = tolerances === undefined ? contractionToRounding() : contraction()
  const { numbers } = newton
  const etaAt = n + matrix.size

  /** 1 over what is allowed in each component: tolerances, or rounding of the largest */
  const weigh = (y: Float64Array) => {
    let largest = Number.MIN_VALUE
    for (let i = 0; i < n; i++)
      largest = Math.max(largest, Math.abs(y[i] as number), Math.abs((z[0] as Float64Array)[i] as number))
    for (let i = 0; i < n; i++)
      scale[i] =
        tolerances === undefined
          ? 1 / (Number.EPSILON * largest)
          : 1 /
            ((tolerances.atol[i] as number) + (tolerances.rtol[i] as number) * Math.abs(y[i] as number) ||
              Number.EPSILON * largest)
  }

  /** Newton's iteration for z_j = h f(t_j, base + γz_j). */
  const solveStage = (stage: Float64Array, clock: Float64Array, R: Float64Array): boolean => {
    const h = clock[trialSlot.step] as number
    newton.begin()
    for (let k = 0; ; k++) {
      for (let i = 0; i < n; i++) point[i] = (base[i] as number) + gamma * (stage[i] as number)
      evaluate(point, residual)
      R[slot.evaluations] = (R[slot.evaluations] as number) + 1
      R[slot.iterations] = (R[slot.iterations] as number) + 1
      for (let i = 0; i < n; i++) residual[i] = h * (residual[i] as number) - (stage[i] as number)
      matrix.solve(residual)
      let squares = 0
      for (let i = 0; i < n; i++) {
        const r = (residual[i] as number) * (scale[i] as number)
        squares += r * r
        stage[i] = (stage[i] as number) + (residual[i] as number)
      }
      numbers[contractionSlot.size] = Math.sqrt(squares / n)
      const verdict = newton.judge(k)
      if (verdict !== 'going') return verdict === 'done'
    }
  }

  const solveAll = ({ y, registers: R }: StepState, clock: Float64Array): boolean => {
    const t = clock[trialSlot.time] as number
    const h = clock[trialSlot.step] as number
    numbers[contractionSlot.worst] = 0
    for (let j = 1; j < s; j++) {
      const stage = z[j] as Float64Array
      addStages(base, y, a, j * s, z, j)
      addStages(stage, zero, guess, j * s, z, j)
      now[0] = c[j] === 1 ? (clock[trialSlot.end] as number) : t + (c[j] as number) * h
      if (!solveStage(stage, clock, R)) return false
    }
    return true
  }

  return {
    memorySize: n + matrix.size + 1,
    z,
    next,
    begin: (state) => matrix.restore(state),
    compute(state, clock) {
      const { y, memory, registers: R } = state
      const h = clock[trialSlot.step] as number
      const first = z[0] as Float64Array
      if (R[slot.fresh] === 0) {
        now[0] = clock[trialSlot.time] as number
        evaluate(y, first)
        for (let i = 0; i < n; i++) memory[i] = first[i] as number
        R[slot.evaluations] = (R[slot.evaluations] as number) + 1
        R[slot.fresh] = 1
        memory[etaAt] = 1
        matrix.forget(state)
      }
      for (let i = 0; i < n; i++) first[i] = h * (memory[i] as number)
      weigh(y)
      matrix.wanted[0] = h * gamma
      // one that contracted slowly, or is that of another state, is renewed before the step is given up
      for (let attempt = 0; attempt < 2; attempt++) {
        if (!matrix.isKnown(state)) matrix.renew(state, clock)
        numbers[contractionSlot.eta] = memory[etaAt] as number
        if (matrix.factor(state) && solveAll(state, clock)) {
          addStages(next, y, a, (s - 1) * s, z, s)
          return true
        }
        memory[etaAt] = 1
        if (matrix.isCurrent(state)) break
        matrix.forget(state)
      }
      const finite = Number.isFinite(numbers[contractionSlot.size] as number)
      clock[trialSlot.squaredError] = finite ? unsolved : Number.NaN
      return false
    },
    filter: (error) => matrix.solve(error),
    accept(state, clock) {
      const { memory } = state
      const [last, h] = [z[s - 1] as Float64Array, clock[trialSlot.step] as number]
      state.y.set(next)
      for (let i = 0; i < n; i++) memory[i] = (last[i] as number) / h
      memory[etaAt] = numbers[contractionSlot.eta] as number
      if (tolerances === undefined || (numbers[contractionSlot.worst] as number) > contractsWell)
        matrix.forget(state)
      else matrix.age(state)
    },
  }
}
