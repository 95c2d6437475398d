import {
  fieldReadings,
  type StepConventions,
  type StepForm,
  scalarCount,
  type VectorSteps,
} from '@separatrix/field/core'
import { logOffset, logSlope } from '../control/power.js'
import { largestRejection, smallestLogError } from '../control/printControl.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import { longestStreak } from '../loops/adaptiveAdvance.js'
import type { Stepping } from '../method.js'
import type { Problem } from '../problem.js'
import { remember } from '../remember.js'
import { code, slot, slotCount } from '../state.js'
import type { TraceLevel } from '../trace.js'

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

const conventions: StepConventions = {
  slotCount,
  slot,
  code,
  logSlope,
  logOffset,
  largestRejection,
  smallestLogError,
  longestStreak,
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
  const form = formOf(method, stepping, trace)
  if (form === undefined) return undefined
  const control = stepping.kind === 'adaptive' ? stepping.control.key : ''
  const { canCompileVectors, compileSteps } = fieldReadings()
  const least = scalarCount(field) < leastOperations ? leastReuse : 0
  // copies of a field with other parameters share their nodes, and so their code
  return remember(field.nodes, method, `vectors ${control} ${keyOf(form)}`, () =>
    canCompileVectors()
      ? { steps: compileSteps(field, method, form, { conventions, leastReuse: least }) }
      : undefined,
  )?.steps
}

/** What has to be printed; undefined for a norm of the caller's own, a function that no module can call. */
function formOf(method: ExplicitMethod, stepping: Stepping, trace: TraceLevel): StepForm | undefined {
  const keepsSlopes = trace === 'stages'
  if (stepping.kind === 'fixed') return { kind: 'fixed', stages: fixedStages(method, trace), keepsSlopes }
  const { uniform, norm, weights } = stepping.tolerances
  if (norm === 'custom') return undefined
  return { kind: 'adaptive', tolerances: { uniform, norm, weights }, control: stepping.control, keepsSlopes }
}

function keyOf(form: StepForm): string {
  if (form.kind === 'fixed') return `fixed ${form.stages} ${form.keepsSlopes}`
  const { uniform, norm, weights } = form.tolerances
  return `${uniform} ${norm} ${weights?.join() ?? ''} ${form.keepsSlopes}`
}
