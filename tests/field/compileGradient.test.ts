import assert from 'node:assert/strict'
import { batchGradient, valueAndGradient } from '@separatrix/adjoint'
import { combine, compile, compileGradient, expression, type Field, system } from '@separatrix/field'
import { test } from 'uvu'
import { closedFields, samplePoint, vectorOperations } from './fields.js'

/** A scalar that every entry of a field counts in, smooth where the field is. */
const squares = (f: Field) => combine([f], (b, place) => b.dot(place(f), place(f)), `|${f.name}|²`)

const sums: Field[] = [
  ...closedFields.map(squares),
  // cotangents that are the same for all entries, and a weight that is computed from θ
  combine([vectorOperations], (b, place) => b.sum(place(vectorOperations)), 'sum'),
  expression('(exp(a)*x - b*y)^2 + c', ['x', 'y'], { a: 0.3, b: 2, c: 1.5 }),
]

/**
 * Relative to the largest entry: double lanes differ from compiled JavaScript by the errors of elementary functions
 * and the order of sums over some tens of terms; single lanes by as many of theirs.
 */
const tolerance = { double: 1e-12, single: 3e-5 } as const

for (const loss of sums)
  for (const precision of ['double', 'single'] as const)
    for (const batch of [1, 13, 70])
      test(`${loss.name}, ${precision}, ${batch}: mean and gradient agree with those of single samples`, () =>
        agree(loss, batch, precision))

function agree(loss: Field, batch: number, precision: 'double' | 'single') {
  const compiled = compileGradient(loss, { batch, precision })
  const both = compile(valueAndGradient(loss))
  const points = Array.from({ length: batch }, (_, i) => samplePoint(loss.stateSize, i % 4))
  const times = points.map((_, i) => 0.1 * (i % 3))
  points.forEach((x, i) => {
    compiled.put(i, times[i], x)
  })
  const theta = loss.theta.map((v) => 1.1 * v)
  const gradient = new Float64Array(theta.length)
  // the second call finds sums and scratch memory used
  for (let call = 0; call < 2; call++) {
    const value = compiled.evaluate(theta, gradient)
    const found = [value, ...gradient]
    const expected = mean(points.map((x, i) => single(both, times[i], x, theta)))
    const size = Math.max(...expected.map(Math.abs))
    found.forEach((v, k) => {
      assert.ok(
        Math.abs(v - expected[k]) <= tolerance[precision] * size,
        `entry ${k}: ${v} against ${expected[k]}`,
      )
    })
  }
}

function single(f: ReturnType<typeof compile>, t: number, x: Float64Array, theta: Float64Array) {
  const out = new Float64Array(1 + theta.length)
  f(t, x, out, theta)
  return out
}

function mean(rows: readonly Float64Array[]): Float64Array {
  return rows[0].map((_, k) => rows.reduce((total, row) => total + row[k], 0) / rows.length)
}

test('lanes without a sample count nothing, even where the origin has no value', () => {
  const loss = expression('a / x^2', ['x'], { a: 2 })
  const compiled = compileGradient(loss, { batch: 3, precision: 'double' })
  for (let i = 0; i < 3; i++) compiled.put(i, 0, [0.5])
  const gradient = new Float64Array(1)
  assert.equal(compiled.evaluate([2], gradient), 8)
  assert.equal(gradient[0], 4)
})

test('batchGradient is the mean of rows on either backend, and says which', () => {
  const loss = expression('(a*x - b*y)^2', ['x', 'y'], { a: 3, b: 2 })
  const X = Array.from({ length: 9 }, (_, i) => [Math.sin(i), Math.cos(i)])
  const [fast, plain] = [batchGradient(loss, X), batchGradient(loss, X, { backend: 'js' })]
  assert.deepEqual([fast.backend, plain.backend, fast.precision], ['wasm', 'js', 'double'])
  const expected = [plain.value, ...plain.gradient]
  const found = [fast.value, ...fast.gradient]
  // a few operations a row, nine rows
  found.forEach((v, i) => {
    assert.ok(Math.abs(v - expected[i]) <= 1e-14 * Math.abs(expected[i]))
  })
  assert.throws(() => batchGradient(loss, [[1]]), /rows of 2 numbers/)
  assert.throws(() => batchGradient(loss, X, { theta: [1] }), /2 parameters/)
})

test('misuse is refused', () => {
  const open = system({ state: ['x'], input: ['u'], dynamics: { x: 'u' } })
  assert.throws(() => compileGradient(open, { batch: 4, precision: 'double' }), /scalar field without inputs/)
  assert.throws(
    () => compileGradient(expression('x', ['x']), { batch: 0, precision: 'double' }),
    /positive batch/,
  )
  const line = compileGradient(expression('a*x', ['x'], { a: 1 }), { batch: 2, precision: 'double' })
  assert.throws(() => line.put(2, 0, [1]), /a sample below 2/)
  assert.throws(() => line.evaluate([1, 2], new Float64Array(1)), /1 parameters and a gradient as long/)
})

test.run()
