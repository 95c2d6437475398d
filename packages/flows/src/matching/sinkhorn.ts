import { misuse, show } from '@separatrix/field/core'

export interface SinkhornOptions {
  /** ε of min ⟨C, P⟩ − ε·H(P), in the units of the cost */
  readonly regularization: number
  /** largest error of a row's sum, relative to 1/n; 1e-3 */
  readonly tolerance?: number
  /** 1000 */
  readonly maxIterations?: number
}

export interface SinkhornPlan {
  /** P, n × n row-major, with columns summing to 1/n exactly and rows to the error given */
  readonly plan: Float64Array
  readonly status: 'success' | 'max-iterations'
  /** largest relative error of a row's sum */
  readonly error: number
  readonly iterations: number
}

/**
 * The entropic plan between two sets of n equally likely points: P = diag(u)e^{−C/ε}diag(v) with rows and columns
 * of 1/n, by alternating updates of log u and log v, which neither over- nor underflow. Cuturi, NeurIPS 2013;
 * log domain: Peyré & Cuturi, Computational Optimal Transport (2019), eq. 4.43. Cost: 2n² exponentials an
 * iteration; their number grows as max C/ε.
 * @example sinkhorn(Float64Array.of(0, 1, 1, 0), 2, { regularization: 0.1 }).plan // nearly diag(½)
 */
export function sinkhorn(
  cost: Float64Array,
  n: number,
  { regularization, tolerance = 1e-3, maxIterations = 1000 }: SinkhornOptions,
): SinkhornPlan {
  if (cost.length !== n * n || !cost.every(Number.isFinite) || !(regularization > 0))
    throw misuse({
      where: 'sinkhorn',
      expected: `an ${n} × ${n} matrix of finite costs and a positive regularization`,
      got: `${cost.length} entries, ${show(regularization)}`,
      try: 'regularization: 0.1',
    })
  const [rows, columns] = [new Float64Array(n), new Float64Array(n)]
  const plan = new Float64Array(n * n)
  const sums = new Float64Array(n)
  for (let iterations = 1; ; iterations++) {
    softMinimum(cost, columns, { n, epsilon: regularization, stride: [n, 1] }, rows)
    softMinimum(cost, rows, { n, epsilon: regularization, stride: [1, n] }, columns)
    // the error costs as much as half an iteration: looked at every tenth
    if (iterations % 10 !== 0 && iterations < maxIterations) continue
    sums.fill(0)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const p = Math.exp((rows[i] + columns[j] - cost[i * n + j]) / regularization) / (n * n)
        plan[i * n + j] = p
        sums[i] += p
      }
    const error = sums.reduce((most, s) => Math.max(most, Math.abs(n * s - 1)), 0)
    if (error <= tolerance) return { plan, status: 'success', error, iterations }
    if (iterations >= maxIterations) return { plan, status: 'max-iterations', error, iterations }
  }
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
