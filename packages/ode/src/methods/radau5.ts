import { squaredNorm } from '../control/squaredNorm.js'
import type { Tolerances } from '../control/tolerances.js'
import { flatRows } from '../flatRows.js'
import { contractionSlot, mostIterations } from '../implicit/contraction.js'
import { adaptiveAdvance, type Trial } from '../loops/adaptiveAdvance.js'
import { controlPolicy, type StepPolicy, smallestGrowth } from '../loops/control.js'
import { equalStep } from '../loops/equalStep.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop } from '../loops/fixedLoop.js'
import { trialSlot, unsolved } from '../loops/trialClock.js'
import type { Kernel, KernelSettings, Method } from '../method.js'
import { atClock, type Problem } from '../problem.js'
import { radau } from '../radau/coefficients.js'
import { radauStages } from '../radau/radauStages.js'
import { writeStagePolynomial } from '../stageSums.js'
import { slot } from '../state.js'
import { storedPolynomial } from '../storedPolynomial.js'

/** Contraction below which the Jacobian is kept for the next step (RADAU5's THET). */
const contractsWell = 1e-3

/**
 * The Radau IIA method of order 5, stiffly accurate and L-stable, with its collocation polynomial (order 3) as dense
 * output: for stiff problems to high accuracy. The three stages are found together by Newton's method, as one real
 * and one complex system of n equations, from the last polynomial carried on. Steps follow Gustafsson's predictive
 * controller; of a `control` only the safety factor and the bounds count.
 * Source: Hairer & Wanner, Solving ODEs II, §IV.8 (RADAU5).
 */
export const radau5: Method = Object.freeze({
  name: 'radau5',
  family: 'radau',
  order: 5,
  errorOrder: 3,
  denseLevel: 'stages',
  recordLevel: 'stages',
  source: 'Hairer & Wanner, Solving ODEs II, §IV.8, doi:10.1007/978-3-642-05221-7',
  kernel(problem: Problem, { stepping }: KernelSettings): Kernel {
    const n = problem.size
    const tolerances = stepping.kind === 'fixed' ? undefined : stepping.tolerances
    const { trial, memorySize } = radauTrial(problem, tolerances)
    return {
      path: 'loops',
      stageCount: 3,
      memorySize,
      interpolant: () => storedPolynomial(n, 3, 3),
      advance:
        stepping.kind === 'fixed'
          ? fixedAdvance(fixedLoop(equalStep(trial), trial))
          : adaptiveAdvance(trial, predictive(stepping.control)),
    }
  },
} satisfies Method)

/** What the trial proposed, within bounds; steps that would hardly grow stay, so that the matrices do. */
function predictive(control: Parameters<typeof controlPolicy>[0]): StepPolicy {
  const { reject } = controlPolicy(control, 3)
  return {
    accept(R, clock) {
      const wanted = control.safety * (clock[trialSlot.factor] as number)
      const bounded = Math.min(
        Math.max(wanted, control.minFactor),
        (R[slot.streak] as number) > 0 ? 1 : control.maxFactor,
      )
      clock[trialSlot.factor] = bounded >= 1 && bounded <= smallestGrowth ? 1 : bounded
    },
    reject,
  }
}

function radauTrial(
  problem: Problem,
  tolerances: Tolerances | undefined,
): { trial: Trial; memorySize: number } {
  const n = problem.size
  const { c, e, real } = radau
  const polynomials = flatRows(radau.polynomials, 3)
  const stages = radauStages(problem, tolerances, n)
  const { matrix, z, numbers } = stages
  // the state carries f(t, y), the matrix, the last polynomial, its step, Θ/(1 − Θ), and the last error
  const past = n + matrix.size
  const [stepAt, etaAt, errorAt] = [past + 3 * n, past + 3 * n + 1, past + 3 * n + 2]
  const now = new Float64Array(1)
  const evaluate = atClock(problem, now)
  const [slope, error, next, sum] = [0, 0, 0, 0].map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ]

  /** z from the last polynomial carried on, 0 where there is none */
  const predict = (memory: Float64Array, clock: Float64Array) => {
    const h = clock[trialSlot.step] as number
    const last = memory[stepAt] as number
    for (let i = 0; i < 3; i++) {
      const stage = z[i] as Float64Array
      const x = last === 0 ? 1 : 1 + ((c[i] as number) * h) / last
      for (let k = 0; k < n; k++)
        stage[k] =
          (memory[past + k] as number) * (x - 1) +
          (memory[past + n + k] as number) * (x * x - 1) +
          (memory[past + 2 * n + k] as number) * (x * x * x - 1)
    }
  }

  const estimate = (y: Float64Array, clock: Float64Array, R: Float64Array, bounds: Tolerances) => {
    const h = clock[trialSlot.step] as number
    const factor = h / real
    for (let k = 0; k < n; k++) {
      sum[k] =
        ((e[0] as number) * ((z[0] as Float64Array)[k] as number) +
          (e[1] as number) * ((z[1] as Float64Array)[k] as number) +
          (e[2] as number) * ((z[2] as Float64Array)[k] as number)) /
        h
      error[k] = factor * ((slope[k] as number) + (sum[k] as number))
    }
    matrix.solve(error)
    let squared = squaredNorm(bounds, error, y, next)
    // once more at y + error, where the first estimate may be that of a transient long over (HW II, (8.20))
    if (squared > 1 && ((R[slot.accepted] as number) === 0 || (R[slot.streak] as number) > 0)) {
      for (let k = 0; k < n; k++) error[k] = (y[k] as number) + (error[k] as number)
      now[0] = clock[trialSlot.time] as number
      evaluate(error, slope)
      R[slot.evaluations] = (R[slot.evaluations] as number) + 1
      for (let k = 0; k < n; k++) error[k] = factor * ((slope[k] as number) + (sum[k] as number))
      matrix.solve(error)
      squared = squaredNorm(bounds, error, y, next)
    }
    clock[trialSlot.squaredError] = squared
  }

  /** h err^(-1/4) min(1, h/h₋ (err₋/err)^(1/4)), less where the iteration was slow (HW II, (8.25)) */
  const propose = (memory: Float64Array, clock: Float64Array) => {
    const h = clock[trialSlot.step] as number
    const size = Math.max(Math.sqrt(clock[trialSlot.squaredError] as number), 1e-8)
    const before = memory[errorAt] as number
    const trend = before === 0 ? 1 : (h / (memory[stepAt] as number)) * (before / size) ** 0.25
    const effort = (2 * mostIterations + 1) / (2 * mostIterations + stages.iterations())
    clock[trialSlot.factor] = effort * Math.min(1, trend) * size ** -0.25
    memory[errorAt] = Math.max(size, 1e-2)
  }

  const trial: Trial = {
    begin: (state) => matrix.restore(state),
    try(state, clock) {
      const { y, memory, registers: R } = state
      const h = clock[trialSlot.step] as number
      if (R[slot.fresh] === 0) {
        now[0] = clock[trialSlot.time] as number
        evaluate(y, slope)
        R[slot.evaluations] = (R[slot.evaluations] as number) + 1
        memory.fill(0)
        memory.set(slope)
        memory[etaAt] = 1
        R[slot.fresh] = 1
      }
      for (let k = 0; k < n; k++) slope[k] = memory[k] as number
      matrix.wanted[0] = h / real
      clock[trialSlot.squaredError] = unsolved
      for (let attempt = 0; attempt < 2; attempt++) {
        if (!matrix.isKnown(state)) matrix.renew(state, clock)
        numbers[contractionSlot.eta] = memory[etaAt] as number
        predict(memory, clock)
        if (matrix.factor(state) && stages.solve(state, clock)) {
          for (let k = 0; k < n; k++) next[k] = (y[k] as number) + ((z[2] as Float64Array)[k] as number)
          if (tolerances === undefined) clock[trialSlot.squaredError] = 0
          else estimate(y, clock, R, tolerances)
          return
        }
        if (!Number.isFinite(numbers[contractionSlot.size] as number))
          clock[trialSlot.squaredError] = Number.NaN
        memory[etaAt] = 1
        if (matrix.isCurrent(state)) return
        matrix.forget(state)
      }
    },
    accept(state, clock) {
      const { memory, registers: R } = state
      const h = clock[trialSlot.step] as number
      state.y.set(next)
      writeStagePolynomial(polynomials, 3, z, memory, past)
      now[0] = clock[trialSlot.end] as number
      evaluate(next, slope)
      R[slot.evaluations] = (R[slot.evaluations] as number) + 1
      for (let k = 0; k < n; k++) memory[k] = slope[k] as number
      if (tolerances !== undefined) propose(memory, clock)
      memory[stepAt] = h
      memory[etaAt] = numbers[contractionSlot.eta] as number
      if (tolerances === undefined || (numbers[contractionSlot.worst] as number) > contractsWell)
        matrix.forget(state)
      else matrix.age(state)
    },
    writeStages: (out, offset) => writeStagePolynomial(polynomials, 3, z, out, offset),
  }
  return { trial, memorySize: past + 3 * n + 3 }
}
