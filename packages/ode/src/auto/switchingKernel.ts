import { misuse } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { Kernel, KernelSettings, Method } from '../method.js'
import type { Problem } from '../problem.js'
import { code, type StepState, slot } from '../state.js'
import { storedPolynomial } from '../storedPolynomial.js'
import { makeTrace, startTrace, type Trace } from '../trace.js'
import { spectralRadius } from './spectralRadius.js'
import { stabilityInterval } from './stabilityInterval.js'

/** Where the numbers behind the two methods' memory lie, from its offset on; the power method's vector follows. */
const at = { stiff: 0, steps: 1, since: 2, score: 3, switches: 4, nonstiffSteps: 5, stiffSteps: 6, vector: 7 }

/**
 * How often, and by what, each method is judged. A step held by stability has hρ = ℓ on average, with a scatter of
 * a tenth (measured on van der Pol's equation for tsit5, dopri5, vern7); what accuracy holds stays below half of ℓ at
 * tolerances of 10⁻⁴ and less on DETEST's nonstiff classes. The gap between the two bounds is the hysteresis.
 */
const rules = {
  nonstiff: { steps: 12, looks: 2, suspicious: (part: number) => part > 0.8 },
  stiff: { steps: 6, looks: 2, suspicious: (part: number) => part < 0.4 },
} as const

/** One of the two methods, with a state of its own that shares y and the registers. */
interface Half {
  readonly kernel: Kernel
  readonly rule: (typeof rules)[keyof typeof rules]
  readonly trace: Trace
  readonly polynomial: ReturnType<Kernel['interpolant']>
  /** where its memory lies */
  readonly from: number
}

/**
 * The engine of `auto`: runs of one method's own loop, between which it looks at hρ. All that decides lies in the
 * state's memory, so that a stored state goes on bit for bit, however the runs were cut.
 */
export function switchingKernel(
  nonstiff: ExplicitMethod,
  stiff: Method,
  problem: Problem,
  settings: KernelSettings,
): Kernel {
  const { stepping } = settings
  if (stepping.kind === 'fixed')
    throw misuse({
      where: 'solve(auto)',
      expected: 'rtol and atol: the size of the chosen steps is what tells that a problem is stiff',
      got: 'step',
      try: `rtol: 1e-6, atol: 1e-8, or method: ${stiff.name}`,
      code: 'step-and-tolerance',
    })
  const n = problem.size
  const half = (method: Method, rule: Half['rule'], from: number): Half => {
    const kernel = method.kernel(problem, settings)
    const trace = makeTrace(n, kernel.stageCount, settings.trace, rule.steps)
    return { kernel, rule, trace, polynomial: kernel.interpolant(), from }
  }
  const first = half(nonstiff, rules.nonstiff, 0)
  const second = half(stiff, rules.stiff, first.kernel.memorySize)
  const own = first.kernel.memorySize + second.kernel.memorySize
  const degree = Math.max(degreeOf(first, n), degreeOf(second, n))
  const order = Math.min(first.polynomial.order, second.polynomial.order)
  const look = judge(
    stabilityInterval(nonstiff),
    own,
    spectralRadius(problem, stepping.tolerances, own + at.vector),
  )
  const views = statesOf(first, second)

  return {
    path: first.kernel.path,
    stageCount: degree,
    memorySize: own + at.vector + n,
    interpolant: () => storedPolynomial(n, degree, order),
    shares: ({ memory }) => ({
      shares: {
        [nonstiff.name]: memory[own + at.nonstiffSteps] as number,
        [stiff.name]: memory[own + at.stiffSteps] as number,
      },
      switches: memory[own + at.switches] as number,
    }),
    advance(state, trace, limit) {
      const { memory, registers: R } = state
      let done = 0
      startTrace(trace, state)
      while (done < limit) {
        const isStiff = memory[own + at.stiff] === 1
        const half = isStiff ? second : first
        const steps = memory[own + at.steps] as number
        if (steps === 0) memory[own + at.since] = R[slot.time] as number
        const wanted = Math.min(limit - done, half.rule.steps - steps, half.trace.capacity)
        const count = half.kernel.advance(views(state, isStiff), half.trace, wanted)
        copySteps(half, degree, count, trace, done)
        const counter = own + (isStiff ? at.stiffSteps : at.nonstiffSteps)
        memory[counter] = (memory[counter] as number) + count
        memory[own + at.steps] = steps + count
        done += count
        if (R[slot.code] !== code.running) return done
        if (steps + count === half.rule.steps && look(state, half.rule)) change(state, own, second.from)
      }
      return done
    },
  }
}

/** Degree of the polynomial that a method's interpolant makes of a step. */
const degreeOf = ({ polynomial }: Half, n: number) => (polynomial.coefficients as Float64Array).length / n - 1

/** The state as each of the two sees it: the same registers and y, and its own part of the memory. */
function statesOf(first: Half, second: Half): (state: StepState, isStiff: boolean) => StepState {
  let whole: StepState | undefined
  let parts: readonly [StepState, StepState] | undefined
  const part = (state: StepState, { from, kernel }: Half): StepState => ({
    ...state,
    memory: state.memory.subarray(from, from + kernel.memorySize),
  })
  return (state, isStiff) => {
    if (whole !== state || parts === undefined) parts = [part(state, first), part(state, second)]
    whole = state
    return parts[isStiff ? 1 : 0]
  }
}

/** Copies a run of steps into the trace, with their polynomials where it keeps stages. */
function copySteps(
  { trace: from, polynomial }: Half,
  degree: number,
  count: number,
  to: Trace,
  offset: number,
): void {
  if (to.level === 'none') return
  const n = to.size
  for (let i = 0; i < count; i++) {
    to.t[offset + i + 1] = from.t[i + 1] as number
    to.h[offset + i] = from.h[i] as number
  }
  const shift = offset * n
  for (let j = n; j < (count + 1) * n; j++) to.y[shift + j] = from.y[j] as number
  if (to.level !== 'stages') return
  const q = polynomial.coefficients as Float64Array
  for (let i = 0; i < count; i++) {
    polynomial.load(from, i)
    const start = (offset + i) * degree * n
    for (let j = 0; j < degree * n; j++) to.stages[start + j] = j + n < q.length ? (q[j + n] as number) : 0
  }
}

/** Looks at the mean step of the last run times ρ, as part of ℓ; true where enough looks spoke for the other method. */
function judge(
  interval: number,
  own: number,
  radius: (state: StepState, out: Float64Array) => void,
): (state: StepState, rule: Half['rule']) => boolean {
  const rho = new Float64Array(1)
  return (state, { steps, looks, suspicious }) => {
    const { memory, registers: R } = state
    radius(state, rho)
    const length = Math.abs((R[slot.time] as number) - (memory[own + at.since] as number)) / steps
    const score = memory[own + at.score] as number
    memory[own + at.steps] = 0
    memory[own + at.score] = suspicious((length * (rho[0] as number)) / interval) ? score + 1 : 0
    if ((memory[own + at.score] as number) < looks) return false
    // the explicit method starts with a step that is stable
    const stable = interval / (rho[0] as number)
    if (memory[own + at.stiff] === 1 && Math.abs(R[slot.step] as number) > stable)
      R[slot.step] = stable * (R[slot.direction] as number)
    return true
  }
}

/** The other method goes on, and knows nothing of what its own last run left. */
function change({ memory, registers: R }: StepState, own: number, parted: number): void {
  const isStiff = memory[own + at.stiff] === 1
  if (isStiff) memory.fill(0, 0, parted)
  else memory.fill(0, parted, own)
  memory[own + at.stiff] = isStiff ? 0 : 1
  memory[own + at.score] = 0
  memory[own + at.switches] = (memory[own + at.switches] as number) + 1
  R[slot.fresh] = 0
  R[slot.logError1] = 0
  R[slot.logError2] = 0
  R[slot.logRatio1] = 0
  R[slot.logRatio2] = 0
}
