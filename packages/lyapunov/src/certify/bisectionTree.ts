/** What a leaf of a proof says of its box; a number ≥ 0 in a tree is the axis along which a box is bisected. */
export const leaf = { outside: -1, decrease: -2, origin: -3, open: -4 } as const

/** A bisection of the domain under construction: node 0 is the domain, children come in pairs. */
export interface BisectionTree {
  readonly mark: (node: number, kind: number) => void
  /** bisects a leaf; returns its lower child, the upper one follows it */
  readonly split: (node: number, axis: number) => number
  readonly nodes: () => number
  /** in preorder: axis or leaf kind of each node; open leaves count as `outside` (their lower bound is above the level) */
  readonly preorder: () => number[]
  /** the leaves' nodes, in preorder */
  readonly leaves: () => number[]
}

export function bisectionTree(): BisectionTree {
  let kinds = new Int32Array(1024).fill(leaf.open)
  let children = new Int32Array(1024)
  let count = 1
  const walk = () => {
    const out: number[] = []
    const stack = [0]
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      out.push(node)
      if ((kinds[node] as number) >= 0) stack.push((children[node] as number) + 1, children[node] as number)
    }
    return out
  }
  return {
    mark(node, kind) {
      kinds[node] = kind
    },
    split(node, axis) {
      if (count + 2 > kinds.length) {
        const [k, c] = [new Int32Array(2 * kinds.length).fill(leaf.open), new Int32Array(2 * kinds.length)]
        k.set(kinds)
        c.set(children)
        ;[kinds, children] = [k, c]
      }
      kinds[node] = axis
      children[node] = count
      count += 2
      return count - 2
    },
    nodes: () => count,
    preorder: () =>
      walk().map((node) => (kinds[node] === leaf.open ? leaf.outside : (kinds[node] as number))),
    leaves: () => walk().filter((node) => (kinds[node] as number) < 0),
  }
}

/**
 * The point at which a box is bisected: the midpoint of the axis, rounded; every reader of a tree uses this formula. It
 * lies in [lo, hi]; a side of no width is its own midpoint, since halving an odd subnormal rounds.
 */
export function midpoint(lo: number, hi: number): number {
  return lo === hi ? lo : lo / 2 + hi / 2
}
