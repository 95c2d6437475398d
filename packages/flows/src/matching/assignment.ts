import { misuse, show } from '@separatrix/field/core'
import { makeSearch } from './makeSearch.js'
import type { RowSearch } from './rowSearch.js'

/** A matching under construction: −1 where free. */
interface Matching {
  readonly columnOf: Int32Array
  readonly rowOf: Int32Array
}

/** An assignment problem whose costs are written into `rows`, over and over again. */
export interface PreparedAssignment {
  /** the costs, row by row, n each; a solve leaves them as they are */
  readonly rows: readonly Float64Array[]
  /** the column of each row; the array is written again by the next solve */
  solve(): Int32Array
  /** v of the last solve: cᵢⱼ − vⱼ is least, up to rounding, at the column of row i: the proof of optimality */
  readonly prices: Float64Array
}

/**
 * The assignment of rows to columns of least total cost: column[i] for each row of an n × n matrix. Columns are
 * priced first, so that most rows find theirs at once; the others by shortest augmenting paths. Jonker &
 * Volgenant, Computing 38 (1987). O(n³) at worst; on 128-bit vectors where the engine has them.
 * @example assignment(Float64Array.of(1, 0, 0, 1), 2) // Int32Array [1, 0]
 */
export function assignment(cost: Float64Array, n: number): Int32Array {
  if (!(cost instanceof Float64Array) || cost.length !== n * n)
    throw misuse({
      where: 'assignment',
      expected: `an ${n} × ${n} matrix of finite costs`,
      got: cost instanceof Float64Array ? `${cost.length} entries` : show(cost),
      try: 'cost[i * n + j]',
    })
  const { rows, solve } = prepareAssignment(n)
  rows.forEach((row, i) => void row.set(cost.subarray(i * n, (i + 1) * n)))
  return solve()
}

/** A product with 0 is NaN where a number is not finite, and so is the sum. */
function areFinite(values: Float64Array): boolean {
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += values[k] * 0
  return sum === 0
}

/**
 * Memory and code for many assignments of one size, see {@link assignment}: costs are written into `rows`, finite ones.
 * @example
 * const { rows, solve } = prepareAssignment(2)
 * rows[0].set([1, 0])
 * rows[1].set([0, 1])
 * solve() // Int32Array [1, 0]
 */
export function prepareAssignment(n: number): PreparedAssignment {
  if (!(Number.isSafeInteger(n) && n >= 0))
    throw misuse({
      where: 'prepareAssignment',
      expected: 'a number of rows',
      got: show(n),
      try: 'prepareAssignment(256)',
    })
  const search = makeSearch(n)
  const { cost, stride, price } = search
  const matching = { columnOf: new Int32Array(n), rowOf: new Int32Array(n) }
  const solve = solver(search, matching)
  return {
    rows: Array.from({ length: n }, (_, i) => cost.subarray(i * stride, i * stride + n)),
    prices: price,
    solve() {
      if (!areFinite(cost))
        throw misuse({
          where: 'assignment',
          expected: 'finite costs',
          got: `${show(cost.find((c) => !Number.isFinite(c)))} among them`,
          try: 'looking where the points come from',
        })
      solve()
      return matching.columnOf
    },
  }
}

/**
 * A problem of half the rows and columns is worth its cost only where both halves have this many: below, paths are
 * short anyway. Measured on eight normals to moons: 16 to 64 are alike.
 */
const leastHalf = 32

function solver(search: RowSearch, matching: Matching): () => void {
  const { n } = search
  const half = halfProblem(search, matching)
  const augment = augmenter(search, matching)
  return () => {
    clear(matching)
    priceColumns(search)
    let free = freeRows(matching)
    for (let round = 0; round < 2 && free.length > 0; round++) free = bid(search, matching, free, n)
    // independent costs leave a fifteenth free now, clusters of unequal numbers two thirds: their prices are far off
    if (half !== undefined && free.length > n / 4) {
      clear(matching)
      half()
      free = bid(search, matching, freeRows(matching), n)
    } else
      for (let round = 0; round < 2 && free.length > 0; round++) free = bid(search, matching, free, 8 * n)
    for (const row of free) augment(row)
  }
}

function clear({ columnOf, rowOf }: Matching): void {
  columnOf.fill(-1)
  rowOf.fill(-1)
}

const freeRows = ({ columnOf }: Matching) => Array.from(columnOf.keys()).filter((i) => columnOf[i] < 0)

/** Column reduction: each column's price is its least cost. */
function priceColumns({ n, price, lower }: RowSearch): void {
  price.fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < n; i++) lower(i, 0)
}

/**
 * Solves the problem of every other row and column first. Its pairs are kept, and its prices extended to all columns by
 * v(j) = min over its rows of cᵢⱼ − uᵢ, the c-transform of its dual: then no reduced cost of these rows is negative, and
 * those of the pairs are 0. What is left is half of the rows, at prices that are nearly right.
 */
function halfProblem(search: RowSearch, { columnOf, rowOf }: Matching): (() => void) | undefined {
  const { n, stride, cost, price, lower } = search
  const m = n >> 1
  if (m < leastHalf) return undefined
  let made: ReturnType<typeof makeHalf> | undefined
  const makeHalf = () => {
    const small = makeSearch(m)
    const half = { columnOf: new Int32Array(m), rowOf: new Int32Array(m) }
    return { small, half, solve: solver(small, half) }
  }
  return () => {
    made ??= makeHalf()
    const { small, half, solve } = made
    for (let i = 0; i < m; i++)
      for (let j = 0; j < m; j++) small.cost[i * small.stride + j] = cost[2 * i * stride + 2 * j]
    solve()
    price.fill(Number.POSITIVE_INFINITY)
    for (let i = 0; i < m; i++) {
      const j = half.columnOf[i]
      lower(2 * i, small.cost[i * small.stride + j] - small.price[j])
      columnOf[2 * i] = 2 * j
      rowOf[2 * j] = 2 * i
    }
  }
}

/**
 * Augmenting row reduction: a free row takes its cheapest column, whose price falls to the point where the
 * second cheapest is as good; whoever had it bids next. Returns the rows left after `most` bids.
 */
function bid(
  { stride, cost, price, second, twoLeast }: RowSearch,
  { columnOf, rowOf }: Matching,
  rows: readonly number[],
  most: number,
): number[] {
  const left: number[] = []
  const waiting = [...rows].reverse()
  for (let bids = 0; waiting.length > 0; bids++) {
    const i = waiting.pop() as number
    if (bids >= most) {
      left.push(i)
      continue
    }
    const j = twoLeast(i)
    const drop = second[0] - (cost[i * stride + j] - price[j])
    const displaced = rowOf[j]
    // where two columns cost the same nobody is displaced: rows would do it to one another forever
    const isBetter = drop > 0 && drop < Number.POSITIVE_INFINITY && price[j] - drop < price[j]
    if (displaced >= 0 && !isBetter) {
      left.push(i)
      continue
    }
    if (isBetter) price[j] -= drop
    columnOf[i] = j
    rowOf[j] = i
    if (displaced < 0) continue
    columnOf[displaced] = -1
    waiting.push(displaced)
  }
  return left
}

/**
 * Gives a free row a column by the shortest path of reassignments (Dijkstra over columns). Columns whose distance is
 * settled are not taken out of the rows: their price is −∞ meanwhile, and so their reach ∞, which keeps the innermost
 * loop straight. Who reached a column is not written down there either: on the way back it is the first row that did so
 * at that distance.
 */
function augmenter(
  { n, stride, cost, price, open, distance, relax }: RowSearch,
  { columnOf, rowOf }: Matching,
): (start: number) => void {
  const [order, rows] = [new Int32Array(n), new Int32Array(n)]
  const [settled, bases] = [new Float64Array(n), new Float64Array(n)]
  const reachedFrom = (column: number, length: number): number => {
    let k = 0
    while (bases[k] + (cost[rows[k] * stride + column] - price[column]) !== length) k++
    return k
  }
  return (start) => {
    distance.fill(Number.POSITIVE_INFINITY)
    open.set(price)
    let [row, base, count] = [start, 0, 0]
    while (row >= 0) {
      rows[count] = row
      bases[count] = base
      const column = relax(row, base)
      const length = distance[column]
      order[count] = column
      settled[count++] = length
      distance[column] = Number.POSITIVE_INFINITY
      open[column] = Number.NEGATIVE_INFINITY
      row = rowOf[column]
      if (row >= 0) base = length - (cost[row * stride + column] - price[column])
    }
    // back along the path: the k-th row but the first is the one that had the (k − 1)-th column
    for (let at = count - 1; at >= 0; ) {
      const column = order[at]
      const k = reachedFrom(column, settled[at])
      rowOf[column] = rows[k]
      columnOf[rows[k]] = column
      at = k - 1
    }
    const length = settled[count - 1]
    for (let k = 0; k < count - 1; k++) price[order[k]] += settled[k] - length
  }
}
