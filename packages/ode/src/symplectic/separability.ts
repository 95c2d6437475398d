import { type Field, jacobian, misuse, scalarize, show } from '@separatrix/field/core'
import type { Partition } from './types.js'

/** Positions and momenta by index; checks that they are as many, and all there is. */
export function resolvePartition(
  name: string,
  size: number,
  { q, p }: Partition,
): { readonly q: readonly number[]; readonly p: readonly number[] } {
  const half = size / 2
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
  const fail = (expected: string, got: unknown) =>
    misuse({
      where: name,
      expected,
      got: show(got),
      try: 'partitioned(method, { q: […], p: […] }) with every component once',
      code: 'bad-partition',
    })
  if (!Number.isInteger(half)) throw fail('an even number of states, positions first and then momenta', size)
  const rest = (taken: readonly number[]) => range(0, size).filter((i) => !taken.includes(i))
  const positions = q ?? (p === undefined ? range(0, half) : rest(p))
  const momenta = p ?? rest(positions)
  if (positions.length !== half || momenta.length !== half)
    throw fail(`${half} positions and ${half} momenta`, [positions.length, momenta.length])
  if (
    new Set([...positions, ...momenta]).size !== size ||
    [...positions, ...momenta].some((i) => !(i in range(0, size)))
  )
    throw fail(`each of 0 … ${size - 1} once`, [...positions, ...momenta])
  return { q: positions, p: momenta }
}

/**
 * Whether q' is free of q and p' of p, from the structure of the Jacobian: an entry counts as zero only
 * where the graph simplifies to the constant 0.
 */
export function isSeparable(field: Field, q: readonly number[], p: readonly number[]): boolean {
  const entries = zeroEntries(field)
  const n = field.stateSize
  const free = (rows: readonly number[]) => rows.every((i) => rows.every((j) => entries[i * n + j]))
  return free(q) && free(p)
}

/** For each entry of the Jacobian, row by row, whether it is identically zero. */
function zeroEntries(field: Field): boolean[] {
  const J = scalarize(jacobian(field))
  const output = J.nodes[J.output]
  if (output === undefined) return []
  const parts = output.op === 'concat' ? output.args : [J.output]
  return parts.flatMap((k) => {
    const node = J.nodes[k]
    if (node === undefined) return []
    return node.op === 'const' ? node.values.map((v) => v === 0) : new Array<boolean>(node.size).fill(false)
  })
}
