import { squaredNorm } from '../control/squaredNorm.js'
import type { Tolerances } from '../control/tolerances.js'
import { type MidpointTable, midpointTable, mostRows, substeps } from '../extrapolation/midpointTable.js'
import { copy, type StepInterpolant } from '../interpolant.js'
import { adaptiveAdvance, type Trial } from '../loops/adaptiveAdvance.js'
import type { StepPolicy } from '../loops/control.js'
import { fixedAdvance } from '../loops/fixedAdvance.js'
import { fixedLoop } from '../loops/fixedLoop.js'
import { trialSlot } from '../loops/trialClock.js'
import type { Kernel, KernelSettings, Method } from '../method.js'
import { atClock, type Problem } from '../problem.js'
import { type StepState, slot } from '../state.js'

/** Rows of a step of fixed size: order 8. */
const fixedRows = 4

/**
 * Rows that are compared before a step is accepted: two agree by accident, exactly so where the field is
 * constant in pieces. Three cost 1 % more work over the problems of DETEST.
 */
const leastRows = 3

/** A_k: evaluations of a step with rows 1 … k, including f at its start. */
const work = substeps.map((_, k) => substeps.slice(0, k + 1).reduce((sum, n) => sum + n - 1, 1))

/**
 * Gragg, Bulirsch and Stoer's extrapolation of variable order (up to 20) and step size: the method for high
 * accuracy and costly fields. With a fixed `step` four rows are used, order 8. Order and step are chosen to
 * do the least work per unit of time; the step controller of other methods does not apply. Between steps the
 * solution is found by a shorter step, not by a polynomial.
 * Source: Hairer, Nørsett & Wanner, Solving ODEs I, §II.9 (ODEX).
 */
export const gbs: Method = Object.freeze({
  name: 'gbs',
  family: 'extrapolation',
  order: 2 * fixedRows,
  errorOrder: 2 * fixedRows - 1,
  denseLevel: 'steps',
  source: 'Bulirsch & Stoer, Numer. Math. 8 (1966), doi:10.1007/BF02165234',
  kernel: (problem: Problem, settings: KernelSettings): Kernel => ({
    path: 'loops',
    stageCount: 0,
    // f(t, y) and the number of rows aimed at
    memorySize: problem.size + 1,
    advance:
      settings.stepping.kind === 'fixed' ? fixed(problem) : variable(problem, settings.stepping.tolerances),
    interpolant: () => shorterStep(problem),
  }),
} satisfies Method)

function fixed(problem: Problem): Kernel['advance'] {
  const table = midpointTable(problem)
  const [slope, now] = [new Float64Array(problem.size), new Float64Array(1)]
  const evaluate = atClock(problem, now)
  return fixedAdvance(
    fixedLoop((clock, { y, registers: R }) => {
      now[0] = clock[0] as number
      evaluate(y, slope)
      table.begin(clock, y, slope)
      for (let j = 0; j < fixedRows; j++) table.row(j)
      y.set(table.best)
      R[slot.evaluations] = (R[slot.evaluations] as number) + table.evaluations() + 1
      return true
    }),
  )
}

/** What a trial decided, for the policy to carry out. */
interface Decision {
  rows: number
  factor: number
  /** scratch for the difference of the last two columns */
  readonly error: Float64Array
  /** scratch: the factor that each row would allow */
  readonly factors: Float64Array
}

function variable(problem: Problem, tolerances: Tolerances): Kernel['advance'] {
  const n = problem.size
  const table = midpointTable(problem)
  const [span, slope] = [new Float64Array(2), new Float64Array(n)]
  const decision: Decision = {
    rows: 0,
    factor: 1,
    error: new Float64Array(n),
    factors: new Float64Array(mostRows),
  }
  const trial: Trial = {
    try(state, clock) {
      const { y, memory, registers: R } = state
      prepare(problem, tolerances, state)
      span[0] = R[slot.time] as number
      span[1] = clock[trialSlot.step] as number
      slope.set(memory.subarray(0, n))
      table.begin(span, y, slope)
      clock[trialSlot.squaredError] = extrapolate(
        table,
        tolerances,
        y,
        memory[n] as number,
        (R[slot.streak] as number) > 0,
        decision,
      )
      R[slot.evaluations] = (R[slot.evaluations] as number) + table.evaluations()
      memory[n] = decision.rows
    },
    accept(state, clock) {
      state.y.set(table.best)
      problem.vectorField(clock[trialSlot.end] as number, state.y, state.memory.subarray(0, n), problem.theta)
      state.registers[slot.evaluations] = (state.registers[slot.evaluations] as number) + 1
    },
    writeStages() {},
  }
  const follow = (clock: Float64Array) => {
    clock[trialSlot.factor] = decision.factor
  }
  const policy: StepPolicy = { accept: (_R, clock) => follow(clock), reject: follow }
  return adaptiveAdvance(trial, policy)
}

/** f(t, y) where it is not known, and a first guess of the order from the tolerance (ODEX). */
function prepare(
  { vectorField, theta, size: n }: Problem,
  { rtol, atol }: Tolerances,
  state: StepState,
): void {
  const { y, memory, registers: R } = state
  if (R[slot.fresh] === 0) {
    vectorField(R[slot.time] as number, y, memory.subarray(0, n), theta)
    R[slot.evaluations] = (R[slot.evaluations] as number) + 1
    R[slot.fresh] = 1
  }
  if ((memory[n] as number) > 0) return
  const digits = -Math.log10(Math.max(rtol[0] as number, atol[0] as number, 1e-15))
  memory[n] = Math.max(leastRows, Math.min(mostRows - 1, Math.floor(0.6 * digits + 1.5)))
}

/**
 * Rows up to the one aimed at and one more, until the error is met or out of reach; decides the next number
 * of rows and the factor of the step by the work per unit of time, W_k = A_k/H_k with
 * H_k = .94 h (.65/e_k)^(1/(2k−1)) (HNW I, (9.25) to (9.27)).
 */
function extrapolate(
  table: MidpointTable,
  tolerances: Tolerances,
  y: Float64Array,
  aim: number,
  afterRejection: boolean,
  decision: Decision,
): number {
  const { error, factors } = decision
  let [squared, last] = [Number.NaN, 0]
  for (let k = 1; k <= Math.min(aim + 1, mostRows); k++) {
    table.row(k - 1)
    if (k === 1) {
      factors[last++] = 1
      continue
    }
    for (let i = 0; i < y.length; i++) error[i] = (table.best[i] as number) - (table.previous[i] as number)
    squared = squaredNorm(tolerances, error, y, table.best)
    const size = Math.sqrt(squared)
    if (!Number.isFinite(size)) break
    factors[last++] = Math.min(Math.max(0.94 * (0.65 / Math.max(size, 1e-30)) ** (1 / (2 * k - 1)), 0.02), 4)
    if (size <= 1 && k >= Math.max(aim - 1, leastRows)) break
    const ratio = (row: number) =>
      ((substeps[Math.min(row, mostRows - 1)] as number) / (substeps[0] as number)) ** 2
    // rows k+1 … aim+1 divide the error by about these: no hope beyond
    if (k === aim - 1 && size > ratio(k) * ratio(k + 1)) break
    if (k === aim && size > ratio(k)) break
  }
  choose(last, squared <= 1, aim, afterRejection, decision)
  return squared
}

function choose(
  last: number,
  accepted: boolean,
  aim: number,
  afterRejection: boolean,
  decision: Decision,
): void {
  const { factors } = decision
  const cost = (k: number) => (work[k - 1] as number) / (factors[k - 1] as number)
  if (last < 2) {
    decision.rows = Math.max(leastRows, aim - 1)
    decision.factor = 0.1
    return
  }
  let rows = Math.min(last, mostRows - 1)
  if (last > 2 && cost(last - 1) < 0.8 * cost(last)) rows = last - 1
  const rises = accepted && !afterRejection && rows === last && last < mostRows - 1
  // two rows give no comparison of costs: try the third
  const grows = rises && (last === 2 || cost(last) < 0.9 * cost(last - 1))
  decision.rows = Math.max(leastRows, grows ? last + 1 : rows)
  const chosen = factors[Math.min(rows, last) - 1] as number
  // one more row is expected to allow a step longer in proportion to its work
  decision.factor = grows ? chosen * ((work[last] as number) / (work[last - 1] as number)) : chosen
  if (!accepted || afterRejection) decision.factor = Math.min(decision.factor, accepted ? 1 : 0.9)
}

/** Rows of the steps that output between steps is found by: those are shorter than the step, so 14th order is ample. */
const outputRows = 7

function shorterStep(problem: Problem): StepInterpolant {
  const n = problem.size
  const table = midpointTable(problem)
  const [y, slope] = [new Float64Array(n), new Float64Array(n)]
  const [start, part] = [new Float64Array(2), new Float64Array(2)]
  return {
    order: 2 * outputRows,
    coefficients: undefined,
    load(steps, i) {
      start[0] = steps.t[i] as number
      start[1] = steps.h[i] as number
      copy(steps.y, i * n, y)
      problem.vectorField(start[0], y, slope, problem.theta)
    },
    evaluate(theta, out) {
      part[0] = start[0] as number
      part[1] = theta * (start[1] as number)
      table.begin(part, y, slope)
      for (let j = 0; j < outputRows; j++) table.row(j)
      out.set(table.best)
    },
  }
}
