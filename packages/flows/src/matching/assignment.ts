import { misuse } from '@separatrix/field/core'

/** A matching under construction; −1 where free. */
interface Matching {
  readonly cost: Float64Array
  readonly n: number
  /** prices v of columns: c[i][j] − v[j] is never less at another column than at a row's own */
  readonly price: Float64Array
  readonly columnOf: Int32Array
  readonly rowOf: Int32Array
}

/**
 * The assignment of rows to columns of least total cost: column[i] for each row of an n × n matrix. Columns are
 * priced first, so that most rows find theirs at once; the others by shortest augmenting paths. Jonker &
 * Volgenant, Computing 38 (1987). O(n³) at worst.
 * @example assignment(Float64Array.of(1, 0, 0, 1), 2) // Int32Array [1, 0]
 */
export function assignment(cost: Float64Array, n: number): Int32Array {
  if (cost.length !== n * n || !cost.every(Number.isFinite))
    throw misuse({
      where: 'assignment',
      expected: `an ${n} × ${n} matrix of finite costs`,
      got: `${cost.length} entries`,
      try: 'cost[i * n + j]',
    })
  const matching: Matching = {
    cost,
    n,
    price: new Float64Array(n),
    columnOf: new Int32Array(n).fill(-1),
    rowOf: new Int32Array(n).fill(-1),
  }
  priceColumns(matching)
  let free = freeRows(matching.columnOf)
  // two rounds, as in the paper: a third settles few further rows
  for (let round = 0; round < 2 && free.length > 0; round++) free = bid(matching, free)
  augment(matching, free)
  return matching.columnOf
}

const freeRows = (columnOf: Int32Array) => Array.from(columnOf.keys()).filter((i) => columnOf[i] < 0)

/** Column reduction: each column's price is its least cost, and it takes that row if the row is free. */
function priceColumns({ cost, n, price, columnOf, rowOf }: Matching): void {
  const least = new Int32Array(n)
  price.fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < n; i++)
    for (let j = 0, at = i * n; j < n; j++, at++)
      if (cost[at] < price[j]) {
        price[j] = cost[at]
        least[j] = i
      }
  for (let j = n - 1; j >= 0; j--)
    if (columnOf[least[j]] < 0) {
      columnOf[least[j]] = j
      rowOf[j] = least[j]
    }
}

/**
 * Augmenting row reduction: a free row takes its cheapest column, whose price falls to the point where the
 * second cheapest is as good; whoever had it bids next. Returns the rows left.
 */
function bid({ cost, n, price, columnOf, rowOf }: Matching, rows: readonly number[]): number[] {
  const left: number[] = []
  const waiting = [...rows].reverse()
  // each bid lowers a price or hands a row on; the bound only matters where costs tie
  for (let bids = 0; waiting.length > 0; bids++) {
    const i = waiting.pop() as number
    if (bids > 8 * n) {
      left.push(i)
      continue
    }
    let [first, second, j1, j2] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, -1, -1]
    for (let j = 0, at = i * n; j < n; j++, at++) {
      const reduced = cost[at] - price[j]
      if (reduced >= second) continue
      if (reduced < first) {
        second = first
        j2 = j1
        first = reduced
        j1 = j
      } else {
        second = reduced
        j2 = j
      }
    }
    const before = price[j1]
    if (first < second && j2 >= 0) price[j1] -= second - first
    const moved = price[j1] < before
    const column = moved || rowOf[j1] < 0 || j2 < 0 ? j1 : j2
    const displaced = rowOf[column]
    columnOf[i] = column
    rowOf[column] = i
    if (displaced < 0) continue
    columnOf[displaced] = -1
    if (moved) waiting.push(displaced)
    else left.push(displaced)
  }
  return left
}

/** Gives each free row a column by the shortest path of reassignments (Dijkstra over columns). */
function augment({ cost, n, price, columnOf, rowOf }: Matching, free: readonly number[]): void {
  const shortest = new Float64Array(n)
  const from = new Int32Array(n)
  const open = new Int32Array(n)
  for (const start of free) {
    for (let j = 0; j < n; j++) {
      shortest[j] = Number.POSITIVE_INFINITY
      open[j] = j
    }
    let [row, length, own, last] = [start, 0, 0, n]
    let column = -1
    do {
      let [least, position] = [Number.POSITIVE_INFINITY, -1]
      for (let k = 0, at = row * n; k < last; k++) {
        const j = open[k]
        const reach = length + cost[at + j] - price[j] - own
        if (reach < shortest[j]) {
          shortest[j] = reach
          from[j] = row
        }
        if (shortest[j] < least) {
          least = shortest[j]
          position = k
        }
      }
      length = least
      column = open[position]
      // columns whose distance is settled gather at the end
      open[position] = open[--last]
      open[last] = column
      row = rowOf[column]
      if (row >= 0) own = cost[row * n + column] - price[column]
    } while (row >= 0)
    for (let k = last + 1; k < n; k++) price[open[k]] += shortest[open[k]] - length
    while (column >= 0) {
      const i = from[column]
      const next = columnOf[i]
      rowOf[column] = i
      columnOf[i] = column
      column = i === start ? -1 : next
    }
  }
}
