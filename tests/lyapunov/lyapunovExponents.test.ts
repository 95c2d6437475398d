import assert from 'node:assert/strict'
import { system } from '@separatrix/field'
import { lorenz, lyapunovExponents, vanDerPol } from '@separatrix/lyapunov'
import { tsit5 } from '@separatrix/ode'
import { test } from 'uvu'

const tight = { method: tsit5, rtol: 1e-9, atol: 1e-9 }

test('a linear field: the real parts of its eigenvalues', () => {
  // a spiral with −0.2 ± 2i, and −1 coupled to it
  const field = system({
    state: ['x', 'y', 'z'],
    dynamics: { x: '-0.2*x - 2*y + z', y: '2*x - 0.2*y', z: '-z' },
  })
  const { exponents } = lyapunovExponents(field, [1, 0, 1], { ...tight, time: 400 })
  const expected = [-0.2, -0.2, -1]
  // the first directions turn into place within a few units of time: an error of O(1/time)
  expected.forEach((e, j) => {
    assert.ok(Math.abs(exponents[j] - e) < 5e-3, `${exponents}`)
  })
})

test('Lorenz: the accepted values within their errors, and their sum −(σ + 1 + β) to the tolerance', () => {
  const { exponents, standardErrors, status } = lyapunovExponents(lorenz(), [1, 1, 1], {
    ...tight,
    transient: 20,
    time: 300,
  })
  assert.equal(status, 'success')
  const accepted = [0.9056, 0, -14.5723]
  accepted.forEach((e, j) => {
    assert.ok(Math.abs(exponents[j] - e) < 4 * standardErrors[j] + 5e-3, `${exponents} ± ${standardErrors}`)
  })
  assert.ok(standardErrors[0] < 0.05)
  // the divergence is constant; tangents are solved to 1e-9 a step
  assert.ok(Math.abs(exponents.reduce((s, v) => s + v, 0) + 10 + 1 + 8 / 3) < 1e-6)
})

test('a solution that blows up says so; what cannot be is refused', () => {
  const { status, message } = lyapunovExponents(vanDerPol(), [3, 3], { ...tight, time: 50 })
  assert.equal(status, 'failed')
  assert.ok(message.length > 0)
  assert.throws(() => lyapunovExponents(lorenz(), [1, 1], { ...tight, time: 1 }), /state of length 3/)
  assert.throws(() => lyapunovExponents(lorenz(), [1, 1, 1], { ...tight, time: 0 }), /positive time/)
  assert.throws(
    () => lyapunovExponents(lorenz(), [1, 1, 1], { ...tight, time: 1, count: 4 }),
    /count from 1 to 3/,
  )
})

test.run()
