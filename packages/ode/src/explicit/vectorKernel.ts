import {
  hasRelaxedSimd,
  hasSimd,
  makeLayout,
  makeModule,
  planStateLoops,
  startLoops,
} from '@separatrix/field/core'
import type { Tolerances } from '../control/tolerances.js'
import type { StepInterpolant } from '../interpolant.js'
import { adaptiveAdvance, type Trial } from '../loops/adaptiveAdvance.js'
import { controlPolicy } from '../loops/control.js'
import { type FixedSteps, fixedAdvance } from '../loops/fixedAdvance.js'
import type { Kernel, KernelSettings, Stepping } from '../method.js'
import type { Problem } from '../problem.js'
import { remember } from '../remember.js'
import { type StepState, slot } from '../state.js'
import { startTrace, type TraceLevel, traceStep } from '../trace.js'
import { clockSlot, printVectorSteps, stepMemory } from './printVectorSteps.js'
import type { ExplicitMethod } from './tableau.js'

/** Operations on whole vectors per printed formula from which loops pay. */
const leastReuse = 4

/** A module for one field and method, and views of its memory. */
interface VectorSteps {
  readonly first: () => void
  readonly step: () => void
  readonly clock: Float64Array
  readonly y: Float64Array
  readonly next: Float64Array
  readonly slopes: readonly Float64Array[]
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
  const steps = vectorSteps(method, problem, settings)
  if (steps === undefined) return undefined
  const { stepping } = settings
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
    const inside: StepState = { registers: R, y, memory: state.memory }
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
  { tolerances, control }: Extract<Stepping, { kind: 'adaptive' }>,
  steps: VectorSteps,
): Kernel['advance'] {
  const { rtol, atol, weights } = tolerances
  const slope = steps.slopes[0] as Float64Array
  const advance = adaptiveAdvance(
    vectorTrial(method, steps, tolerances),
    controlPolicy(control, method.errorOrder as number),
  )
  return (state, trace, limit) => {
    const R = state.registers
    steps.y.set(state.y)
    steps.theta.set(theta)
    steps.rtol.set(rtol)
    steps.atol.set(atol)
    if (weights !== undefined) steps.weights.set(weights)
    if (R[slot.fresh] === 1) slope.set(state.memory)
    else evaluateFirst(steps, R, R[slot.time] as number)
    R[slot.fresh] = 1
    const done = advance({ registers: R, y: steps.y, memory: slope }, trace, limit)
    state.y.set(steps.y)
    state.memory.set(slope)
    return done
  }
}

function evaluateFirst(steps: VectorSteps, R: Float64Array, t: number): void {
  steps.clock[clockSlot.t] = t
  steps.first()
  R[slot.evaluations] = (R[slot.evaluations] as number) + 1
}

/** One trial in WebAssembly; the decisions are those of every other loop. */
function vectorTrial(method: ExplicitMethod, steps: VectorSteps, tolerances: Tolerances): Trial {
  const { clock, slopes, y, next } = steps
  const [firstSlope, lastSlope] = [slopes[0], slopes[method.stages - 1]] as [Float64Array, Float64Array]
  const total = tolerances.weights?.reduce((sum, w) => sum + w, 0) ?? y.length
  const count = tolerances.norm === 'max' ? 1 : total
  return {
    try({ registers: R }, h, end) {
      clock[clockSlot.t] = R[slot.time] as number
      clock[clockSlot.h] = h
      clock[clockSlot.end] = end
      steps.step()
      R[slot.evaluations] = (R[slot.evaluations] as number) + method.stages - 1
      return (clock[clockSlot.sum] as number) / count
    },
    accept({ registers: R }, _h, end) {
      y.set(next)
      if (method.fsal) firstSlope.set(lastSlope)
      else evaluateFirst(steps, R, end)
    },
    writeStages(target, offset) {
      writeSlopes(slopes, target, offset)
    },
  }
}

/** The module for a field and a method: compiled once, and its memory shared by all solves, which copy in and out. */
function vectorSteps(
  method: ExplicitMethod,
  { field, size, theta }: Problem,
  { stepping, trace }: KernelSettings,
): VectorSteps | undefined {
  if (field === undefined || !canRunVectors()) return undefined
  const tolerances = stepping.kind === 'fixed' ? undefined : stepping.tolerances
  const form =
    tolerances === undefined
      ? `fixed ${trace === 'stages'}`
      : `${tolerances.uniform} ${tolerances.norm} ${tolerances.weights !== undefined}`
  return (
    remember(field.nodes, method, `vectors ${form}`, () => {
      const layout = makeLayout()
      const at = stepMemory(layout, method, size)
      const plan = planStateLoops(field, layout)
      if (plan.reuse < leastReuse) return { steps: undefined }
      const module = makeModule({ lanes: 'f64x2', fused: hasRelaxedSimd() })
      printVectorSteps(
        { module, method, size, plan, at },
        tolerances === undefined
          ? { kind: 'fixed', stages: fixedStages(method, trace), keepsSlopes: trace === 'stages' }
          : { kind: 'adaptive', tolerances },
      )
      const { exports, view } = startLoops(module, layout, plan)
      const steps: VectorSteps = {
        first: exports['first'] as () => void,
        step: exports['step'] as () => void,
        clock: view(at.clock, 4),
        y: view(at.y, size),
        next: view(at.next, size),
        slopes: at.slopes.map((address) => view(address, size)),
        theta: view(plan.thetaAt, theta.length),
        rtol: view(at.rtol, size),
        atol: view(at.atol, size),
        weights: view(at.weights, size),
      }
      return { steps }
    }) as { readonly steps: VectorSteps | undefined }
  ).steps
}

/** Whether this engine compiles WebAssembly with 128-bit vectors; a page's policy can forbid it. */
function canRunVectors(): boolean {
  return typeof WebAssembly === 'object' && hasSimd()
}
