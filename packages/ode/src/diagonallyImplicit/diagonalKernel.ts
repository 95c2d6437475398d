import { squaredNorm } from '../control/squaredNorm.js'
import { flatRows } from '../flatRows.js'
import { adaptiveAdvance, type Trial } from '../loops/adaptiveAdvance.js'
import { steadyPolicy } from '../loops/control.js'
import { equalStep } from '../loops/equalStep.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop } from '../loops/fixedLoop.js'
import { trialSlot } from '../loops/trialClock.js'
import type { Kernel, KernelSettings } from '../method.js'
import type { Problem } from '../problem.js'
import { addStages, writeStagePolynomial } from '../stageSums.js'
import { storedPolynomial } from '../storedPolynomial.js'
import { diagonalStages } from './diagonalStages.js'
import type { DiagonalMethod } from './tableau.js'

/** The engine of diagonally implicit methods. */
export function diagonalKernel(
  method: DiagonalMethod,
  problem: Problem,
  { stepping }: KernelSettings,
): Kernel {
  const n = problem.size
  const tolerances = stepping.kind === 'fixed' ? undefined : stepping.tolerances
  const stages = diagonalStages(method, problem, tolerances)
  const { z, next } = stages
  const degree = Math.max(...method.dense.b.map((row) => row.length))
  const [weights, polynomials] = [Float64Array.from(method.bError), flatRows(method.dense.b, degree)]
  const [error, zero] = [new Float64Array(n), new Float64Array(n)]
  const trial: Trial = {
    begin: stages.begin,
    try(state, clock) {
      if (!stages.compute(state, clock)) return
      clock[trialSlot.squaredError] = 0
      if (tolerances === undefined) return
      addStages(error, zero, weights, 0, z, z.length)
      stages.filter(error)
      clock[trialSlot.squaredError] = squaredNorm(tolerances, error, state.y, next)
    },
    accept: stages.accept,
    writeStages: (out, offset) => writeStagePolynomial(polynomials, degree, z, out, offset),
  }
  return {
    path: 'loops',
    stageCount: degree,
    memorySize: stages.memorySize,
    interpolant: () => storedPolynomial(n, degree, method.dense.order),
    advance:
      stepping.kind === 'fixed'
        ? fixedAdvance(fixedLoop(equalStep(trial), trial))
        : adaptiveAdvance(trial, steadyPolicy(stepping.control, method.errorOrder)),
  }
}
