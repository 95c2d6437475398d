import type { Ending } from './drive.js'
import type { Kernel, Shares } from './method.js'
import type { Problem } from './problem.js'
import { type StepState, slot } from './state.js'

/** Counts of what a solve took. */
export interface SolveStats extends Partial<Shares> {
  readonly accepted: number
  readonly rejected: number
  readonly evaluations: number
  readonly jacobians: number
  readonly factorisations: number
  /** iterations of the solvers of implicit steps */
  readonly iterations: number
  /** how the loop was realised */
  readonly path: Kernel['path']
  /** step that would have been tried next */
  readonly nextStep: number
}

export function makeStats(state: StepState, kernel: Kernel): SolveStats {
  const { registers: R } = state
  return {
    accepted: R[slot.accepted] as number,
    rejected: R[slot.rejected] as number,
    evaluations: R[slot.evaluations] as number,
    jacobians: R[slot.jacobians] as number,
    factorisations: R[slot.factorisations] as number,
    iterations: R[slot.iterations] as number,
    path: kernel.path,
    nextStep: R[slot.step] as number,
    ...kernel.shares?.(state),
  }
}

const timeIn = ({ registers: R }: StepState) => Number((R[slot.time] as number).toPrecision(12))
const stepIn = ({ registers: R }: StepState) => Math.abs(R[slot.step] as number).toPrecision(3)

function rejectionsIn({ registers: R }: StepState): string {
  const streak = R[slot.streak] as number
  return streak > 0 ? `, after ${streak} rejections in a row` : ''
}

/** Says in words how a solve ended: where, which component, and what to try. */
export const describe = (ending: Ending, problem: Problem, state: StepState): string =>
  words[ending](state, problem)

type Words = (state: StepState, problem: Problem) => string

const words: { readonly [K in Ending]: Words } = {
  success: (s) => `Reached t = ${timeIn(s)}.`,
  terminated: (s) => `An event ended the integration at t = ${timeIn(s)}.`,
  zeno: (s) =>
    `Events accumulate at t = ${timeIn(s)}: ever more of them in ever less time. Try ending the model there (rest, sliding) or a terminal event.`,
  sliding: (s) =>
    `The solution stays on the zero of an event function at t = ${timeIn(s)}: the field points to it from both sides (sliding). Try the sliding field on it from here, or a smoothed jump.`,
  cancelled: (s) => `Cancelled by the signal at t = ${timeIn(s)}.`,
  'max-steps': (s) =>
    `maxSteps (${s.registers[slot.maxSteps]}) was used up at t = ${timeIn(s)}; the step was ${stepIn(s)}. Try a larger maxSteps, looser tolerances, or an implicit method if the problem is stiff.`,
  'step-underflow': (s, problem) =>
    `The step fell below what t = ${timeIn(s)} can resolve (h = ${stepIn(s)}${rejectionsIn(s)}); ${fastest(problem, s)}. The solution may blow up here, or the field may jump. Try a terminal event before it, breakpoints at jumps, or looser tolerances.`,
  'non-finite': (s, problem) =>
    `${firstNonFinite(problem, s)} (t = ${timeIn(s)}${rejectionsIn(s)}). Try looking at the field there, a smaller step, or a terminal event before it.`,
  'newton-failed': (s) =>
    `The equations of the implicit step at t = ${timeIn(s)} could not be solved with h = ${stepIn(s)}. Try a smaller step.`,
}

const nameOf = (problem: Problem, i: number) => problem.field?.stateNames[i] ?? `y[${i}]`

/** The component that moves fastest for its size. */
function fastest(problem: Problem, { registers: R, y }: StepState): string {
  const dydt = new Float64Array(y.length)
  problem.vectorField(R[slot.time] as number, y.slice(), dydt, problem.theta)
  const rate = (i: number) => Math.abs(dydt[i] as number) / (1 + Math.abs(y[i] as number))
  let most = 0
  for (let i = 1; i < y.length; i++) if (!(rate(i) <= rate(most))) most = i
  return `${nameOf(problem, most)} = ${(y[most] as number).toPrecision(4)} changes fastest, at ${(dydt[most] as number).toPrecision(4)} per unit of time`
}

function firstNonFinite(problem: Problem, { registers: R, y }: StepState): string {
  const dydt = new Float64Array(y.length)
  problem.vectorField(R[slot.time] as number, y.slice(), dydt, problem.theta)
  const i = dydt.findIndex((v) => !Number.isFinite(v))
  if (i >= 0) return `The derivative of ${nameOf(problem, i)} is ${dydt[i]} at the last good state`
  return 'Every step from the last good state leads to values that are not finite'
}
