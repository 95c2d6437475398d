/** A complex matrix or vector as two arrays. */
export interface Complex {
  readonly re: Float64Array
  readonly im: Float64Array
}

export const complexZeros = (length: number): Complex => ({
  re: new Float64Array(length),
  im: new Float64Array(length),
})

function swap(x: Float64Array, i: number, j: number): void {
  const held = x[i] as number
  x[i] = x[j] as number
  x[j] = held
}

/**
 * LU decomposition with partial pivoting of a complex n × n matrix, row-major, in place; false where it is
 * singular. Pivots are the largest |re| + |im|. 8n³/3 operations.
 * Source: Golub & Van Loan, Matrix Computations, algorithm 3.4.1.
 */
export function factorizeComplex({ re, im }: Complex, n: number, pivots: Int32Array): boolean {
  for (let k = 0; k < n; k++) {
    let p = k
    let most = -1
    for (let i = k; i < n; i++) {
      const size = Math.abs(re[i * n + k] as number) + Math.abs(im[i * n + k] as number)
      if (size > most) {
        p = i
        most = size
      }
    }
    pivots[k] = p
    if (!(most > 0)) return false
    if (p !== k)
      for (let j = 0; j < n; j++) {
        swap(re, k * n + j, p * n + j)
        swap(im, k * n + j, p * n + j)
      }
    const a = re[k * n + k] as number
    const b = im[k * n + k] as number
    const c = a / (a * a + b * b)
    const d = -b / (a * a + b * b)
    for (let i = k + 1; i < n; i++) {
      const at = i * n
      const x = re[at + k] as number
      const y = im[at + k] as number
      if (x === 0 && y === 0) continue
      const u = x * c - y * d
      const v = x * d + y * c
      re[at + k] = u
      im[at + k] = v
      for (let j = k + 1; j < n; j++) {
        const s = re[k * n + j] as number
        const t = im[k * n + j] as number
        re[at + j] = (re[at + j] as number) - (u * s - v * t)
        im[at + j] = (im[at + j] as number) - (u * t + v * s)
      }
    }
  }
  return true
}

/** Solves LUx = b in place, from {@link factorizeComplex}. */
export function solveComplex({ re, im }: Complex, n: number, pivots: Int32Array, b: Complex): void {
  for (let k = 0; k < n; k++) {
    const p = pivots[k] as number
    if (p === k) continue
    swap(b.re, k, p)
    swap(b.im, k, p)
  }
  for (let i = 1; i < n; i++) subtract(re, im, n, b, i, 0, i)
  for (let i = n - 1; i >= 0; i--) {
    subtract(re, im, n, b, i, i + 1, n)
    const p = re[i * n + i] as number
    const q = im[i * n + i] as number
    const x = b.re[i] as number
    const y = b.im[i] as number
    const scale = 1 / (p * p + q * q)
    b.re[i] = (x * p + y * q) * scale
    b.im[i] = (y * p - x * q) * scale
  }
}

/** b_i ← b_i − Σ M_ij b_j for j from `from` to `to`. */
function subtract(
  re: Float64Array,
  im: Float64Array,
  n: number,
  b: Complex,
  i: number,
  from: number,
  to: number,
): void {
  let x = b.re[i] as number
  let y = b.im[i] as number
  for (let j = from; j < to; j++) {
    const s = re[i * n + j] as number
    const t = im[i * n + j] as number
    const u = b.re[j] as number
    const v = b.im[j] as number
    x -= s * u - t * v
    y -= s * v + t * u
  }
  b.re[i] = x
  b.im[i] = y
}
