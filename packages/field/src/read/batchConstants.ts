import { type Field, sealField } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { embedAll } from '../graph/embed.js'
import type { Node } from '../graph/node.js'

/** Nodes that are the same for the whole batch, and among them those that the rest (or the output) reads. */
export function batchConstants(f: Field, timed = false): { fixed: boolean[]; frontier: number[] } {
  const varies = ({ op }: Node) => op === 'state' || (timed && op === 'time')
  const fixed: boolean[] = []
  for (const node of f.nodes) fixed.push(!varies(node) && node.args.every((a) => fixed[a]))
  const wanted = new Set<number>()
  f.nodes.forEach((node, i) => {
    if (!fixed[i]) for (const a of node.args) if (fixed[a]) wanted.add(a)
  })
  if (fixed[f.output]) wanted.add(f.output)
  return { fixed, frontier: [...wanted].sort((p, q) => p - q) }
}

/** Those values, as a field of θ, t and u. */
export function coefficientsOf(f: Field, frontier: readonly number[]): Field {
  const b = new Builder()
  const at = embedAll(b, f)
  const values = frontier.map((i) => at[i] as Ref)
  return sealField(b, values.length === 0 ? b.constant(0) : b.concat(values), {
    ...f,
    name: `coefficients(${f.name})`,
  })
}
