import type { RowSearch } from './rowSearch.js'

/** The searches of {@link RowSearch} as plain loops. */
export function loopSearch(n: number): RowSearch {
  const [cost, price, open, distance, second] = [n * n, n, n, n, 1].map((size) => new Float64Array(size))
  return {
    n,
    stride: n,
    cost,
    price,
    open,
    distance,
    second,
    lower(i, u) {
      for (let j = 0, at = i * n; j < n; j++, at++) {
        const reduced = cost[at] - u
        if (reduced < price[j]) price[j] = reduced
      }
    },
    twoLeast(i) {
      let [first, next, column] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0]
      for (let j = 0, at = i * n; j < n; j++, at++) {
        const reduced = cost[at] - price[j]
        if (reduced >= next) continue
        if (reduced < first) {
          next = first
          first = reduced
          column = j
        } else next = reduced
      }
      second[0] = next
      return column
    },
    relax(i, base) {
      let [least, column] = [Number.POSITIVE_INFINITY, 0]
      for (let j = 0, at = i * n; j < n; j++, at++) {
        const reach = base + (cost[at] - open[j])
        if (reach < distance[j]) distance[j] = reach
        if (distance[j] < least) {
          least = distance[j]
          column = j
        }
      }
      return column
    },
  }
}
