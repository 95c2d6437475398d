import assert from 'node:assert/strict'
import { checkGradients, type SolutionLoss, sensitivity } from '@separatrix/adjoint'
import { expression, interpret, system } from '@separatrix/field'
import { dopri5, euler, implicitMidpoint, leapfrog, rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'
import { cases, forced, lotkaVolterra, mixedLoss, mixedTimes, neural } from './problems.js'

const endpoint = (i: number): SolutionLoss => ({
  value: (y) => y.get(y.shape[0] - 1, i),
  gradient: (y, dy) => {
    dy.set(y.shape[0] - 1, i, 1)
  },
})

for (const { name, problem, options } of cases)
  for (const saveAt of [mixedTimes(problem.span, options.step), undefined])
    test(`${name}, ${saveAt ? 'chosen times' : 'every step'}: discrete = forward = differences`, () => {
      const { field, y0, span } = problem
      const errors = checkGradients(field, y0, span, { ...options, saveAt, loss: mixedLoss, entries: 3 })
      for (const { block, via, against, error, uncertainty } of errors) {
        // reverse and forward take the same products in another order: in at most 40 steps of a dozen
        // operations rounding grows to some 1e-14 of a block's largest entry. Differences: 1e-16 of the loss
        // (of size 10) over a step of 6e-5 and more, hence 1e-11, against entries of size 1
        const bound = against === 'forward' ? 1e-13 : 1e-9
        // outputs at ends of steps pass to the next as t₀ moves, where differences have a kink
        if (block === 't0' && against === 'differences') continue
        assert.ok(error <= bound, `${block} via ${via} against ${against}: ${error} (± ${uncertainty})`)
      }
    })

test('x′ = ax: the gradient of the computed solution is that of the power of its step', () => {
  const field = system({ state: ['x'], params: { a: -0.8 }, dynamics: { x: 'a*x' } })
  const h = 0.1
  const z = -0.8 * h
  // y¹ = R(z)y: after N steps ∂/∂y₀ = R^N and ∂/∂a = N R^(N−1) R′(z) h y₀
  const amplification = [
    { method: euler, R: 1 + z, slope: 1 },
    { method: rk4, R: 1 + z + z ** 2 / 2 + z ** 3 / 6 + z ** 4 / 24, slope: 1 + z + z ** 2 / 2 + z ** 3 / 6 },
    { method: implicitMidpoint, R: (1 + z / 2) / (1 - z / 2), slope: 1 / (1 - z / 2) ** 2 },
  ]
  for (const { method, R, slope } of amplification) {
    const { value, dy0, dtheta } = sensitivity(field, [2], [0, 1], {
      method,
      step: h,
      via: 'discrete',
      loss: endpoint(0),
      saveAt: [1],
    })
    // ten steps of a few roundings each
    for (const [found, expected] of [
      [value, 2 * R ** 10],
      [dy0[0], R ** 10],
      [dtheta[0], 10 * R ** 9 * slope * h * 2],
    ])
      assert.ok(Math.abs(found - expected) <= 1e-14 * Math.abs(expected), `${method.name}: ${found}`)
  }
})

test('Lotka–Volterra at tight tolerance: the gradient of the exact flow', () => {
  const { field, y0 } = lotkaVolterra
  const options = { method: dopri5, rtol: 1e-12, atol: 1e-12, saveAt: [10], loss: endpoint(0) }
  const { value, dy0 } = sensitivity(field, y0, [0, 10], { ...options, via: 'discrete' })
  // reference u(10) = 1.026344767567509; the error of a solve is about a hundred tolerances
  assert.ok(Math.abs(value - 1.026344767567509) < 1e-9)
  // the invariant d·u − c·log u + b·v − a·log v has gradient (d − c/u, b − a/v); along the flow it is
  // constant, so that ∂I(y(10))/∂y₀ = ∇I(y₀), a combination of both endpoint gradients
  const { dy0: dv, value: v } = sensitivity(field, y0, [0, 10], {
    ...options,
    via: 'discrete',
    loss: endpoint(1),
  })
  const [weightU, weightV] = [1 - 3 / value, 1 - 1.5 / v]
  const along = [0, 1].map((i) => weightU * dy0[i] + weightV * dv[i])
  assert.ok(Math.abs(along[0] - (1 - 3)) < 1e-8 && Math.abs(along[1] - (1 - 1.5)) < 1e-8, `${along}`)
})

test('a field that jumps at breakpoints: every step is differentiated on its own side', () => {
  const field = system({
    state: ['x'],
    params: { a: -0.7, b: 1.3 },
    dynamics: { x: 'a*x + b*sign(t - 0.5)*x^2 + sign(t - 0.8)' },
  })
  for (const method of [euler, rk4, dopri5, implicitMidpoint]) {
    const options = { method, step: 0.1, breakpoints: [0.5, 0.8], saveAt: [0.45, 0.5, 0.55, 0.8, 1] }
    const errors = checkGradients(field, [0.4], [0, 1], { ...options, loss: mixedLoss })
    // as above; here the whole of a block is one number of size 1
    for (const { block, error, against } of errors.filter((e) => e.block !== 't0' || e.against === 'forward'))
      assert.ok(
        error < (against === 'forward' ? 1e-13 : 1e-9),
        `${method.name}, ${block}: ${error} (${against})`,
      )
  }
})

for (const { name, problem, options } of cases)
  test(`${name}: t0 and t1, outputs away from the ends of steps`, () => {
    const { field, y0, span } = problem
    const direction = Math.sign(span[1] - span[0])
    // the first inside the second step, which differences move by a quarter of at most
    const saveAt = [span[0], span[0] + direction * 0.1, span[0] + direction * 0.385, span[1]]
    const errors = checkGradients(field, y0, span, { ...options, saveAt, loss: mixedLoss, entries: 1 })
    // as above; an adaptive solve may have a step end near an output, and says so by the uncertainty
    for (const { block, via, against, error, uncertainty } of errors.filter(({ block }) =>
      /^t[01]$/.test(block),
    ))
      assert.ok(
        error <= (against === 'forward' ? 1e-12 : 1e-8 + 4 * uncertainty),
        `${block} via ${via} against ${against}: ${error} (± ${uncertainty})`,
      )
  })

test('θ of the call, not of the field, is what is differentiated at', () => {
  const { field, y0, span } = lotkaVolterra
  const theta = [1.1, 0.9, 2.5, 1.2]
  const options = { method: rk4, step: 0.05, saveAt: [1, 2], via: 'discrete', loss: mixedLoss } as const
  const changed = { ...field, theta: Float64Array.from(theta) }
  const given = sensitivity(field, y0, span, { ...options, theta })
  const own = sensitivity(changed, y0, span, options)
  assert.deepEqual([given.value, given.dy0, given.dtheta], [own.value, own.dy0, own.dtheta])
})

test('the loss sees what solve returns', () => {
  const { field, y0, span } = forced
  for (const saveAt of [undefined, mixedTimes(span), 'end', { everySteps: 3 }] as const) {
    const options = { method: dopri5, rtol: 1e-6, atol: 1e-6, saveAt }
    const { y } = solve(field, y0, span, options)
    let seen: ArrayLike<number> = []
    const { dy0 } = sensitivity(field, y0, span, {
      ...options,
      via: 'discrete',
      loss: {
        value(given) {
          seen = given.data.slice()
          assert.deepEqual(given.shape, y.shape)
          return 0
        },
        gradient(_y, dy) {
          assert.deepEqual(dy.shape, y.shape)
          assert.ok(dy.data.every((v) => v === 0))
        },
      },
    })
    assert.deepEqual(seen, y.data)
    assert.deepEqual(dy0, new Float64Array(3))
  }
})

test('a solve that ends early says so, and gives no gradient', () => {
  const blowUp = system({ state: ['x'], params: { a: 1 }, dynamics: { x: 'a*x^2' } })
  const { value, dy0, dtheta, status, message } = sensitivity(blowUp, [1], [0, 2], {
    method: dopri5,
    rtol: 1e-6,
    atol: 1e-6,
    saveAt: [2],
    via: 'discrete',
    loss: endpoint(0),
  })
  assert.notEqual(status, 'success')
  assert.ok(message.length > 0)
  assert.ok([value, ...dy0, ...dtheta].every(Number.isNaN))
})

test('what has no derivative is refused', () => {
  const options = { method: rk4, step: 0.1, via: 'discrete', loss: endpoint(0) } as const
  const plain = (_t: number, y: Float64Array, dydt: Float64Array) => dydt.set(y)
  assert.throws(
    () => sensitivity(plain as unknown as typeof neural.field, [1], [0, 1], options),
    /expected a field, whose derivatives are known, got a function/,
  )
  const strange = { ...leapfrog, family: 'strange' as 'symplectic' }
  assert.throws(
    () => sensitivity(neural.field, neural.y0, [0, 1], { ...options, method: strange }),
    /whose steps can be differentiated/,
  )
})

test('an expression of the end: chain rule through the value and gradient fields', () => {
  // L = V(y(T)) with V's own gradient graph as ∂L/∂y
  const V = expression('u^2*v + sin(v)', ['u', 'v'])
  const loss: SolutionLoss = {
    value: (y) => interpret(V, 0, y.data.slice(-2))[0],
    gradient(y, dy) {
      const [u, v] = y.data.slice(-2)
      dy.data.set([2 * u * v, u * u + Math.cos(v)], dy.data.length - 2)
    },
  }
  const { field, y0, span } = lotkaVolterra
  const errors = checkGradients(field, y0, span, { method: rk4, step: 0.1, loss })
  assert.ok(errors.every(({ error }) => error < 1e-9))
})

test.run()
