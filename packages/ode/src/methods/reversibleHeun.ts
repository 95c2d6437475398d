import { hermiteInterpolant } from '../interpolant.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop, type StepMap } from '../loops/fixedLoop.js'
import type { Method } from '../method.js'
import { atClock, type Problem } from '../problem.js'
import { slot } from '../state.js'

/**
 * The reversible Heun method of a pair (y, v), v from y: v¹ = 2y − v + h f(t, v), y¹ = y + h/2 (f(t, v) +
 * f(t + h, v¹)). Order 2, one evaluation a step. Steps can be taken back exactly, v = 2y¹ − v¹ − h f(t + h,
 * v¹): gradients need no memory with `via: 'reversible'`. Its stability region is the segment [−i, i]: for
 * fields that hardly contract.
 */
export const reversibleHeun: Method = Object.freeze({
  name: 'reversibleHeun',
  family: 'reversible',
  order: 2,
  errorOrder: undefined,
  denseLevel: 'steps',
  source: 'Kidger, Foster, Li & Lyons, NeurIPS 2021, arXiv:2105.13493, algorithm 1',
  kernel: (problem: Problem) => ({
    path: 'loops',
    stageCount: 0,
    // v and f(t, v)
    memorySize: 2 * problem.size,
    interpolant: () => hermiteInterpolant(problem),
    advance: fixedAdvance(fixedLoop(pairStep(problem))),
  }),
} satisfies Method)

function pairStep(problem: Problem): StepMap {
  const { size: n } = problem
  const clock = new Float64Array(1)
  const evaluate = atClock(problem, clock)
  const [v, slope] = [new Float64Array(n), new Float64Array(n)]
  return (step, { y, memory, registers: R }) => {
    const h = step[1] as number
    if (R[slot.fresh] === 0) {
      clock[0] = step[0] as number
      memory.set(y)
      evaluate(y, slope)
      memory.set(slope, n)
      R[slot.fresh] = 1
      R[slot.evaluations] = (R[slot.evaluations] as number) + 1
    }
    for (let i = 0; i < n; i++)
      v[i] = 2 * (y[i] as number) - (memory[i] as number) + h * (memory[n + i] as number)
    clock[0] = step[2] as number
    evaluate(v, slope)
    R[slot.evaluations] = (R[slot.evaluations] as number) + 1
    for (let i = 0; i < n; i++) {
      y[i] = (y[i] as number) + 0.5 * h * ((memory[n + i] as number) + (slope[i] as number))
      memory[i] = v[i] as number
      memory[n + i] = slope[i] as number
    }
    return true
  }
}
