import { clockSlot, fieldReadings, type VectorSteps } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { StepInterpolant } from '../interpolant.js'
import { type FixedSteps, fixedAdvance } from '../loops/fixedAdvance.js'
import type { Kernel, KernelSettings, Stepping } from '../method.js'
import type { Problem, VectorFieldFunction } from '../problem.js'
import { remember } from '../remember.js'
import { code, type StepState, slot } from '../state.js'
import { startTrace, type Trace, traceStep } from '../trace.js'
import { fixedStages, vectorSteps } from './vectorSteps.js'

/**
 * Steps of a large field in WebAssembly: state, slopes and parameters lie in its memory, and each stage is one
 * loop along the state on 128-bit vectors. Undefined where the field does not fall into loops, or the engine
 * has no such vectors.
 */
export function vectorKernel(
  method: ExplicitMethod,
  problem: Problem,
  settings: KernelSettings,
  interpolantOf: (problem: Problem) => StepInterpolant,
): Kernel | undefined {
  const { stepping, trace } = settings
  const steps = vectorSteps(method, problem, stepping, trace)
  if (steps === undefined) return undefined
  const interpolant = () => interpolantOf(onVectors(problem))
  const shared = { path: 'vectors', stageCount: method.stages, interpolant } as const
  return stepping.kind === 'fixed'
    ? { ...shared, memorySize: 0, advance: fixedAdvance(equalSteps(method, problem, settings, steps)) }
    : { ...shared, memorySize: problem.size, advance: chosenSteps(method, problem, stepping, steps) }
}

/** The same problem, its right-hand side on vectors as well. */
function onVectors(problem: Problem): Problem {
  const { field } = problem
  if (field === undefined) return problem
  const vectorField = remember(field.nodes, fieldReadings().compileStateLoops, '', () =>
    fieldReadings().compileStateLoops(field),
  )
  return vectorField === undefined ? problem : { ...problem, vectorField: vectorField as VectorFieldFunction }
}

function equalSteps(
  method: ExplicitMethod,
  { theta }: Problem,
  settings: KernelSettings,
  steps: VectorSteps,
): FixedSteps {
  const { clock, registers, y, slopes } = steps
  const stages = fixedStages(method, settings.trace)
  return (state, trace, count, h, end) => {
    const R = state.registers
    const [base, index] = [R[slot.base] as number, R[slot.index] as number]
    y.set(state.y)
    steps.theta.set(theta)
    clock[clockSlot.h] = h
    if (trace.level === 'none' && Number.isNaN(end)) {
      registers.set(R)
      steps.run(count)
    } else {
      const inside: StepState = { ...state, y }
      startTrace(trace, inside)
      for (let i = 0; i < count; i++) {
        clock[clockSlot.t] = base + (index + i) * h
        clock[clockSlot.end] = base + (index + i + 1) * h
        // apart: a choice between the two would be boxed
        if (i === count - 1 && !Number.isNaN(end)) clock[clockSlot.end] = end
        steps.step()
        traceStep(trace, i, inside, clock)
        if (trace.level === 'stages') writeSlopes(slopes, trace.stages, i * slopes.length * y.length)
      }
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
