import { misuse, show } from '@separatrix/field/core'
import { expectCount } from '../check/expectCount.js'
import { expectNumber } from '../check/expectNumber.js'

export interface SinkhornOptions {
  /** ε of min ⟨C, P⟩ − ε·H(P), in the units of the cost */
  readonly regularization: number
  /** largest error of a row's sum, relative to 1/n; 1e-3 */
  readonly tolerance?: number
  /** 10,000; the number that is needed grows as the largest cost over ε */
  readonly maxIterations?: number
}

export interface SinkhornPlan {
  /** P, n × n row-major, with columns summing to 1/n to rounding and rows to the error given */
  readonly plan: Float64Array
  readonly status: 'success' | 'max-iterations'
  /** largest relative error of a row's sum */
  readonly error: number
  readonly iterations: number
}

/** A scaling beyond this, or below its inverse, goes into the potentials; products of two stay far from overflow. */
const mostScaling = 1e50

/**
 * The entropic plan between two sets of n equally likely points: P = diag(u)·e^{(f ⊕ g − C)/ε}·diag(v) with rows and
 * columns of 1/n. Alternating updates of u and v cost two products of matrix and vector; where they leave their
 * range they are taken into the potentials f and g in the log domain, so nothing over- or underflows. Cuturi,
 * NeurIPS 2013; absorption: Schmitzer, SIAM J. Sci. Comput. 41 (2019), algorithm 2.
 * @example sinkhorn(Float64Array.of(0, 1, 1, 0), 2, { regularization: 0.1 }).plan // nearly diag(½)
 */
export function sinkhorn(
  cost: Float64Array,
  n: number,
  { regularization: epsilon, tolerance = 1e-3, maxIterations = 10_000 }: SinkhornOptions,
): SinkhornPlan {
  expectCount('sinkhorn', n, 'rows')
  expectCount('sinkhorn(maxIterations)', maxIterations, 'iterations')
  expectNumber('sinkhorn', 'tolerance', tolerance, { least: 0 })
  if (
    cost.length !== n * n ||
    !cost.every(Number.isFinite) ||
    !(epsilon > 0 && epsilon < Number.POSITIVE_INFINITY)
  )
    throw misuse({
      where: 'sinkhorn',
      expected: `an ${n} × ${n} matrix of finite costs and a positive regularization`,
      got: `${cost.length} entries, ${show(epsilon)}`,
      try: 'regularization: 0.1',
    })
  const [f, g] = [new Float64Array(n), new Float64Array(n)]
  const [u, v] = [new Float64Array(n).fill(1), new Float64Array(n).fill(1)]
  const [rows, columns] = [new Float64Array(n), new Float64Array(n)]
  const kernel = new Float64Array(n * n)
  absorb({ cost, n, epsilon, f, g, u, v, kernel })
  for (let iterations = 1; ; iterations++) {
    times(kernel, v, rows)
    let error = 0
    for (let i = 0; i < n; i++) {
      error = Math.max(error, Math.abs(n * u[i] * rows[i] - 1))
      u[i] = 1 / (n * rows[i])
    }
    // the plan of the last iteration had columns of 1/n, and this error of its rows
    const isLast = error <= tolerance || iterations >= maxIterations
    transposedTimes(kernel, u, columns)
    for (let j = 0; j < n; j++) v[j] = 1 / (n * columns[j])
    if (isLast) {
      const plan = kernel.map((k, at) => u[Math.floor(at / n)] * k * v[at % n])
      return { plan, status: error <= tolerance ? 'success' : 'max-iterations', error, iterations }
    }
    if (!isTame(u) || !isTame(v)) absorb({ cost, n, epsilon, f, g, u, v, kernel })
  }
}

const isTame = (x: Float64Array) => x.every((s) => s < mostScaling && s > 1 / mostScaling)

/** Takes scalings into the potentials, makes them feasible in the log domain, and the kernel anew. */
function absorb({
  cost,
  n,
  epsilon,
  f,
  g,
  u,
  v,
  kernel,
}: {
  readonly cost: Float64Array
  readonly n: number
  readonly epsilon: number
  readonly f: Float64Array
  readonly g: Float64Array
  readonly u: Float64Array
  readonly v: Float64Array
  readonly kernel: Float64Array
}): void {
  // f only matters through g here: a soft minimum of C − g gives it, finite whatever the scalings were
  for (let j = 0; j < n; j++) if (v[j] > 0 && Number.isFinite(v[j])) g[j] += epsilon * Math.log(v[j])
  softMinimum(cost, g, { n, epsilon, stride: [n, 1] }, f)
  softMinimum(cost, f, { n, epsilon, stride: [1, n] }, g)
  u.fill(1)
  v.fill(1)
  for (let i = 0, at = 0; i < n; i++)
    for (let j = 0; j < n; j++, at++) kernel[at] = Math.exp((f[i] + g[j] - cost[at]) / epsilon) / (n * n)
}

/** out[i] = −ε log 1/n Σⱼ exp((other[j] − C[i, j])/ε), along rows or columns by the strides. */
function softMinimum(
  cost: Float64Array,
  other: Float64Array,
  {
    n,
    epsilon,
    stride: [outer, inner],
  }: { readonly n: number; readonly epsilon: number; readonly stride: readonly [number, number] },
  out: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    let most = Number.NEGATIVE_INFINITY
    for (let j = 0, at = i * outer; j < n; j++, at += inner) most = Math.max(most, other[j] - cost[at])
    let sum = 0
    for (let j = 0, at = i * outer; j < n; j++, at += inner)
      sum += Math.exp((other[j] - cost[at] - most) / epsilon)
    out[i] = -most - epsilon * Math.log(sum / n)
  }
}

function times(matrix: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = x.length
  for (let i = 0, at = 0; i < n; i++) {
    let sum = 0
    for (let j = 0; j < n; j++, at++) sum += matrix[at] * x[j]
    out[i] = sum
  }
}

function transposedTimes(matrix: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = x.length
  out.fill(0)
  for (let i = 0, at = 0; i < n; i++) {
    const xi = x[i]
    for (let j = 0; j < n; j++, at++) out[j] += matrix[at] * xi
  }
}
