import assert from 'node:assert/strict'
import { expression, type Field, interpret, jacobian, partialDerivative } from '@separatrix/field'
import { combine } from '@separatrix/field/core'
import { test } from 'uvu'
import { closedFields, samplePoint } from './fields.js'

/** ∂f/∂xᵢ by its column of the Jacobian. */
const column = (f: Field, axis: number): Field => {
  const J = jacobian(f)
  const rows = Array.from({ length: f.outputSize }, (_, i) => i * f.stateSize + axis)
  return combine([J], (b, place) => b.gather(place(J), rows))
}

for (const f of closedFields.filter(({ nodes }) => nodes.length < 400))
  test(`${f.name}: ∂ᵏf/∂xᵢᵏ is the derivative of ∂ᵏ⁻¹f/∂xᵢᵏ⁻¹`, () => {
    const axis = f.stateSize - 1
    const x = samplePoint(f.stateSize)
    let repeated = f
    for (let order = 0; order <= 3; order++) {
      const [ours, theirs] = [partialDerivative(f, { axis, order }), repeated].map((g) =>
        interpret(g, 0.2, x),
      )
      ours.forEach((v, i) => {
        // the same sums and products in another order: a few hundred roundings of 1e-16, times what cancels
        assert.ok(Math.abs(v - theirs[i]) <= 1e-11 * (1 + Math.abs(v)), `order ${order}: ${v}, ${theirs[i]}`)
      })
      repeated = column(repeated, axis)
    }
  })

test('the tenth derivatives of functions whose derivatives are known', () => {
  const orders: readonly (readonly [string, (x: number) => number])[] = [
    ['exp(2*x)', (x) => 2 ** 10 * Math.exp(2 * x)],
    ['sin(x)', (x) => -Math.sin(x)],
    ['log(x)', (x) => -362880 / x ** 10],
    ['1/x', (x) => 3628800 / x ** 11],
    ['x^12', (x) => (479001600 / 2) * x * x],
    ['sqrt(x)', (x) => -(34459425 / 1024) * x ** -9.5],
  ]
  for (const [text, expected] of orders) {
    const [value] = interpret(partialDerivative(expression(text, ['x']), { axis: 0, order: 10 }), 0, [0.7])
    // Leibniz's rule: ten levels of sums, whose terms grow like 10! against results that do as well
    assert.ok(Math.abs(value / expected(0.7) - 1) < 1e-9, `${text}: ${value}`)
  }
})

test('an axis or an order that is none is refused', () => {
  const f = expression('x^2', ['x'])
  for (const wrong of [
    { axis: 1, order: 1 },
    { axis: 0, order: -1 },
    { axis: 0, order: 0.5 },
  ])
    assert.throws(() => partialDerivative(f, wrong), /partialDerivative: expected an axis below 1/)
})

test.run()
