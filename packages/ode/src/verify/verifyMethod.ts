import { misuse, show } from '@separatrix/field/core'
import { collocationTableau } from '../collocation/collocationTableau.js'
import type { CollocationMethod } from '../collocation/types.js'
import type { DiagonalMethod } from '../diagonallyImplicit/tableau.js'
import type { ExplicitMethod } from '../explicit/tableau.js'
import type { Method } from '../method.js'
import { radau } from '../radau/coefficients.js'
import { type RosenbrockMethod, standardForm } from '../rosenbrock/tableau.js'
import { denseOrderOf, type Matrix, orderOf } from './orderConditions.js'
import { rationalStability } from './rationalStability.js'
import { stabilityIntervals, stabilityPolynomial } from './stability.js'

/** What a tableau really is, whatever it says that it is. */
export interface MethodReport {
  readonly order: number
  /** of the embedded solution b − bError; the method's own where that is lower */
  readonly errorOrder: number | undefined
  readonly denseOrder: number | undefined
  /** all order conditions verified in exact fractions */
  readonly exact: boolean
  /** largest residual of a condition that counts as met */
  readonly residual: number
  /** how much of the axes is stable */
  readonly stability: { readonly real: number; readonly imaginary: number }
  /** |R(z)| ≤ 1 for Re z ≤ 0, as far as samples of the imaginary axis tell; never so for explicit methods */
  readonly aStable: boolean
  /** A-stable, and R(∞) = 0 */
  readonly lStable: boolean
  /** no claim of the method is false */
  readonly agrees: boolean
}

/** What all families have in common once they are written as Runge–Kutta methods. */
interface Coefficients {
  readonly a: Matrix
  /** in place of a at vertices with one branch; see `orderOf` */
  readonly single: Matrix
  readonly b: readonly number[]
  readonly dense:
    | { readonly a: Matrix; readonly b: Matrix; readonly order: number; readonly loss: number }
    | undefined
  /** rounding lost in computing these, or the polynomials, from the printed coefficients */
  readonly loss: number
  errorOrder(): number | undefined
  stability(): Pick<MethodReport, 'stability' | 'aStable' | 'lStable'>
}

/**
 * Checks a Runge–Kutta or Rosenbrock method against the order conditions of all rooted trees up to order 10:
 * its order, the order of its error estimate and of its interpolant, and its stability on the axes and, where it
 * is implicit, on the left half plane. Costs seconds for methods of many stages.
 * @example verifyMethod(rk4) // { order: 4, exact: true, residual: 0, stability: { real: 2.785, imaginary: 2.828 }, … }
 */
export function verifyMethod(method: Method): MethodReport {
  const read = families[method.family]
  if (read === undefined)
    throw misuse({
      where: 'verifyMethod',
      expected: `an explicit Runge–Kutta method or one of the families ${Object.keys(families).slice(1).join(', ')}`,
      got: `${show(method.name)} of the family ${method.family}`,
      try: 'a method made by defineTableau',
    })
  const coefficients = read(method)
  const { a, single, b, dense, loss } = coefficients
  const main = orderOf(a, b, { single, loss })
  const errorOrder = coefficients.errorOrder()
  const denseOrder =
    dense && denseOrderOf(dense.a, dense.b, { single: single === a ? dense.a : single, loss: dense.loss })
  return {
    order: main.order,
    errorOrder,
    denseOrder,
    exact: main.exact,
    residual: main.residual,
    ...coefficients.stability(),
    agrees:
      main.order >= method.order &&
      (errorOrder ?? method.errorOrder ?? 0) >= (method.errorOrder ?? 0) &&
      (denseOrder ?? 0) >= (dense?.order ?? 0),
  }
}

const families: { readonly [family: string]: (method: Method) => Coefficients } = {
  explicit(method) {
    const explicit = method as ExplicitMethod
    const { a, b, dense } = explicit
    return {
      a,
      single: a,
      b,
      dense: dense && { a: [...a, ...(dense.a ?? [])], b: dense.b, order: dense.order, loss: 1 },
      loss: 1,
      errorOrder: () => embeddedOrder(explicit),
      stability: () => ({
        stability: stabilityIntervals(stabilityPolynomial(a, b)),
        aStable: false,
        lStable: false,
      }),
    }
  },
  collocation(method) {
    const { a, b, dense } = method as CollocationMethod
    return collocationCoefficients({ a, b, dense: dense.b })
  },
  radau: () => collocationCoefficients(collocationTableau([...radau.c])),
  diagonallyImplicit(method) {
    const { a: rows, b, bError, dense, gamma } = method as DiagonalMethod
    const a = rows.map((row) => b.map((_, j) => row[j] ?? 0))
    const embedded = b.map((v, i) => v - (bError[i] as number))
    return {
      a,
      single: a,
      b,
      // the normal equations of the least weights cost KENCARP4 two digits
      dense: { a, b: dense.b, order: dense.order, loss: 512 },
      loss: 1,
      errorOrder: () => Math.min(orderOf(a, embedded).order, orderOf(a, b).order),
      stability: () => implicitStability(a, b, [gamma]),
    }
  },
  rosenbrock(method) {
    const rosenbrock = method as RosenbrockMethod
    const { alpha, gamma, b, bError } = standardForm(rosenbrock)
    const a = gamma.map((row, i) => row.map((_, j) => alpha[i]?.[j] ?? 0))
    const single = a.map((row, i) => row.map((v, j) => v + (gamma[i]?.[j] ?? 0)))
    const { dense } = rosenbrock
    const degree = Math.max(...dense.b.map((row) => row.length))
    // polynomials of the u are those of the k through u = h Γ k
    const polynomials = b.map((_, j) =>
      Array.from({ length: degree }, (_, k) =>
        dense.b.reduce((sum, row, i) => sum + (row[k] ?? 0) * (gamma[i]?.[j] ?? 0), 0),
      ),
    )
    // the inverse of I/γ − C costs RODAS5P one digit
    const loss = 16
    const embedded = b.map((v, i) => v - (bError[i] as number))
    return {
      a,
      single,
      b,
      dense: { a, b: polynomials, order: dense.order, loss },
      loss,
      errorOrder: () =>
        Math.min(orderOf(a, embedded, { single, loss }).order, orderOf(a, b, { single, loss }).order),
      stability: () => implicitStability(single, b, [rosenbrock.gamma]),
    }
  },
}

function collocationCoefficients({
  a,
  b,
  dense,
}: {
  readonly a: Matrix
  readonly b: readonly number[]
  readonly dense: Matrix
}): Coefficients {
  // Vandermonde's matrix of three nodes costs a digit
  const loss = 16
  return {
    a,
    single: a,
    b,
    dense: { a, b: dense, order: b.length, loss },
    loss,
    errorOrder: () => undefined,
    // the inverse of a collocation matrix with nodes in [0, 1] has its eigenvalues on the right (HW II, §IV.5)
    stability: () => implicitStability(a, b, []),
  }
}

function implicitStability(
  a: Matrix,
  b: readonly number[],
  diagonal: readonly number[],
): Pick<MethodReport, 'stability' | 'aStable' | 'lStable'> {
  const { real, imaginary, aStable, lStable } = rationalStability(a, b, diagonal)
  return { stability: { real, imaginary }, aStable, lStable }
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
