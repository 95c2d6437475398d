import type { Field } from '../field.js'
import { applyNode, type Builder, type Ref } from './builder.js'

/** What stands in for a field's leaves when it is copied into another graph. */
export interface Leaves {
  readonly time?: Ref
  readonly state?: Ref
  readonly input?: Ref
  readonly theta?: Ref
}

/**
 * Copies a field into a graph, its leaves replaced: composition, substitution and simplification are all
 * this one pass. Leaves that are not given stay leaves.
 */
export function embed(b: Builder, field: Field, leaves: Leaves = {}): Ref {
  return embedAll(b, field, leaves)[field.output] as Ref
}

/** Like {@link embed}, returning the position of every node. */
export function embedAll(b: Builder, field: Field, leaves: Leaves = {}): Ref[] {
  const at: Ref[] = []
  for (const node of field.nodes) {
    const given = node.op in leaves ? leaves[node.op as keyof Leaves] : undefined
    at.push(
      given ??
        applyNode(
          b,
          node,
          node.args.map((a) => at[a] as Ref),
        ),
    )
  }
  return at
}
