import { complexZeros, factorizeComplex, solveComplex } from '../implicit/complexLu.js'
import type { Matrix } from './orderConditions.js'

/** |R(z)| of R(z) = 1 + z bᵀ(I − zA)⁻¹1, the stability function of an implicit method. */
export function rationalModulus(a: Matrix, b: readonly number[]): (x: number, y: number) => number {
  const s = b.length
  const [matrix, stages, pivots] = [complexZeros(s * s), complexZeros(s), new Int32Array(s)]
  return (x, y) => {
    for (let i = 0; i < s; i++)
      for (let j = 0; j < s; j++) {
        const entry = a[i]?.[j] ?? 0
        matrix.re[i * s + j] = (i === j ? 1 : 0) - x * entry
        matrix.im[i * s + j] = -y * entry
      }
    stages.re.fill(1)
    stages.im.fill(0)
    if (!factorizeComplex(matrix, s, pivots)) return Number.POSITIVE_INFINITY
    solveComplex(matrix, s, pivots, stages)
    let [p, q] = [0, 0]
    for (let i = 0; i < s; i++) {
      p += (b[i] as number) * (stages.re[i] as number)
      q += (b[i] as number) * (stages.im[i] as number)
    }
    return Math.hypot(1 + x * p - y * q, x * q + y * p)
  }
}

/** Stability of an implicit method, as far as samples tell. */
export interface RationalStability {
  readonly real: number
  readonly imaginary: number
  /** |R| ≤ 1 on the whole imaginary axis, with all poles on the right: on the left half plane, by the maximum principle */
  readonly aStable: boolean
  /** A-stable, and R(∞) = 0 */
  readonly lStable: boolean
}

/** Forty points a decade, from where |R| − 1 is rounding to where |R| is that of infinity. */
const samples = Array.from({ length: 441 }, (_, k) => 10 ** (-3 + k / 40))

/** Rounding of a dozen stages with coefficients up to some hundreds. */
const slack = 1e-9

/**
 * How far the axes stay in |R| ≤ 1, and whether the left half plane does. `diagonal` holds the eigenvalues of A,
 * or those parts of them that must be positive for the poles 1/λ to lie on the right.
 */
export function rationalStability(
  a: Matrix,
  b: readonly number[],
  diagonal: readonly number[],
): RationalStability {
  const modulus = rationalModulus(a, b)
  const reach = (at: (s: number) => number) => {
    const k = samples.findIndex((s) => !(at(s) <= 1 + slack))
    return k < 0 ? Number.POSITIVE_INFINITY : k === 0 ? 0 : (samples[k - 1] as number)
  }
  const [real, imaginary] = [reach((s) => modulus(-s, 0)), reach((s) => modulus(0, s))]
  const aStable = imaginary === Number.POSITIVE_INFINITY && diagonal.every((v) => v >= 0)
  return { real, imaginary, aStable, lStable: aStable && modulus(-1e10, 0) < 1e-6 }
}
