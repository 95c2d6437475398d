import { type MatrixBlock, norm } from './blocks.js'

/** What is left of a vector after projections when it lay in their span: rounding only. */
const vanishing = 1e-8

/**
 * Replaces a block, as a matrix, by gain times one with orthonormal rows (columns where it is tall): Gram–Schmidt,
 * twice for orthogonality to rounding, on the block's own rows, so that a random block gives a random orthogonal
 * one. A row that the ones before it span is replaced by the first unit vector that they do not.
 */
export function orthogonaliseBlock(
  theta: Float64Array,
  { start, rows, cols }: MatrixBlock,
  gain: number,
): void {
  const [count, length] = rows <= cols ? [rows, cols] : [cols, rows]
  const at = (k: number, i: number) => start + (rows <= cols ? k * cols + i : i * cols + k)
  const done: Float64Array[] = []
  let spare = 0
  for (let k = 0; k < count; k++) {
    let v = projected(
      Float64Array.from({ length }, (_, i) => theta[at(k, i)]),
      done,
    )
    while (v === undefined) {
      const unit = new Float64Array(length)
      unit[spare++] = 1
      v = projected(unit, done)
    }
    done.push(v)
    for (let i = 0; i < length; i++) theta[at(k, i)] = gain * v[i]
  }
}

/** The unit vector along the part of v that is orthogonal to orthonormal vectors, unless nothing is left. */
function projected(v: Float64Array, basis: readonly Float64Array[]): Float64Array | undefined {
  const size = norm(v, 0, v.length)
  if (size === 0) return undefined
  for (let pass = 0; pass < 2; pass++)
    for (const q of basis) {
      let along = 0
      for (let i = 0; i < v.length; i++) along += v[i] * q[i]
      for (let i = 0; i < v.length; i++) v[i] -= along * q[i]
    }
  const left = norm(v, 0, v.length)
  return left <= vanishing * size ? undefined : v.map((x) => x / left)
}
