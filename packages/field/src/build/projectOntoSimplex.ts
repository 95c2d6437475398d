import { misuse, show } from '../error.js'
import type { Builder, Ref } from '../graph/builder.js'

/**
 * The point of {w ≥ 0, Σw = total} nearest to z, as a graph: w = max(z − μ, 0) with μ = max over k of (Sₖ − total)/k, Sₖ the
 * sum of the k largest entries. (For any set K of entries Σ_K (zᵢ − μ) ≤ total, with equality for the positive ones, hence
 * the maximum.) The entries are sorted by the n rounds of odd-even transposition, of minima and maxima; so the graph's
 * derivatives are those of the quadratic program, I − 11ᵀ/k on its k positive entries, and enclosures hold too. Held,
 * Wolfe & Crowder, Math. Program. 6 (1974), for the threshold. Cost: n² comparisons.
 * @example
 * const b = new Builder()
 * const w = projectOntoSimplex(b, b.leaf('state', 3), 1)
 * const header = { name: 'nearest', stateNames: ['x', 'y', 'z'], inputNames: [], theta: new Float64Array(0), layout: [] }
 * interpret(makeField(b, w, header), 0, [2, 1.5, -4]) // [0.75, 0.25, 0]
 */
export function projectOntoSimplex(b: Builder, z: Ref, total = 1): Ref {
  if (!(total > 0 && Number.isFinite(total)))
    throw misuse({ where: 'projectOntoSimplex', expected: 'a total > 0', got: show(total), try: 'total: 1' })
  const n = b.size(z)
  const counts = Array.from({ length: n }, (_, k) => k + 1)
  // Sₖ for all k at once
  const prefixes = counts.flatMap((count) => counts.map((k) => Number(k <= count)))
  const sums = b.matvec(b.constant(prefixes), descending(b, z), n, n)
  const candidates = b.div(b.sub(sums, b.constant(total)), b.constant(counts))
  return b.unary('relu', b.sub(z, greatest(b, candidates)))
}

/** The entries in descending order. */
function descending(b: Builder, z: Ref): Ref {
  const n = b.size(z)
  let sorted = z
  for (let round = 0; round < n; round++) {
    const lower = Array.from({ length: Math.floor((n - (round % 2)) / 2) }, (_, k) => (round % 2) + 2 * k)
    if (lower.length === 0) continue
    const [first, second] = [
      b.gather(sorted, lower),
      b.gather(
        sorted,
        lower.map((i) => i + 1),
      ),
    ]
    const parts = b.concat([sorted, b.binary('max', first, second), b.binary('min', first, second)])
    const from = Array.from({ length: n }, (_, i) => i)
    lower.forEach((i, k) => {
      from[i] = n + k
      from[i + 1] = n + lower.length + k
    })
    sorted = b.gather(parts, from)
  }
  return sorted
}

/** The largest entry, in a balanced tree. */
function greatest(b: Builder, x: Ref): Ref {
  const n = b.size(x)
  if (n === 1) return x
  const half = Math.floor(n / 2)
  const part = (start: number, length: number) =>
    b.gather(
      x,
      Array.from({ length }, (_, i) => start + i),
    )
  const pairs = b.binary('max', part(0, half), part(half, half))
  return greatest(b, n % 2 === 0 ? pairs : b.concat([pairs, part(n - 1, 1)]))
}
