import { bosh3, defineTableau, dopri5, leapfrog, rk4, verifyMethod } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('verifyMethod and defineTableau')

test('fractions are verified exactly', () => {
  for (const method of [rk4, bosh3, dopri5]) {
    const { exact, residual } = verifyMethod(method)
    assert.ok(exact)
    assert.is(residual, 0)
  }
})

test('stability on the axes: known intervals', () => {
  // Hairer & Wanner, Solving ODEs II, §IV.2: 2.785 and √8 for the classical method, √3 for order 3
  const { real, imaginary } = verifyMethod(rk4).stability
  assert.ok(Math.abs(real - 2.785) < 2e-3)
  assert.ok(Math.abs(imaginary - Math.sqrt(8)) < 2e-3)
  assert.ok(Math.abs(verifyMethod(bosh3).stability.imaginary - Math.sqrt(3)) < 2e-3)
})

test('a wrong digit is found', () => {
  const wrong = defineTableau({ ...rk4, name: 'wrong', b: [1 / 6, 1 / 3 + 1e-9, 1 / 3 - 1e-9, 1 / 6] })
  const { order, agrees } = verifyMethod(wrong)
  // Σ bᵢcᵢ = 1/2 still holds since c₂ = c₃; a condition of order 3 does not
  assert.is(order, 2)
  assert.not(agrees)
})

test('fsal is derived', () => {
  assert.ok(dopri5.fsal)
  assert.ok(bosh3.fsal)
  assert.not(rk4.fsal)
})

const good = { name: 'good', order: 2, c: [0, 1], a: [[], [1]], b: [0.5, 0.5], source: 'test' }
const bad: readonly (readonly [string, object, RegExp])[] = [
  ['row sum', { a: [[], [0.9]] }, /row 1 of a to sum to c/],
  ['Σb', { b: [0.5, 0.4] }, /Σb = 1/],
  ['shape of a', { a: [[], [0.5, 0.5]] }, /row 1 of a with 1 entries/],
  ['number of rows', { a: [[]] }, /2 rows of a/],
  ['not explicit', { c: [0.5, 1] }, /start with 0/],
  ['Σ bError', { bError: [0.5, 0.5] }, /Σ bError = 0/],
  ['dense rows', { dense: { order: 1, b: [[1]] } }, /2 dense polynomials/],
]

for (const [what, change, says] of bad)
  test(`refused when defined: ${what}`, () => {
    assert.throws(() => defineTableau({ ...good, ...change }), says)
  })

test('only tableaus can be verified', () => {
  assert.throws(() => verifyMethod(leapfrog), /explicit Runge–Kutta/)
})

test.run()
