/**
 * What an assignment asks of the rows of its cost matrix, and the vectors over columns that it asks with. Rows are
 * `stride` apart; columns from n on are padding, which no search returns.
 */
export interface RowSearch {
  readonly n: number
  readonly stride: number
  /** [n][stride] */
  readonly cost: Float64Array
  /** v, the prices of columns; −∞ in the padding */
  readonly price: Float64Array
  /** prices of columns that a search for a path may still reach, −∞ elsewhere */
  readonly open: Float64Array
  /** lengths of the shortest paths found so far; ∞ where settled */
  readonly distance: Float64Array
  /** [1], the second least value of the last {@link twoLeast} */
  readonly second: Float64Array
  /** vⱼ ← min(vⱼ, cᵢⱼ − u) */
  lower(i: number, u: number): void
  /** the first column where cᵢⱼ − vⱼ is least */
  twoLeast(i: number): number
  /** dⱼ ← min(dⱼ, base + (cᵢⱼ − vⱼ)) over open columns; the first column where d is least */
  relax(i: number, base: number): number
}
