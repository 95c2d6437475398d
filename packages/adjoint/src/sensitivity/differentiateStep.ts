import { misuse } from '@separatrix/field/core'
import type { ExplicitMethod, Method } from '@separatrix/ode'
import type { DerivativeFunctions } from './derivativeFunctions.js'
import { explicitStep } from './explicitStep.js'
import type { StepDerivative } from './stepDerivative.js'

type Differentiate = (method: Method, functions: DerivativeFunctions) => StepDerivative

/** Per family of methods, how its step is differentiated. */
const families: { readonly [family: string]: Differentiate } = {
  explicit: (method, functions) => explicitStep(method as ExplicitMethod, functions),
}

/** The derivative of a method's step. */
export function differentiateStep(method: Method, functions: DerivativeFunctions): StepDerivative {
  const differentiate = families[method.family]
  if (differentiate !== undefined) return differentiate(method, functions)
  throw misuse({
    where: `sensitivity(${method.name})`,
    expected: `a method of a family that is differentiated step by step (${Object.keys(families).join(', ')})`,
    got: `one of the family ${method.family}`,
    try: "method: dopri5, or via: 'backsolve'",
    code: 'method-not-differentiated',
  })
}
