import { type Builder, embed, type Field, type Ref } from '@separatrix/field/core'
import type { ExplicitMethod } from './tableau.js'

/** Leaves of a step's graph: y, θ, and the size of the step. */
export interface StepLeaves {
  readonly theta: Ref
  readonly state: Ref
  readonly h: Ref
}

/** One step of an explicit Runge–Kutta method in a graph: y + h Σ bᵢkᵢ with kᵢ = f(t + cᵢh, y + h Σ aᵢⱼkⱼ). */
export function stepGraph(
  b: Builder,
  field: Field,
  { a, b: weights, c }: ExplicitMethod,
  leaves: StepLeaves,
): Ref {
  const { state, theta, h } = leaves
  const slopes: Ref[] = []
  const along = (row: readonly number[]) => {
    const terms = row.flatMap((w, j) => (w === 0 ? [] : [b.mul(b.constant(w), slopes[j])]))
    return terms.length === 0
      ? state
      : b.add(
          state,
          b.mul(
            h,
            terms.reduce((x, y) => b.add(x, y)),
          ),
        )
  }
  // the last stage of a method with bₛ = 0 serves the error estimate only
  const last = weights.reduce((latest, w, i) => (w === 0 ? latest : i), 0)
  for (let i = 0; i <= last; i++) {
    const time = c[i] === 0 ? undefined : b.add(b.leaf('time', 1), b.mul(b.constant(c[i]), h))
    slopes.push(embed(b, field, { state: along(a[i]), theta, ...(time === undefined ? {} : { time }) }))
  }
  return along(weights)
}
