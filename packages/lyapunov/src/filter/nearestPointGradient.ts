import { misuse } from '@separatrix/field/core'
import { type HalfSpace, independentPart, type NearestPoint } from './nearestPoint.js'

/** Cotangents of what {@link nearestPoint} was given: of the point v, and of each row a·x ≥ b. */
export interface NearestPointGradient {
  readonly point: Float64Array
  readonly rows: readonly { readonly a: Float64Array; readonly b: number }[]
}

/**
 * The derivative of the quadratic program min ½|x − v|², aᵢ·x ≥ bᵢ, backwards: from a cotangent x̄ of its solution, by
 * differentiating the conditions x − v = Aᵀλ, Ax = b of its active rows (Amos & Kolter, OptNet, ICML 2017, eq. 6–8). With
 * x̄ = u + Aᵀw, u orthogonal to the active normals: v̄ = u, āᵢ = λᵢu − wᵢx, b̄ᵢ = wᵢ; rows with λ = 0 count as inactive,
 * which at a kink is one of its one-sided derivatives. Cost: that of one step of the solver.
 * @example
 * const rows = [{ a: [1, 1], b: 1 }]
 * const solution = nearestPoint([0, 0], rows) // (½, ½)
 * nearestPointGradient(rows, solution, [1, 0]).point // (½, −½): what moves along the line
 */
export function nearestPointGradient(
  rows: readonly HalfSpace[],
  { x, multipliers, status }: NearestPoint,
  cotangent: ArrayLike<number>,
): NearestPointGradient {
  if (status !== 'solved' || multipliers.length !== rows.length || cotangent.length !== x.length)
    throw misuse({
      where: 'nearestPointGradient',
      expected: 'the rows and the solution of a solved program, and a cotangent of its length',
      got: `${rows.length} rows, ${multipliers.length} multipliers, status ${status}, length ${cotangent.length}`,
      try: 'nearestPointGradient(rows, nearestPoint(v, rows), cotangent)',
    })
  const active = Array.from(multipliers.keys()).filter((row) => multipliers[row] > 0)
  const { step, weights } = independentPart(cotangent, active, rows)
  const gradients = rows.map(() => ({ a: new Float64Array(x.length), b: 0 }))
  active.forEach((row, k) => {
    gradients[row].b = weights[k]
    for (let i = 0; i < x.length; i++) gradients[row].a[i] = multipliers[row] * step[i] - weights[k] * x[i]
  })
  return { point: step, rows: gradients }
}
