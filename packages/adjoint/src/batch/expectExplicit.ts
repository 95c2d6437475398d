import { misuse } from '@separatrix/field/core'
import type { ExplicitMethod, Method } from '@separatrix/ode'

/** Refuses methods that batches do not know. */
export function expectExplicit(where: string, method: Method): ExplicitMethod {
  if (method?.family === 'explicit') return method as ExplicitMethod
  throw misuse({
    where,
    expected: 'an explicit Runge–Kutta method, whose steps batches can take back',
    got: `${method?.name}, of the family ${method?.family}`,
    try: 'method: rk4',
    code: 'method-not-differentiated',
  })
}
