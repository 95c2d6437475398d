/** A rooted tree: its order (number of vertices), its density γ, and what hangs on the root. */
export interface Tree {
  readonly order: number
  readonly density: number
  readonly children: readonly Tree[]
}

/**
 * All rooted trees of each order up to `order`: 1, 1, 2, 4, 9, 20, 48, 115, 286, 719, …
 * γ(t) = |t| Π γ(children) (Hairer, Nørsett & Wanner, Solving ODEs I, §II.2).
 */
export function rootedTrees(order: number): readonly (readonly Tree[])[] {
  const byOrder: Tree[][] = [[]]
  for (let n = 1; n <= order; n++) {
    const smaller = byOrder.flat()
    const found = forests(n - 1, smaller, smaller.length - 1)
    byOrder.push(
      found.map((children) => ({
        order: n,
        density: children.reduce((product, child) => product * child.density, n),
        children,
      })),
    )
  }
  return byOrder
}

/** Multisets of trees with `size` vertices in all, of the trees up to position `last`. */
function forests(size: number, trees: readonly Tree[], last: number): Tree[][] {
  if (size === 0) return [[]]
  const found: Tree[][] = []
  for (let i = last; i >= 0; i--) {
    const tree = trees[i] as Tree
    if (tree.order > size) continue
    for (const rest of forests(size - tree.order, trees, i)) found.push([tree, ...rest])
  }
  return found
}
