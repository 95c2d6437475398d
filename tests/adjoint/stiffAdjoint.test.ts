import { sensitivity } from '@separatrix/adjoint'
import { system } from '@separatrix/field'
import { dopri5, radau5, rodas5p } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('gradients through stiff solves')

const oscillator = system({
  state: ['x', 'v'],
  params: { mu: 10 },
  dynamics: { x: 'v', v: 'mu*((1 - x^2)*v - x)' },
})
const loss = {
  value: (y: { data: Float64Array }) => y.data[0] ** 2,
  gradient: (y: { data: Float64Array }, dy: { data: Float64Array }) => {
    dy.data[0] = 2 * y.data[0]
  },
}
const options = { rtol: 1e-8, atol: 1e-8, saveAt: [1], loss } as const
const expected = sensitivity(oscillator, [2, 0], [0, 1], {
  ...options,
  method: dopri5,
  rtol: 1e-10,
  atol: 1e-10,
  via: 'discrete',
})

for (const method of [rodas5p, radau5])
  for (const via of ['interpolated', 'quadrature'] as const)
    test(`${method.name}, ${via}: reads the polynomials that were kept`, () => {
      const found = sensitivity(oscillator, [2, 0], [0, 1], { ...options, method, via })
      // dense output of order 3 over steps of 1e-2 and tolerances of 1e-8
      assert.ok(Math.abs(found.dtheta[0] - expected.dtheta[0]) < 1e-5 * Math.abs(expected.dtheta[0]))
      for (const i of [0, 1]) assert.ok(Math.abs(found.dy0[i] - expected.dy0[i]) < 1e-5)
    })

test('steps that cannot be differentiated are refused', () => {
  assert.throws(
    () => sensitivity(oscillator, [2, 0], [0, 1], { ...options, method: rodas5p, via: 'discrete' }),
    /differentiated/,
  )
})

test.run()
