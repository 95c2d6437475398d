import { type Field, misuse } from '@separatrix/field/core'
import {
  type ExplicitMethod,
  isSeparable,
  type Method,
  resolvePartition,
  type Splitting,
} from '@separatrix/ode'
import type { DerivativeFunctions } from './derivativeFunctions.js'
import { explicitStep } from './explicitStep.js'
import { extrapolatedStep } from './extrapolatedStep.js'
import { generalVerletStep } from './generalVerletStep.js'
import { hermiteOutputs } from './hermiteOutputs.js'
import { midpointStep } from './midpointStep.js'
import { reverseLoop } from './reverseLoop.js'
import { splittingStep } from './splittingStep.js'
import type { StepDerivative } from './stepDerivative.js'

type Differentiate = (
  method: Method,
  functions: DerivativeFunctions,
  field: Field,
) => StepDerivative | undefined

/** Per family of methods, how its step is differentiated. */
const families: { readonly [family: string]: Differentiate } = {
  explicit(method, functions, field) {
    const explicit = method as ExplicitMethod
    const { f, pull, theta } = functions
    const step: StepDerivative = {
      ...explicitStep(explicit, functions),
      pullbackSteps: pull && reverseLoop(explicit, field, { f, pull, theta }),
    }
    return explicit.dense === undefined ? hermiteOutputs(step, functions) : step
  },
  symplectic(method, functions, field) {
    const splitting = method as Splitting
    const parts = resolvePartition(method.name, field.stateSize, splitting.partition)
    const step = isSeparable(field, parts.q, parts.p)
      ? splittingStep(splitting, parts, functions)
      : generalVerletStep(parts, functions)
    return hermiteOutputs(step, functions)
  },
  extrapolation: (_method, functions) => extrapolatedStep(functions),
  implicit(method, functions) {
    return method.name === 'implicitMidpoint' ? hermiteOutputs(midpointStep(functions), functions) : undefined
  },
}

/** The derivative of a method's step, as the solver takes it for this field. */
export function differentiateStep(
  method: Method,
  functions: DerivativeFunctions,
  field: Field,
): StepDerivative {
  const step = families[method.family]?.(method, functions, field)
  if (step !== undefined) return step
  throw misuse({
    where: `sensitivity(${method.name})`,
    expected:
      'an explicit Runge–Kutta method, a splitting method, gbs or implicitMidpoint, whose steps can be differentiated',
    got: `${method.name}, of the family ${method.family}`,
    try: method.family === 'reversible' ? "via: 'reversible', which needs no memory" : 'method: dopri5',
    code: 'method-not-differentiated',
  })
}
