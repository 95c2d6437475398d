import { blockSize, type ThetaBlock } from '@separatrix/field/core'

/** A block of θ as rows × cols: a vector is a column, a number 1 × 1; further axes join the columns. */
export type MatrixBlock = {
  readonly start: number
  readonly rows: number
  readonly cols: number
  readonly matrix: boolean
}

export function matrixBlock(block: ThetaBlock): MatrixBlock {
  const rows = block.shape[0] ?? 1
  const size = blockSize(block)
  return {
    start: block.offset,
    rows,
    cols: rows === 0 ? 0 : size / rows,
    matrix: block.shape.length > 1,
  }
}

/** |x| over x[start … end). */
export function norm(x: ArrayLike<number>, start: number, end: number): number {
  let total = 0
  for (let i = start; i < end; i++) total += x[i] * x[i]
  return Math.sqrt(total)
}

export function range(start: number, length: number): readonly [number, number] {
  return [start, start + length]
}
