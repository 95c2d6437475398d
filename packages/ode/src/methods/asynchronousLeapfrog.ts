import { hermiteInterpolant } from '../interpolant.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop, type StepMap } from '../loops/fixedLoop.js'
import type { Method } from '../method.js'
import { atClock, type Problem } from '../problem.js'
import { slot } from '../state.js'

/**
 * The asynchronous leapfrog method of a pair (y, v), v from f(t, y): k = y + h/2 v, v¹ = 2f(t + h/2, k) − v,
 * y¹ = k + h/2 v¹. Order 2, one evaluation a step; a step taken back is a step of −h, so that gradients need
 * no memory with `via: 'reversible'`. Its stability region is the segment [−i, i]: for fields that hardly
 * contract.
 */
export const asynchronousLeapfrog: Method = Object.freeze({
  name: 'asynchronousLeapfrog',
  family: 'reversible',
  order: 2,
  errorOrder: undefined,
  denseLevel: 'steps',
  source: 'Mutze 2013, arXiv:1311.6602; Zhuang et al., ICLR 2021, arXiv:2102.04668, algorithm 2',
  kernel: (problem: Problem) => ({
    path: 'loops',
    stageCount: 0,
    memorySize: problem.size,
    interpolant: () => hermiteInterpolant(problem),
    advance: fixedAdvance(fixedLoop(pairStep(problem))),
  }),
} satisfies Method)

function pairStep(problem: Problem): StepMap {
  const { size: n } = problem
  const clock = new Float64Array(1)
  const evaluate = atClock(problem, clock)
  const [middle, slope] = [new Float64Array(n), new Float64Array(n)]
  return (step, { y, memory: v, registers: R }) => {
    const half = 0.5 * (step[1] as number)
    if (R[slot.fresh] === 0) {
      clock[0] = step[0] as number
      evaluate(y, slope)
      v.set(slope)
      R[slot.fresh] = 1
      R[slot.evaluations] = (R[slot.evaluations] as number) + 1
    }
    for (let i = 0; i < n; i++) middle[i] = (y[i] as number) + half * (v[i] as number)
    clock[0] = (step[0] as number) + half
    evaluate(middle, slope)
    R[slot.evaluations] = (R[slot.evaluations] as number) + 1
    for (let i = 0; i < n; i++) {
      v[i] = 2 * (slope[i] as number) - (v[i] as number)
      y[i] = (middle[i] as number) + half * (v[i] as number)
    }
    return true
  }
}
