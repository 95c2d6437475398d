import type { Builder, Ref } from '@separatrix/field/core'

/** Below this a column is taken for 0: its square must not underflow. */
const least = 1e-300

/**
 * An orthonormal basis of given columns in a graph, by modified Gram–Schmidt, each column twice: once leaves
 * an error of the condition number times rounding, twice leaves rounding. A column that is 0 stays 0.
 * Giraud, Langou & Rozložník, Comput. Math. Appl. 50 (2005).
 */
export function orthonormalize(b: Builder, columns: readonly Ref[]): Ref[] {
  const basis: Ref[] = []
  for (const column of columns) {
    let q = column
    for (const _ of ['once', 'again']) {
      for (const other of basis) q = b.sub(q, b.mul(b.dot(other, q), other))
      q = b.div(q, b.unary('sqrt', b.add(b.dot(q, q), b.constant(least))))
    }
    basis.push(q)
  }
  return basis
}
