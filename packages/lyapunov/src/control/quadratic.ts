import { Builder, type Field, makeField, type Ref } from '@separatrix/field/core'
import { square } from './lyapunovEquations.js'
import { type MatrixLike, readMatrix } from './matrix.js'

/**
 * V(x) = xᵀ·P·x as a field, written out in squares and products, which enclosures keep tight. Entries mean
 * the decimals that they print as. `state` names the variables (x1, x2, … unless given).
 * @example
 * quadratic([[1.5, -0.5], [-0.5, 1]]) // 1.5 x1² − x1 x2 + x2²
 */
export function quadratic(P: MatrixLike, { state }: { readonly state?: readonly string[] } = {}): Field {
  const p = square('quadratic', readMatrix('quadratic(P)', P))
  const n = p.rows
  const b = new Builder()
  const x = b.leaf('state', n)
  const entry = (i: number) => b.gather(x, [i])
  const at = (i: number, j: number) => p.data[i * n + j] as number
  let total: Ref = b.constant(0)
  for (let i = 0; i < n; i++) {
    total = b.add(total, b.mul(b.constant(at(i, i)), b.powi(entry(i), 2)))
    for (let j = i + 1; j < n; j++) {
      const product = b.mul(entry(i), entry(j))
      const terms = at(i, j) === at(j, i) ? [2 * at(i, j)] : [at(i, j), at(j, i)]
      for (const coefficient of terms) total = b.add(total, b.mul(b.constant(coefficient), product))
    }
  }
  const stateNames = state ?? Array.from({ length: n }, (_, i) => `x${i + 1}`)
  return makeField(b, total, {
    name: 'xᵀPx',
    stateNames,
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}
