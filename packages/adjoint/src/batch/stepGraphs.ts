import { Builder, embed, type Field, pullback, type Ref, type TileGraph } from '@separatrix/field/core'
import type { ExplicitMethod } from '@separatrix/ode'

/** A step of a method and its reverse, as graphs. */
export interface StepGraphs {
  /** (t, y; h) ↦ y¹ */
  readonly forward: TileGraph
  /** (t, y; h, w) ↦ (∂y¹/∂y)ᵀ·w, and Σ over states of (∂y¹/∂θ)ᵀ·w */
  readonly reverse: TileGraph
}

/**
 * One step of an explicit Runge–Kutta method as a graph like any other field's, and its vector–Jacobian product by
 * the pullback of that graph: stages again, then their cotangents. The input is h, then the cotangent w.
 */
export function stepGraphs(field: Field, method: ExplicitMethod): StepGraphs {
  const { stateSize: n, theta } = field
  const build = () => {
    const b = new Builder()
    const leaves = { theta: b.leaf('theta', theta.length), state: b.leaf('state', n) }
    const input = b.leaf('input', 1 + n)
    return { b, leaves, input, next: step(b, field, method, { ...leaves, h: b.gather(input, [0]) }) }
  }
  const forward = build()
  const { b, leaves, input, next } = build()
  const cotangent = b.gather(
    input,
    Array.from({ length: n }, (_, i) => 1 + i),
  )
  const [output, sums] = pullback(b, next, cotangent, [leaves.state, leaves.theta])
  return {
    forward: { nodes: forward.b.nodes, output: forward.next, sums: undefined, theta },
    reverse: { nodes: b.nodes, output, sums, theta },
  }
}

interface StepLeaves {
  readonly theta: Ref
  readonly state: Ref
  readonly h: Ref
}

/** y + h Σ bᵢkᵢ with kᵢ = f(t + cᵢh, y + h Σ aᵢⱼkⱼ). */
function step(b: Builder, field: Field, { a, b: weights, c }: ExplicitMethod, leaves: StepLeaves): Ref {
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
