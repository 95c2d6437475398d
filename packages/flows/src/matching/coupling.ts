import { misuse, type Random, SeparatrixError, show } from '@separatrix/field/core'
import { prepareAssignment } from './assignment.js'
import { sinkhorn } from './sinkhorn.js'

/**
 * Which samples of the two ends are joined: drawn independently; by the assignment of least total squared
 * distance (a permutation: nothing is drawn twice); or drawn from the entropic plan.
 */
export type Coupling = 'independent' | 'exact' | 'sinkhorn'

const couplings: readonly Coupling[] = ['independent', 'exact', 'sinkhorn']

export interface CouplingSettings {
  readonly coupling: Coupling
  /** pairs that are planned together */
  readonly size: number
  readonly dimension: number
  /** length of a condition, which plans join by the cost |x₀ − x₁|² + conditionWeight·|c₀ − c₁|² */
  readonly condition: number
  readonly conditionWeight: number
  /** ε of the entropic plan */
  readonly regularization: number
}

export function checkCoupling(
  where: string,
  { coupling, regularization = 0 }: Pick<CouplingSettings, 'coupling'> & Partial<CouplingSettings>,
): void {
  if (!couplings.includes(coupling))
    throw misuse({
      where,
      expected: `coupling ${couplings.map((c) => `'${c}'`).join(', ')}`,
      got: show(coupling),
      try: "coupling: 'exact'",
    })
  if (coupling === 'sinkhorn' && !(regularization > 0 && Number.isFinite(regularization)))
    throw misuse({
      where,
      expected: 'a positive regularization of the entropic plan',
      got: show(regularization),
      try: 'regularization: 2σ² with the path schroedingerBridge(σ)',
    })
}

/** Samples of both ends: rows of x₀ and of [x₁; c], and a condition for each x₀, independent of it. */
export interface Ends {
  readonly x0: Float64Array
  readonly x1: Float64Array
  /** of the conditions that stand with x₀ for the plan: a row of x₁ each */
  readonly conditionOf: Int32Array
}

/** Plans `size` pairs: writes for each x₀ the row of its x₁. Memory for the costs is kept between calls. */
export function planner({
  coupling,
  size,
  dimension: n,
  condition: m,
  conditionWeight,
  regularization,
}: CouplingSettings) {
  const cost = new Float64Array(coupling === 'sinkhorn' ? size * size : 0)
  const exact = prepareAssignment(coupling === 'exact' ? size : 0)
  const rows =
    coupling === 'exact'
      ? exact.rows
      : Array.from({ length: size }, (_, i) => cost.subarray(i * size, (i + 1) * size))
  const width = n + m
  const fill = ({ x0, x1, conditionOf }: Ends, start: number) => {
    for (let i = 0; i < size; i++) {
      const row = rows[i].fill(0)
      for (let k = 0; k < n; k++)
        addSquares(row, 1, x0[(start + i) * n + k], { values: x1, first: start * width + k, step: width })
      if (conditionWeight > 0)
        for (let k = n; k < width; k++)
          addSquares(row, conditionWeight, x1[conditionOf[start + i] * width + k], {
            values: x1,
            first: start * width + k,
            step: width,
          })
    }
  }
  return (ends: Ends, start: number, random: Random, partner: Int32Array): void => {
    if (coupling === 'independent') {
      for (let i = 0; i < size; i++) partner[start + i] = start + i
      return
    }
    fill(ends, start)
    if (coupling === 'exact') {
      const columns = exact.solve()
      for (let i = 0; i < size; i++) partner[start + i] = start + columns[i]
      return
    }
    const { plan, status, error, iterations } = sinkhorn(cost, size, { regularization })
    if (status !== 'success')
      throw new SeparatrixError(
        'sinkhorn-max-iterations',
        `flowMatching: expected an entropic plan, got rows off by ${error.toPrecision(2)} after ${iterations} iterations. Try a larger regularization, or coupling: 'exact'.`,
      )
    for (let i = 0; i < size; i++) partner[start + i] = start + drawIndex(plan, i * size, size, random)
  }
}

/** One coordinate of points that are stored one after another. */
interface Column {
  readonly values: Float64Array
  readonly first: number
  readonly step: number
}

/** row[j] ← row[j] + weight·(a − values[first + j·step])². */
function addSquares(row: Float64Array, weight: number, a: number, { values, first, step }: Column): void {
  for (let j = 0, at = first; j < row.length; j++, at += step) {
    const difference = a - values[at]
    row[j] += weight * difference * difference
  }
}

/** An index with probability proportional to its entry. */
function drawIndex(weights: Float64Array, start: number, count: number, random: Random): number {
  let total = 0
  for (let j = 0; j < count; j++) total += weights[start + j]
  let rest = total * random.uniform()
  for (let j = 0; j < count; j++) {
    rest -= weights[start + j]
    if (rest < 0) return j
  }
  return count - 1
}
