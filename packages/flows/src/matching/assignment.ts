import { misuse } from '@separatrix/field/core'

/**
 * The assignment of rows to columns of least total cost: column[i] for each row of an n × n matrix, by
 * shortest augmenting paths with dual prices. Jonker & Volgenant, Computing 38 (1987); O(n³), a few
 * milliseconds at n = 256.
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
  const rowPrice = new Float64Array(n)
  const columnPrice = new Float64Array(n)
  const rowOf = new Int32Array(n).fill(-1)
  const shortest = new Float64Array(n)
  const from = new Int32Array(n)
  const done = new Uint8Array(n)
  for (let start = 0; start < n; start++) {
    shortest.fill(Infinity)
    from.fill(-1)
    done.fill(0)
    let row = start
    let column = -1
    let length = 0
    // Dijkstra over columns, by reduced costs, until one without a row is reached
    do {
      let next = -1
      let least = Infinity
      for (let j = 0; j < n; j++) {
        if (done[j]) continue
        const reach = length + cost[row * n + j] - rowPrice[row] - columnPrice[j]
        if (reach < shortest[j]) {
          shortest[j] = reach
          from[j] = column
        }
        if (shortest[j] < least) {
          least = shortest[j]
          next = j
        }
      }
      length = least
      column = next
      done[column] = 1
      row = rowOf[column]
    } while (row >= 0)
    rowPrice[start] += length
    for (let j = 0; j < n; j++) {
      if (!done[j] || j === column) continue
      rowPrice[rowOf[j]] += length - shortest[j]
      columnPrice[j] -= length - shortest[j]
    }
    // along the path each column takes the row of its predecessor
    for (let j = column; j >= 0; j = from[j]) rowOf[j] = from[j] < 0 ? start : rowOf[from[j]]
  }
  const columnOf = new Int32Array(n)
  rowOf.forEach((i, j) => {
    columnOf[i] = j
  })
  return columnOf
}
