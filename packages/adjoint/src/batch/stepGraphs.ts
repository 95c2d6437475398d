import { Builder, type Field, pullback, type TileGraph } from '@separatrix/field/core'
import { type ExplicitMethod, stepGraph } from '@separatrix/ode'

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
    return { b, leaves, input, next: stepGraph(b, field, method, { ...leaves, h: b.gather(input, [0]) }) }
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
