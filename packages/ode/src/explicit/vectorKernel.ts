import {
  canCompileModules,
  type Field,
  hasRelaxedSimd,
  hasSimd,
  makeLayout,
  makeModule,
  planStateLoops,
  scalarCount,
  startLoops,
} from '@separatrix/field/core'
import type { Tolerances } from '../control/tolerances.js'
import type { StepInterpolant } from '../interpolant.js'
import { type FixedSteps, fixedAdvance } from '../loops/fixedAdvance.js'
import type { Kernel, KernelSettings, Stepping } from '../method.js'
import type { Problem } from '../problem.js'
import { remember } from '../remember.js'
import { code, type StepState, slot, slotCount } from '../state.js'
import { startTrace, type Trace, type TraceLevel, traceStep } from '../trace.js'
import { printVectorControl } from './printVectorControl.js'
import { clockSlot, printVectorSteps, type StepForm, stepMemory } from './printVectorSteps.js'
import type { ExplicitMethod } from './tableau.js'

/**
 * States from which vectors pay. On Lorenz 96, in times of a fused JavaScript function's: 1.1 (rk4) and .64
 * (tsit5) for 12 states, .95 and .53 for 14, .65 and .3 for 20; on a ring of sines 1 for 16 and for 40.
 */
const leastSize = 12

/** Entries per printed formula from which they pay: seven bodies in the plane, with 2, take as long as fused. */
const leastReuse = 4

/**
 * Operations from which they pay for fewer states, and where no two equations are alike: there generated
 * JavaScript becomes statements on arrays and runs 400 times slower (300 equations of 3,000 operations); just
 * below, with 1,000, both take as long.
 */
const leastOperations = 2000

/** A module for one field and method, and views of its memory. */
interface VectorSteps {
  /** chosen steps: k₁ at the end of the clock */
  readonly first: () => void
  /** equal steps: one of them */
  readonly step: () => void
  /** chosen steps: up to a number of accepted ones; returns how many */
  readonly run: (limit: number) => number
  readonly registers: Float64Array
  readonly clock: Float64Array
  readonly y: Float64Array
  readonly next: Float64Array
  readonly slopes: readonly Float64Array[]
  /** the slopes of the last accepted step */
  readonly traced: readonly Float64Array[]
  readonly theta: Float64Array
  readonly rtol: Float64Array
  readonly atol: Float64Array
  readonly weights: Float64Array
}

/**
 * Steps of a large field in WebAssembly: state, slopes and parameters lie in its memory, and each stage is one
 * loop along the state on 128-bit vectors. Undefined where the field does not fall into loops, or the engine
 * has no such vectors.
 */
export function vectorKernel(
  method: ExplicitMethod,
  problem: Problem,
  settings: KernelSettings,
  interpolant: () => StepInterpolant,
): Kernel | undefined {
  const { stepping } = settings
  // a norm of the caller's own is a function, which the module cannot call
  if (stepping.kind === 'adaptive' && stepping.tolerances.custom !== undefined) return undefined
  const steps = vectorSteps(method, problem, settings)
  if (steps === undefined) return undefined
  const shared = { path: 'vectors', stageCount: method.stages, interpolant } as const
  return stepping.kind === 'fixed'
    ? { ...shared, memorySize: 0, advance: fixedAdvance(equalSteps(method, problem, settings, steps)) }
    : { ...shared, memorySize: problem.size, advance: chosenSteps(method, problem, stepping, steps) }
}

/** Stages that equal steps need: one that serves the error estimate and the next step only is left out. */
function fixedStages(method: ExplicitMethod, trace: TraceLevel): number {
  return method.b[method.stages - 1] === 0 && trace !== 'stages' ? method.stages - 1 : method.stages
}

function equalSteps(
  method: ExplicitMethod,
  { theta }: Problem,
  settings: KernelSettings,
  steps: VectorSteps,
): FixedSteps {
  const { clock, y, slopes } = steps
  const stages = fixedStages(method, settings.trace)
  const withStages = settings.trace === 'stages'
  return (state, trace, count, h, end) => {
    const R = state.registers
    const [base, index] = [R[slot.base] as number, R[slot.index] as number]
    y.set(state.y)
    steps.theta.set(theta)
    const inside: StepState = { ...state, y }
    startTrace(trace, inside)
    for (let i = 0; i < count; i++) {
      clock[clockSlot.t] = base + (index + i) * h
      clock[clockSlot.h] = h
      clock[clockSlot.end] = i === count - 1 && !Number.isNaN(end) ? end : base + (index + i + 1) * h
      steps.step()
      traceStep(trace, i, inside, clock)
      if (withStages) writeSlopes(slopes, trace.stages, i * slopes.length * y.length)
    }
    state.y.set(y)
    R[slot.evaluations] = (R[slot.evaluations] as number) + count * stages
    return count
  }
}

function writeSlopes(slopes: readonly Float64Array[], target: Float64Array, offset: number): void {
  let at = offset
  for (const slope of slopes) {
    target.set(slope, at)
    at += slope.length
  }
}

function chosenSteps(
  method: ExplicitMethod,
  { theta }: Problem,
  { tolerances }: Extract<Stepping, { kind: 'adaptive' }>,
  steps: VectorSteps,
): Kernel['advance'] {
  const { rtol, atol, weights } = tolerances
  const { clock, registers, y, slopes } = steps
  const slope = slopes[0] as Float64Array
  return (state, trace, limit) => {
    const R = state.registers
    y.set(state.y)
    steps.theta.set(theta)
    steps.rtol.set(rtol)
    steps.atol.set(atol)
    if (weights !== undefined) steps.weights.set(weights)
    let evaluations = R[slot.evaluations] as number
    if (R[slot.fresh] === 1) slope.set(state.memory)
    else {
      clock[clockSlot.end] = R[slot.time] as number
      steps.first()
      evaluations++
    }
    const before = (R[slot.accepted] as number) + (R[slot.rejected] as number)
    registers.set(R)
    const accepted = trace.level === 'none' ? steps.run(limit) : tracedRun(steps, trace, limit)
    R.set(registers)
    const tried = (R[slot.accepted] as number) + (R[slot.rejected] as number) - before
    R[slot.evaluations] = evaluations + tried * (method.stages - 1) + (method.fsal ? 0 : accepted)
    R[slot.fresh] = 1
    state.y.set(y)
    state.memory.set(slope)
    return accepted
  }
}

/** Step by step, writing each down. */
function tracedRun({ run, registers, clock, y, traced }: VectorSteps, trace: Trace, limit: number): number {
  const n = y.length
  const withStages = trace.level === 'stages'
  trace.t[0] = registers[slot.time] as number
  trace.y.set(y)
  let accepted = 0
  while (accepted < limit && run(1) === 1) {
    if (withStages) writeSlopes(traced, trace.stages, accepted * traced.length * n)
    trace.h[accepted] = clock[clockSlot.h] as number
    accepted++
    trace.t[accepted] = clock[clockSlot.end] as number
    trace.y.set(y, accepted * n)
    if (registers[slot.code] !== code.running) break
  }
  return accepted
}

/** The module for a field and a method: compiled once, its memory shared by all solves, which copy in and out. */
function vectorSteps(
  method: ExplicitMethod,
  problem: Problem,
  { stepping, trace }: KernelSettings,
): VectorSteps | undefined {
  const { field, size } = problem
  if (field === undefined || (size < leastSize && scalarCount(field) < leastOperations)) return undefined
  const keepsSlopes = trace === 'stages'
  const form: StepForm =
    stepping.kind === 'fixed'
      ? { kind: 'fixed', stages: fixedStages(method, trace), keepsSlopes }
      : { kind: 'adaptive', tolerances: stepping.tolerances, control: stepping.control, keepsSlopes }
  // copies of a field with other parameters share their nodes, and so their code
  return remember(field.nodes, method, `vectors ${keyOf(form)}`, () =>
    hasSimd() && canCompileModules() ? { steps: compileSteps(method, field, form) } : undefined,
  )?.steps
}

function keyOf(form: StepForm): string {
  if (form.kind === 'fixed') return `fixed ${form.stages} ${form.keepsSlopes}`
  const { uniform, norm, weights } = form.tolerances
  return `${uniform} ${norm} ${weights?.join() ?? ''} ${form.control.key} ${form.keepsSlopes}`
}

/** What the sum of weighted squares is divided by. */
function normCount({ norm, weights }: Tolerances, size: number): number {
  if (norm === 'max') return 1
  return weights?.reduce((sum, w) => sum + w, 0) ?? size
}

function compileSteps(method: ExplicitMethod, field: Field, form: StepForm): VectorSteps | undefined {
  const layout = makeLayout()
  const size = field.stateSize
  const at = stepMemory(layout, method, size)
  const plan = planStateLoops(field, layout)
  if (plan.reuse < leastReuse && scalarCount(field) < leastOperations) return undefined
  const module = makeModule({ lanes: 'f64x2', fused: hasRelaxedSimd() })
  const { step, accept } = printVectorSteps({ module, method, size, plan, at }, form)
  if (form.kind === 'adaptive') {
    const k = (method.errorOrder as number) + 1
    const count = normCount(form.tolerances, size)
    printVectorControl(module, at, { control: form.control, k, count, trial: step, accept })
  }
  const running = startLoops(module, layout, plan)
  if (running === undefined) return undefined
  const { exports, view } = running
  return {
    first: exports['first'] as () => void,
    step: exports['step'] as () => void,
    run: exports['run'] as (limit: number) => number,
    registers: view(at.registers, slotCount),
    clock: view(at.clock, 4),
    y: view(at.y, size),
    next: view(at.next, size),
    slopes: at.slopes.map((address) => view(address, size)),
    traced: [at.lastFirst, ...at.slopes.slice(1)].map((address) => view(address, size)),
    theta: view(plan.thetaAt, field.theta.length),
    rtol: view(at.rtol, size),
    atol: view(at.atol, size),
    weights: view(at.weights, size),
  }
}
