import type { Builder, Ref } from '../graph/builder.js'

/**
 * GroupSort of pairs (xᵢ, x_{i + n/2}) ↦ (max, min), all maxima first, of a vector of even length n. It only permutes
 * its entries, so that it keeps Euclidean lengths of differences and of gradients. Anil, Lucas & Grosse, ICML 2019,
 * section 4.2.
 */
export function groupSort(b: Builder, x: Ref): Ref {
  const half = b.size(x) / 2
  const part = (start: number) =>
    b.gather(
      x,
      Array.from({ length: half }, (_, i) => start + i),
    )
  const [first, second] = [part(0), part(half)]
  return b.concat([b.binary('max', first, second), b.binary('min', first, second)])
}
