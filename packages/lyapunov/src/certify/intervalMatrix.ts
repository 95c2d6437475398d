import { roundDown, roundSumDown, roundSumUp, roundUp } from '@separatrix/field/core'

/** An n × n matrix of intervals, row-major. */
export interface IntervalMatrix {
  readonly n: number
  readonly lo: Float64Array
  readonly hi: Float64Array
}

export function intervalMatrix(n: number): IntervalMatrix {
  return { n, lo: new Float64Array(n * n), hi: new Float64Array(n * n) }
}

/** A·B, or Aᵀ·B. */
export function multiplyIntervals(a: IntervalMatrix, b: IntervalMatrix, transposed = false): IntervalMatrix {
  const { n } = a
  const out = intervalMatrix(n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let [lo, hi] = [0, 0]
      for (let k = 0; k < n; k++) {
        const p = transposed ? k * n + i : i * n + k
        const [al, ah, bl, bh] = [a.lo[p], a.hi[p], b.lo[k * n + j], b.hi[k * n + j]] as [
          number,
          number,
          number,
          number,
        ]
        lo = roundSumDown(lo + roundDown(Math.min(al * bl, al * bh, ah * bl, ah * bh)))
        hi = roundSumUp(hi + roundUp(Math.max(al * bl, al * bh, ah * bl, ah * bh)))
      }
      out.lo[i * n + j] = lo
      out.hi[i * n + j] = hi
    }
  return out
}

/** A + scale·B, scale ≥ 0. */
export function combineIntervals(a: IntervalMatrix, b: IntervalMatrix, scale: number): IntervalMatrix {
  if (scale === 0) return a
  return {
    n: a.n,
    lo: a.lo.map((v, i) => roundSumDown(v + roundDown(scale * (b.lo[i] as number)))),
    hi: a.hi.map((v, i) => roundSumUp(v + roundUp(scale * (b.hi[i] as number)))),
  }
}

/** scale·(A + Aᵀ)/2 for scale ±1; halving is exact but for underflow, which the rounding of the sum covers. */
export function symmetricPart({ n, lo, hi }: IntervalMatrix, scale: 1 | -1): IntervalMatrix {
  const out = intervalMatrix(n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const [p, q] = [i * n + j, j * n + i]
      const low = roundDown(((lo[p] as number) + (lo[q] as number)) / 2)
      const high = roundUp(((hi[p] as number) + (hi[q] as number)) / 2)
      out.lo[p] = scale === 1 ? low : -high
      out.hi[p] = scale === 1 ? high : -low
    }
  return out
}

/**
 * Whether every symmetric matrix within the intervals is positive definite. With L·Lᵀ a rounded Cholesky factor of
 * the midpoint and W ≈ L⁻¹ (any invertible W would do), W·M·Wᵀ is close to I; Gershgorin's discs of its enclosure
 * off 0 prove it (Rump, "Verification of positive definiteness", BIT 46, 2006, uses the same congruence).
 */
export function isPositiveDefinite(m: IntervalMatrix): boolean {
  const { n } = m
  const w = inverseCholesky(m)
  if (w === undefined) return false
  const point: IntervalMatrix = { n, lo: w, hi: w }
  const turned = intervalMatrix(n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) turned.lo[i * n + j] = turned.hi[i * n + j] = w[j * n + i] as number
  const product = multiplyIntervals(multiplyIntervals(point, m), turned)
  for (let i = 0; i < n; i++) {
    let radius = 0
    for (let j = 0; j < n; j++)
      if (j !== i)
        radius = roundSumUp(
          radius + Math.max(-(product.lo[i * n + j] as number), product.hi[i * n + j] as number),
        )
    if (!((product.lo[i * n + i] as number) > radius)) return false
  }
  return true
}

/** W = L⁻¹, lower triangular with positive diagonal (hence invertible), of the midpoint's Cholesky factor. */
export function inverseCholesky({ n, lo, hi }: IntervalMatrix): Float64Array | undefined {
  const l = new Float64Array(n * n)
  const w = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let s = ((lo[i * n + j] as number) + (hi[i * n + j] as number)) / 2
      for (let k = 0; k < j; k++) s -= (l[i * n + k] as number) * (l[j * n + k] as number)
      l[i * n + j] = i === j ? Math.sqrt(s) : s / (l[j * n + j] as number)
    }
  for (let j = 0; j < n; j++) {
    w[j * n + j] = 1 / (l[j * n + j] as number)
    for (let i = j + 1; i < n; i++) {
      let s = 0
      for (let k = j; k < i; k++) s -= (l[i * n + k] as number) * (w[k * n + j] as number)
      w[i * n + j] = s / (l[i * n + i] as number)
    }
  }
  const isInvertible =
    w.every(Number.isFinite) &&
    Array.from({ length: n }, (_, i) => w[i * n + i] as number).every((v) => v > 0)
  return isInvertible ? w : undefined
}

/** The least pivot of the midpoint of A + scale·B in floating point, relative to its diagonal entry; a guess, not a proof. */
export function leastPivot(a: IntervalMatrix, b: IntervalMatrix, scale: number): number {
  const { n } = a
  const m = a.lo.map((v, i) => (v + a.hi[i]) / 2 + (scale * (b.lo[i] + b.hi[i])) / 2)
  const diagonal = Array.from({ length: n }, (_, i) => m[i * n + i])
  let least = Infinity
  for (let k = 0; k < n; k++) {
    const pivot = m[k * n + k]
    least = Math.min(least, pivot / Math.abs(diagonal[k]))
    if (!(pivot > 0)) return least
    for (let i = k + 1; i < n; i++) {
      const factor = m[i * n + k] / pivot
      for (let j = k + 1; j < n; j++) m[i * n + j] -= factor * m[k * n + j]
    }
  }
  return least
}
