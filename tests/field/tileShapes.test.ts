import assert from 'node:assert/strict'
import { batchGradient } from '@separatrix/adjoint'
import { Builder, type Field, makeField, seededRandom } from '@separatrix/field'
import { test } from 'uvu'

/** ½|W₂·sin(W₁·x + b)|²: both products of a tile, and their transposes on the way back. */
function loss(inner: number, outputs: number): Field {
  const b = new Builder()
  const size = inner * 3 + inner + outputs * inner
  const theta = b.leaf('theta', size)
  const take = (from: number, count: number) =>
    b.gather(
      theta,
      Array.from({ length: count }, (_, i) => from + i),
    )
  const hidden = b.unary(
    'sin',
    b.affine(take(0, 3 * inner), b.leaf('state', 3), take(3 * inner, inner), inner, 3),
  )
  const y = b.matvec(take(4 * inner, outputs * inner), hidden, outputs, inner)
  return makeField(b, b.mul(b.constant(0.5), b.dot(y, y)), {
    name: `${inner}-${outputs}`,
    stateNames: ['x', 'y', 'z'],
    inputNames: [],
    theta: Float64Array.from({ length: size }, (_, i) => Math.sin(1 + i)),
    layout: [{ name: 'weights', offset: 0, shape: [size], kind: 'weight' }],
  })
}

/**
 * Rows of one to ten vectors, whole turns or not, by products of one to nine outputs. Double: 2⁻⁵³ in each of some
 * fifty operations on numbers about 1. Single: 2⁻²⁴ in each of those.
 */
const bound = { double: 1e-13, single: 2e-5 } as const

for (const precision of ['double', 'single'] as const)
  test(`products on tiles of every shape, ${precision}: the gradients of the rows one by one`, () => {
    const random = seededRandom(3)
    for (let outputs = 1; outputs <= 9; outputs++)
      for (const batch of precision === 'double' ? [1, 5, 10, 19] : [1, 4, 9, 20, 24, 37]) {
        const field = loss(10 - outputs, outputs)
        const X = Array.from({ length: batch }, () => [random.normal(), random.normal(), random.normal()])
        const found = batchGradient(field, X, { precision })
        const expected = batchGradient(field, X, { backend: 'js' })
        const scale = Math.max(1, ...expected.gradient.map(Math.abs))
        assert.ok(Math.abs(found.value - expected.value) <= bound[precision] * Math.max(1, expected.value))
        found.gradient.forEach((g, k) => {
          const error = Math.abs(g - (expected.gradient[k] as number))
          assert.ok(error <= bound[precision] * scale, `${field.name}, ${batch} rows: ${k} off by ${error}`)
        })
      }
  })

test.run()
