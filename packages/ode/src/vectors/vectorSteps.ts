import { type Field, scalarCount } from '@separatrix/field/core'
import type { Tolerances } from '../control/tolerances.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { Stepping } from '../method.js'
import type { Problem } from '../problem.js'
import { remember } from '../remember.js'
import { slotCount } from '../state.js'
import type { TraceLevel } from '../trace.js'
import { loops } from './loops.js'
import { printVectorControl } from './printVectorControl.js'
import { printVectorRun } from './printVectorRun.js'
import { printVectorSteps, type StepForm } from './printVectorSteps.js'
import { stepMemory } from './stepMemory.js'

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
export interface VectorSteps {
  /** chosen steps: k₁ at the end of the clock */
  readonly first: () => void
  /** equal steps: one of them, by the clock */
  readonly step: () => void
  /** up to a number of accepted steps by the registers, of chosen size, or of that in the clock; how many */
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

/** Stages that equal steps need: one that serves the error estimate and the next step only is left out. */
export function fixedStages(method: ExplicitMethod, trace: TraceLevel): number {
  return method.b[method.stages - 1] === 0 && trace !== 'stages' ? method.stages - 1 : method.stages
}

/** The module for a field and a method: compiled once, its memory shared by all solves, which copy in and out. */
export function vectorSteps(
  method: ExplicitMethod,
  { field, size }: Problem,
  stepping: Stepping,
  trace: TraceLevel,
): VectorSteps | undefined {
  if (field === undefined || (size < leastSize && scalarCount(field) < leastOperations)) return undefined
  const keepsSlopes = trace === 'stages'
  const form: StepForm =
    stepping.kind === 'fixed'
      ? { kind: 'fixed', stages: fixedStages(method, trace), keepsSlopes }
      : { kind: 'adaptive', tolerances: stepping.tolerances, control: stepping.control, keepsSlopes }
  // copies of a field with other parameters share their nodes, and so their code
  return remember(field.nodes, method, `vectors ${keyOf(form)}`, () =>
    loops().hasSimd() && loops().canCompileModules()
      ? { steps: compileSteps(method, field, form) }
      : undefined,
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
  const layout = loops().makeLayout()
  const size = field.stateSize
  const at = stepMemory(layout, method, size)
  const plan = loops().planStateLoops(field, layout)
  if (plan.reuse < leastReuse && scalarCount(field) < leastOperations) return undefined
  const module = loops().makeModule({ lanes: 'f64x2', fused: loops().hasRelaxedSimd() })
  const { step, accept } = printVectorSteps({ module, method, size, plan, at }, form)
  if (form.kind === 'fixed') printVectorRun(module, at, step)
  else {
    const k = (method.errorOrder as number) + 1
    const count = normCount(form.tolerances, size)
    printVectorControl(module, at, { control: form.control, k, count, trial: step, accept })
  }
  const running = loops().startLoops(module, layout, plan)
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
