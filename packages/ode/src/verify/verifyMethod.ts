import { misuse, show } from '@separatrix/field/core'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { Method } from '../method.js'
import { denseOrderOf, orderOf } from './orderConditions.js'
import { stabilityIntervals, stabilityPolynomial } from './stability.js'

/** What a tableau really is, whatever it says that it is. */
export interface MethodReport {
  readonly order: number
  /** of the embedded solution b − bError */
  readonly errorOrder: number | undefined
  readonly denseOrder: number | undefined
  /** all order conditions verified in exact fractions */
  readonly exact: boolean
  /** largest residual of a condition that counts as met */
  readonly residual: number
  /** how much of the axes is stable */
  readonly stability: { readonly real: number; readonly imaginary: number }
  /** no claim of the method is false */
  readonly agrees: boolean
}

/**
 * Checks an explicit Runge–Kutta method against the order conditions of all rooted trees up to order 10:
 * its order, the order of its error estimate and of its interpolant, and its stability on the axes.
 * Costs seconds for methods of many stages.
 * @example verifyMethod(rk4) // { order: 4, exact: true, residual: 0, stability: { real: 2.785, imaginary: 2.828 }, … }
 */
export function verifyMethod(method: Method): MethodReport {
  if (!isExplicit(method))
    throw misuse({
      where: 'verifyMethod',
      expected: 'an explicit Runge–Kutta method',
      got: show(method.name),
      try: 'a method made by defineTableau',
    })
  const { a, b, dense } = method
  const main = orderOf(a, b)
  const errorOrder = embeddedOrder(method)
  const extended = dense && [...a, ...(dense.a ?? [])]
  const denseOrder = dense && extended && denseOrderOf(extended, dense.b)
  return {
    order: main.order,
    errorOrder,
    denseOrder,
    exact: main.exact,
    residual: main.residual,
    stability: stabilityIntervals(stabilityPolynomial(a, b)),
    agrees:
      main.order >= method.order &&
      (errorOrder ?? 0) >= (method.errorOrder ?? 0) &&
      (denseOrder ?? 0) >= (dense?.order ?? 0),
  }
}

/** Order of the error estimate less one power of h; e₅²/√(e₅² + .01 e₃²) counts its first part twice. */
function embeddedOrder({ a, b, bError, bErrorLow }: ExplicitMethod): number | undefined {
  if (bError === undefined) return undefined
  const orderLess = (e: readonly number[]) =>
    orderOf(
      a,
      b.map((v, i) => v - (e[i] as number)),
    ).order
  return bErrorLow === undefined ? orderLess(bError) : 2 * orderLess(bError) - orderLess(bErrorLow)
}

function isExplicit(method: Method): method is ExplicitMethod {
  return method.family === 'explicit'
}
