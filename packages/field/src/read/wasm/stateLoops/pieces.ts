import type { Node } from '../../../graph/node.js'

/**
 * A vector is read through gathers and concats. This file cuts the range of a loop into pieces within which
 * every array is read at evenly spaced places, and one formula holds.
 */

/** How the graph is seen: nodes that stand in memory are arrays, the others are formulas. */
export interface View {
  readonly nodes: readonly Node[]
  /** whether a node is read from memory rather than computed where it is used */
  inMemory(node: number): boolean
}

/** Least number of entries for which a spacing other than 0 or 1 counts as one, and not as chance. */
const leastSpaced = 8

/** Entries per run below which an array is read through a table of places instead. */
const shortRun = 6

/** Starts of the runs of evenly spaced places; undefined where they are so short that a table is better. */
export function evenRuns(places: Int32Array): readonly number[] | undefined {
  const starts: number[] = []
  const n = places.length
  for (let start = 0; start < n; ) {
    starts.push(start)
    const step = start + 1 < n ? (places[start + 1] as number) - (places[start] as number) : 0
    let end = start + 1
    while (end < n && (places[end] as number) - (places[end - 1] as number) === step) end++
    start = step === 0 || step === 1 || end - start >= leastSpaced ? end : start + 1
  }
  return starts.length > 8 && starts.length * shortRun > n ? undefined : starts
}

/** Bounds of the pieces of a loop over `size` entries that computes the given nodes: 0, …, size. */
export function pieceBounds(view: View, roots: readonly number[], size: number): readonly number[] {
  const isBound = new Uint8Array(size + 1)
  isBound[0] = 1
  isBound[size] = 1
  const seen = new Map<Int32Array, Set<number>>()
  const mark = (at: number, places: Int32Array, from: number): void => {
    const visited = seen.get(places) ?? new Set()
    seen.set(places, visited)
    if (visited.has(at)) return
    visited.add(at)
    const node = view.nodes[at] as Node
    if (node.op === 'time' || (node.op === 'const' && isUniform(node.values))) return
    if (view.inMemory(at)) {
      for (const start of evenRuns(places) ?? []) isBound[from + start] = 1
    } else if (node.op === 'gather') mark(node.args[0] as number, through(node.indices, places), from)
    else if (node.op === 'concat') {
      for (const run of partsOf(view.nodes, node.args, places)) {
        isBound[from + run.start] = 1
        mark(run.part, run.places, from + run.start)
      }
    } else for (const arg of node.args) mark(arg, places, from)
  }
  const all = Int32Array.from({ length: size }, (_, i) => i)
  for (const root of roots) mark(root, all, 0)
  return Array.from(isBound.keys()).filter((i) => isBound[i] === 1)
}

export const isUniform = (values: readonly number[]) => values.every((v) => v === values[0])

/** Places in what a gather reads, of places in what it gives. */
export const through = (indices: readonly number[], places: Int32Array): Int32Array =>
  places.map((i) => indices[i] as number)

interface PartRun {
  /** the part of the concat that the run lies in */
  readonly part: number
  readonly start: number
  readonly places: Int32Array
}

/** Cuts places in a concat into runs within one part. */
export function partsOf(nodes: readonly Node[], parts: readonly number[], places: Int32Array): PartRun[] {
  const runs: PartRun[] = []
  const ends: number[] = []
  for (const part of parts) ends.push((ends.at(-1) ?? 0) + (nodes[part] as Node).size)
  const partAt = (i: number) => {
    let [low, high] = [0, ends.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((ends[middle] as number) > i) high = middle
      else low = middle + 1
    }
    return low
  }
  for (let start = 0; start < places.length; ) {
    const k = partAt(places[start] as number)
    const part = parts[k] as number
    const first = (ends[k] as number) - (nodes[part] as Node).size
    const inside = (i: number) => i >= first && i < (ends[k] as number)
    let end = start + 1
    while (end < places.length && inside(places[end] as number)) end++
    runs.push({ part, start, places: places.slice(start, end).map((i) => i - first) })
    start = end
  }
  return runs
}
