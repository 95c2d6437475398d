import type { Field } from '../../../field.js'
import { hasRelaxedSimd, makeModule } from '../moduleBuilder.js'
import { makeLayout } from '../stateLoops/layout.js'
import { planStateLoops } from '../stateLoops/plan.js'
import { startLoops } from '../stateLoops/startLoops.js'
import { printControl } from './printControl.js'
import { printRun } from './printRun.js'
import { printSteps } from './printSteps.js'
import { stepMemory } from './stepMemory.js'
import type { StepConventions, StepForm, StepMethod, StepNorm } from './types.js'

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

/** What the sum of weighted squares is divided by. */
function normCount({ norm, weights }: StepNorm, size: number): number {
  if (norm === 'max') return 1
  return weights?.reduce((sum, w) => sum + w, 0) ?? size
}

/**
 * Compiles the steps of an explicit method on a large field: state, slopes and θ lie in the module's memory, and
 * what a solver keeps in its registers as well. Undefined where loops would gain less than `leastReuse`, or the
 * engine may not compile.
 */
export function compileSteps(
  field: Field,
  method: StepMethod,
  form: StepForm,
  { conventions, leastReuse }: { readonly conventions: StepConventions; readonly leastReuse: number },
): VectorSteps | undefined {
  const layout = makeLayout()
  const size = field.stateSize
  const at = stepMemory(layout, method, size, conventions.slotCount)
  const plan = planStateLoops(field, layout)
  if (plan.reuse < leastReuse) return undefined
  const module = makeModule({ lanes: 'f64x2', fused: hasRelaxedSimd() })
  const { step, accept } = printSteps({ module, method, size, plan, at }, form)
  if (form.kind === 'fixed') printRun(module, at, step, conventions)
  else {
    const k = (method.errorOrder as number) + 1
    const count = normCount(form.tolerances, size)
    printControl(module, at, { control: form.control, conventions, k, count, trial: step, accept })
  }
  const running = startLoops(module, layout, plan)
  if (running === undefined) return undefined
  const { exports, view } = running
  return {
    first: exports['first'] as () => void,
    step: exports['step'] as () => void,
    run: exports['run'] as (limit: number) => number,
    registers: view(at.registers, conventions.slotCount),
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
