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
 * the pullback of that graph. The input is h, then the cotangent w. With `tape` the way back reads what the step has
 * computed, which its program then leaves on a tape; without, it computes the stages again.
 */
export function stepGraphs(field: Field, method: ExplicitMethod, tape: boolean): StepGraphs {
  const { stateSize: n, theta } = field
  const b = new Builder()
  const leaves = { theta: b.leaf('theta', theta.length), state: b.leaf('state', n) }
  const input = b.leaf('input', 1 + n)
  const next = stepGraph(b, field, method, { ...leaves, h: b.gather(input, [0]) })
  const cotangent = b.gather(
    input,
    Array.from({ length: n }, (_, i) => 1 + i),
  )
  const [output, sums] = pullback(b, next, cotangent, [leaves.state, leaves.theta])
  const forward: TileGraph = { nodes: b.nodes, output: next, sums: undefined, theta }
  return { forward, reverse: { nodes: b.nodes, output, sums, theta, ...(tape ? { tape: forward } : {}) } }
}

/** Numbers that a step may leave on a tape for a trajectory, at most. */
export function tapeBound({ forward }: StepGraphs): number {
  return forward.nodes
    .slice(0, (forward.output ?? 0) + 1)
    .reduce((total, node) => total + (node.args.length === 0 || node.op === 'gather' ? 0 : node.size), 0)
}
