import math from 'mathjs/lib/browser/math.js'
import type { Matrix } from './matrix.js'

export interface Complex {
  readonly re: number
  readonly im: number
}

/** Eigenvalues of a real square matrix, by descending real part. */
export function eigenvalues(m: Matrix): Complex[] {
  const rows = Array.from({ length: m.rows }, (_, i) =>
    Array.from(m.data.subarray(i * m.cols, (i + 1) * m.cols)),
  )
  const { values } = math.eigs(rows, { eigenvectors: false })
  return (values as (number | Complex)[])
    .map((v) => (typeof v === 'number' ? { re: v, im: 0 } : { re: v.re, im: v.im }))
    .sort((p, q) => q.re - p.re || q.im - p.im)
}
