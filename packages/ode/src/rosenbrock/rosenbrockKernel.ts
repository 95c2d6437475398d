import { squaredNorm } from '../control/squaredNorm.js'
import type { Tolerances } from '../control/tolerances.js'
import { flatRows } from '../flatRows.js'
import { adaptiveAdvance, type Trial } from '../loops/adaptiveAdvance.js'
import { controlPolicy } from '../loops/control.js'
import { equalStep } from '../loops/equalStep.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop } from '../loops/fixedLoop.js'
import { trialSlot, unsolved } from '../loops/trialClock.js'
import type { Kernel, KernelSettings } from '../method.js'
import { atClock, type Problem } from '../problem.js'
import { writeStagePolynomial } from '../stageSums.js'
import { type StepState, slot } from '../state.js'
import { storedPolynomial } from '../storedPolynomial.js'
import { type RosenbrockStages, rosenbrockStages } from './rosenbrockStages.js'
import type { RosenbrockMethod } from './tableau.js'

/** The engine of Rosenbrock methods. The state carries f(t, y). */
export function rosenbrockKernel(
  method: RosenbrockMethod,
  problem: Problem,
  { stepping }: KernelSettings,
): Kernel {
  const degree = degreeOf(method)
  const stages = rosenbrockStages(method, problem)
  const trial = rosenbrockTrial(
    method,
    problem,
    stages,
    stepping.kind === 'fixed' ? undefined : stepping.tolerances,
  )
  return {
    path: 'loops',
    stageCount: degree,
    memorySize: problem.size,
    interpolant: () => storedPolynomial(problem.size, degree, method.dense.order),
    advance:
      stepping.kind === 'fixed'
        ? fixedAdvance(fixedLoop(equalStep(trial), trial))
        : adaptiveAdvance(trial, controlPolicy(stepping.control, method.errorOrder)),
  }
}

const degreeOf = ({ dense }: RosenbrockMethod) => Math.max(...dense.b.map((row) => row.length))

function rosenbrockTrial(
  method: RosenbrockMethod,
  problem: Problem,
  stages: RosenbrockStages,
  tolerances: Tolerances | undefined,
): Trial {
  const n = problem.size
  const { u, next, lastSlope } = stages
  const { dense, fsal } = method
  const mError = Float64Array.from(method.mError)
  const degree = degreeOf(method)
  const polynomials = flatRows(dense.b, degree)
  const [now, slope, error] = [new Float64Array(1), new Float64Array(n), new Float64Array(n)]
  const evaluate = atClock(problem, now)
  const derivative = (at: number, clock: Float64Array, state: StepState) => {
    now[0] = clock[at] as number
    evaluate(state.y, slope)
    state.memory.set(slope)
    const R = state.registers
    R[slot.evaluations] = (R[slot.evaluations] as number) + 1
    R[slot.fresh] = 1
  }
  return {
    begin: () => stages.forget(),
    try(state, clock) {
      const { y, memory, registers: R } = state
      if (R[slot.fresh] === 0) derivative(trialSlot.time, clock, state)
      for (let i = 0; i < n; i++) slope[i] = memory[i] as number
      clock[trialSlot.squaredError] = unsolved
      if (!stages.compute(y, slope, clock, R)) return
      if (tolerances === undefined) {
        clock[trialSlot.squaredError] = 0
        return
      }
      for (let i = 0; i < n; i++) {
        let sum = 0
        for (let j = 0; j < mError.length; j++)
          sum += (mError[j] as number) * ((u[j] as Float64Array)[i] as number)
        error[i] = sum
      }
      clock[trialSlot.squaredError] = squaredNorm(tolerances, error, y, next)
    },
    accept(state, clock) {
      state.y.set(next)
      stages.forget()
      if (fsal) state.memory.set(lastSlope)
      else derivative(trialSlot.end, clock, state)
    },
    writeStages: (out, offset) => writeStagePolynomial(polynomials, degree, u, out, offset),
  }
}
