import { misuse, show } from '@separatrix/field/core'
import type { Given } from './flow.js'
import { readPoints } from './points.js'

/** Conditions as rows [count, m], from one row for all points or a row for each. */
export function readCondition(condition: Given['condition'], m: number, count: number): Float64Array {
  const missing = condition === undefined
  if (missing !== (m === 0))
    throw misuse({
      where: 'flow(condition)',
      expected: m === 0 ? 'no condition: the field reads none' : `a condition of ${m} numbers`,
      got: show(condition),
      try: m === 0 ? 'cnf({ condition: 1, … })' : '{ condition: [1] }',
      code: 'wrong-condition',
    })
  if (condition === undefined) return new Float64Array(0)
  const single = !('shape' in condition) && typeof condition[0] === 'number'
  const rows = single
    ? readPoints('flow(condition)', [condition as ArrayLike<number>], m)
    : readPoints('flow(condition)', condition as Parameters<typeof readPoints>[1], m)
  if (rows.length === count * m && !single) return rows
  if (single) return Float64Array.from({ length: count * m }, (_, i) => rows[i % m])
  throw misuse({
    where: 'flow(condition)',
    expected: `${count} rows, one for each point`,
    got: `${rows.length / m}`,
    try: 'one row for all',
    code: 'wrong-condition',
  })
}
