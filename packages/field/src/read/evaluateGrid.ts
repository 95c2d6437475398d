import { misuse, show } from '../error.js'
import type { Field } from '../field.js'
import { makeArray } from '../makeArray.js'
import { evaluateStates } from './evaluateBatch.js'
import type { EvaluateOptions, Evaluation } from './evaluation.js'

/**
 * f on a regular grid, ends included: values[i₁, …, iₙ, k] = f_k(x) with x_j = lo_j + (hi_j − lo_j)·i_j/(counts_j − 1);
 * an axis with one point takes its lower end. Options and results as for evaluateBatch.
 * @example
 * const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })
 * const { values } = await evaluateGrid(swing, [[-3, 3], [-9, 9]], [200, 100], { backend: 'js' })
 * values.get(0, 0, 1) // the second rate at (−3, −9)
 */
export async function evaluateGrid(
  field: Field,
  domain: readonly (readonly [number, number])[],
  counts: readonly number[],
  options: EvaluateOptions,
): Promise<Evaluation> {
  checkGrid(field, domain, counts)
  const batch = counts.reduce((product, n) => product * n, 1)
  const data = new Float64Array(field.stateSize * batch)
  let stride = batch
  domain.forEach(([lo, hi], j) => {
    const count = counts[j] as number
    stride /= count
    for (let i = 0; i < batch; i++) {
      const at = Math.floor(i / stride) % count
      data[j * batch + i] = gridPoint(lo, hi, at, count)
    }
  })
  const result = await evaluateStates(field, { data, batch }, options)
  return { ...result, values: makeArray(result.values.data, [...counts, field.outputSize]) }
}

/** Point `at` of `count` from lo to hi, both ends hit exactly. */
export function gridPoint(lo: number, hi: number, at: number, count: number): number {
  if (count === 1) return lo
  return at === count - 1 ? hi : lo + ((hi - lo) * at) / (count - 1)
}

function checkGrid(
  field: Field,
  domain: readonly (readonly [number, number])[],
  counts: readonly number[],
): void {
  const where = `evaluateGrid(${field.name})`
  const n = field.stateSize
  if (domain.length !== n || counts.length !== n)
    throw misuse({
      where,
      expected: `a range and a count for each of ${field.stateNames.join(', ')}`,
      got: `${domain.length} ranges and ${counts.length} counts`,
      try: `domain: [[lo, hi], …] of length ${n}`,
      code: 'wrong-dimension',
    })
  const badRange = domain.find(([lo, hi]) => !(Number.isFinite(lo) && Number.isFinite(hi) && lo <= hi))
  if (badRange !== undefined)
    throw misuse({ where, expected: 'finite ranges with lo ≤ hi', got: show(badRange), try: '[-1, 1]' })
  const badCount = counts.find((count) => !Number.isInteger(count) || count < 1)
  if (badCount !== undefined)
    throw misuse({ where, expected: 'positive whole counts', got: show(badCount), try: '100' })
}
