/** The point of {x : Ax ≥ b} nearest to another, or a proof that there is none. */
export interface NearestPoint {
  readonly x: Float64Array
  /** λ ≥ 0 per row; where infeasible, Aᵀλ = 0 and bᵀλ > 0 (Farkas), up to rounding */
  readonly multipliers: Float64Array
  readonly status: 'solved' | 'infeasible' | 'unsolved'
}

/** A row of the constraints: a·x ≥ b. */
export interface HalfSpace {
  readonly a: ArrayLike<number>
  readonly b: number
}

/** A violation, or the independent part of a normal, this small against its terms is rounding. */
const rounding = 1e-13

/**
 * min ½|x − v|² subject to aᵢ·x ≥ bᵢ by the dual active-set method: from the free minimum v the most violated
 * constraint is added until none is left; multipliers stay non-negative throughout, and the active normals
 * independent. Goldfarb & Idnani, Math. Program. 27 (1983), section 3, for the Hessian I. Exact up to
 * rounding after finitely many steps; a few microseconds for a handful of rows. 'unsolved' where rounding
 * makes it go round in circles.
 */
export function nearestPoint(v: ArrayLike<number>, rows: readonly HalfSpace[]): NearestPoint {
  const n = v.length
  const x = Float64Array.from(v)
  const multipliers = new Float64Array(rows.length)
  const active: number[] = []
  const sizes = rows.map(({ a, b }) => norm(a) + Math.abs(b))
  for (let round = 0; round <= 20 * (rows.length + n); round++) {
    const worst = mostViolated(rows, x, { sizes, active })
    if (worst < 0) return { x, multipliers, status: 'solved' }
    const { a, b } = rows[worst]
    // raise the multiplier of the violated row until it holds, dropping rows whose multiplier reaches 0
    for (;;) {
      const { step, weights } = independentPart(a, active, rows)
      const progress = dot(step, a)
      const dependent = progress <= (rounding * norm(a)) ** 2
      let [length, blocking] = [dependent ? Infinity : (b - dot(a, x)) / progress, -1]
      active.forEach((row, k) => {
        if (weights[k] > 0 && multipliers[row] / weights[k] < length) {
          length = multipliers[row] / weights[k]
          blocking = k
        }
      })
      if (length === Infinity) {
        // a is a non-positive combination of active normals: with λ = 1 for it they sum to 0
        multipliers.fill(0)
        multipliers[worst] = 1
        active.forEach((row, k) => {
          multipliers[row] = -weights[k]
        })
        return { x, multipliers, status: 'infeasible' }
      }
      if (!dependent) for (let i = 0; i < n; i++) x[i] += length * step[i]
      active.forEach((row, k) => {
        multipliers[row] -= length * weights[k]
      })
      multipliers[worst] += length
      if (blocking < 0) {
        active.push(worst)
        break
      }
      multipliers[active[blocking]] = 0
      active.splice(blocking, 1)
    }
  }
  return { x, multipliers, status: 'unsolved' }
}

function mostViolated(
  rows: readonly HalfSpace[],
  x: Float64Array,
  { sizes, active }: { readonly sizes: readonly number[]; readonly active: readonly number[] },
): number {
  let [worst, least] = [-1, 0]
  rows.forEach(({ a, b }, i) => {
    if (active.includes(i)) return
    const slack = (dot(a, x) - b) / (sizes[i] * (1 + norm(x)) || 1)
    if (slack < Math.min(least, -rounding)) {
      worst = i
      least = slack
    }
  })
  return worst
}

/**
 * a = N·weights + step, the columns of N being the active normals and step orthogonal to them; by
 * Gram–Schmidt, twice.
 */
export function independentPart(a: ArrayLike<number>, active: readonly number[], rows: readonly HalfSpace[]) {
  const basis: Float64Array[] = []
  const R: number[][] = []
  for (const row of active) {
    const { part, coefficients } = orthogonalise(rows[row].a, basis)
    const length = norm(part)
    R.push([...coefficients, length])
    basis.push(part.map((value) => value / length))
  }
  const { part, coefficients } = orthogonalise(a, basis)
  // coefficients = R·weights, R upper triangular, stored by columns
  const weights = [...coefficients]
  for (let k = active.length - 1; k >= 0; k--) {
    weights[k] /= R[k][k]
    for (let i = 0; i < k; i++) weights[i] -= R[k][i] * weights[k]
  }
  // a weight that is rounding would block a step, and multipliers would grow without bound
  const tiny = rounding * weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0)
  return { step: part, weights: weights.map((w) => (Math.abs(w) <= tiny ? 0 : w)) }
}

function orthogonalise(a: ArrayLike<number>, basis: readonly Float64Array[]) {
  const part = Float64Array.from(a)
  const coefficients = basis.map(() => 0)
  for (let pass = 0; pass < 2; pass++)
    basis.forEach((q, k) => {
      const share = dot(q, part)
      coefficients[k] += share
      for (let i = 0; i < part.length; i++) part[i] -= share * q[i]
    })
  return { part, coefficients }
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < a.length; i++) total += a[i] * b[i]
  return total
}

function norm(a: ArrayLike<number>): number {
  return Math.sqrt(dot(a, a))
}
