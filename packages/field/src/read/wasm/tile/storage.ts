import type { Ref } from '../../../graph/builder.js'
import type { Node } from '../../../graph/node.js'
import type { Work } from './schedule.js'
import type { Source } from './source.js'

/** Part of another node's rows. */
interface Home {
  readonly root: Ref
  /** first row within the root, and rows from entry to entry: 0 repeats one */
  readonly row: number
  readonly step: 0 | 1
}

/** Consecutive entries, or one repeated: what a gather may read where it is. */
export function viewOf(node: Node): { readonly first: number; readonly step: 0 | 1 } | undefined {
  if (node.op !== 'gather') return undefined
  const first = node.indices[0]
  if (node.indices.every((v, i) => v === first + i)) return { first, step: 1 }
  return node.indices.every((v) => v === first) ? { first, step: 0 } : undefined
}

export interface StorageRequest {
  readonly nodes: readonly Node[]
  /** nodes that are not computed by the lanes, and where they are */
  readonly given: readonly (Source | undefined)[]
  readonly views: readonly boolean[]
  readonly works: readonly Work[]
  /** the node whose rows the caller wants */
  readonly output: Ref | undefined
  readonly rowBytes: number
  /** nodes whose rows stay to the end */
  readonly kept: ReadonlySet<Ref>
}

/**
 * Gives every vector that lanes compute its rows: parts of a concat inside of it, views in what they view, the
 * output where the caller wants it, and the rest in scratch memory, where rows are used again after their last
 * reader.
 */
export function allocate({ nodes, given, views, works, output, rowBytes, kept }: StorageRequest): {
  readonly sources: readonly (Source | undefined)[]
  readonly scratchBytes: number
} {
  const homes = findHomes({ nodes, given, views, output })
  const rootOf = (ref: Ref) => homes[ref]?.root
  const first = new Map<Ref, number>()
  const last = new Map<Ref, number>()
  works.forEach((work, time) => {
    const touch = (ref: Ref, written: boolean) => {
      const root = rootOf(ref)
      if (root === undefined) return
      if (written && !first.has(root)) first.set(root, time)
      last.set(root, time)
    }
    for (const ref of work.kind === 'sum' ? work.leaf.args : writtenBy(work)) {
      if (work.kind === 'sum') touch(ref, false)
      else {
        touch(ref, true)
        for (const a of nodes[ref].args) touch(a, false)
      }
    }
  })
  for (const ref of output === undefined ? kept : [output, ...kept])
    last.set(rootOf(ref) ?? ref, works.length)
  const places = new Map<Ref, Source>()
  const memory = freeRows()
  works.forEach((_, time) => {
    for (const [root, start] of first)
      if (start === time)
        places.set(
          root,
          root === output
            ? { kind: 'rows', base: 'out', at: 0, step: rowBytes }
            : {
                kind: 'rows',
                base: 'scratch',
                at: memory.take(nodes[root].size) * rowBytes,
                step: rowBytes,
              },
        )
    for (const [root, end] of last)
      if (end === time && root !== output) {
        const place = places.get(root)
        if (place?.kind === 'rows') memory.give(place.at / rowBytes, nodes[root].size)
      }
  })
  const sources = nodes.map((_, ref): Source | undefined => {
    const home = homes[ref]
    if (home === undefined) return given[ref]
    const place = places.get(home.root)
    if (place?.kind !== 'rows') return undefined
    return { ...place, at: place.at + home.row * rowBytes, step: home.step * rowBytes }
  })
  return { sources, scratchBytes: memory.rows() * rowBytes }
}

const writtenBy = (work: Exclude<Work, { kind: 'sum' }>): readonly Ref[] =>
  work.kind === 'elementwise' ? work.nodes : [work.node]

function findHomes({
  nodes,
  given,
  views,
  output,
}: Omit<StorageRequest, 'works' | 'rowBytes' | 'kept'>): readonly (Home | undefined)[] {
  const placed = new Map<Ref, { readonly concat: Ref; readonly row: number }>()
  nodes.forEach((node, self) => {
    if (node.op !== 'concat' || given[self] !== undefined) return
    let row = 0
    node.args.forEach((a, k) => {
      const computed = given[a] === undefined && !views[a]
      if (computed && a !== output && !placed.has(a) && node.args.indexOf(a) === k)
        placed.set(a, { concat: self, row })
      row += nodes[a].size
    })
  })
  const homes: (Home | undefined)[] = []
  // roots stand later in the graph than what is placed in them, views later than what they view
  const home = (ref: Ref): Home | undefined => {
    if (given[ref] !== undefined) return undefined
    const view = views[ref] ? viewOf(nodes[ref]) : undefined
    if (view !== undefined) {
      const of = home(nodes[ref].args[0])
      return of && { root: of.root, row: of.row + view.first * of.step, step: view.step === 0 ? 0 : of.step }
    }
    const place = placed.get(ref)
    if (place === undefined) return { root: ref, row: 0, step: 1 }
    const outer = home(place.concat)
    return outer && { root: outer.root, row: outer.row + place.row, step: 1 }
  }
  for (let ref = 0; ref < nodes.length; ref++) homes.push(home(ref))
  return homes
}

/** Rows of memory that are taken and given back; the lowest gap that is large enough is taken first. */
function freeRows() {
  let top = 0
  const gaps: { at: number; size: number }[] = []
  return {
    rows: () => top,
    take(size: number): number {
      const k = gaps.findIndex((g) => g.size >= size)
      if (k < 0) {
        top += size
        return top - size
      }
      const gap = gaps[k]
      const at = gap.at
      if (gap.size === size) gaps.splice(k, 1)
      else gaps[k] = { at: at + size, size: gap.size - size }
      return at
    },
    give(at: number, size: number): void {
      gaps.push({ at, size })
      gaps.sort((a, b) => a.at - b.at)
      for (let k = gaps.length - 1; k > 0; k--) {
        const [before, after] = [gaps[k - 1], gaps[k]]
        if (before.at + before.size !== after.at) continue
        before.size += after.size
        gaps.splice(k, 1)
      }
    },
  }
}
