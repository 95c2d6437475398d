import assert from 'node:assert/strict'
import { type GradientOptions, type Sensitivity, sensitivity, type Via, vias } from '@separatrix/adjoint'
import { system } from '@separatrix/field'
import {
  asynchronousLeapfrog,
  dopri5,
  euler,
  implicitMidpoint,
  kutta3,
  leapfrog,
  type Method,
  reversibleHeun,
  rk4,
  symplecticEuler,
} from '@separatrix/ode'
import { test } from 'uvu'
import { cases, forced, lotkaVolterra, mixedLoss, mixedTimes, neural, type Problem } from './problems.js'

const entries = ({ dy0, dtheta }: Sensitivity) => [...dy0, ...dtheta]

/** Largest deviation of two gradients, relative to the largest entry. */
function deviation(one: Sensitivity, other: Sensitivity): number {
  const [a, b] = [entries(one), entries(other)]
  assert.equal(a.length, b.length)
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]))) / Math.max(...b.map(Math.abs))
}

const gradient = (via: Via, { field, y0, span }: Problem, options: Omit<GradientOptions, 'loss'>) =>
  sensitivity(field, y0, span, { saveAt: mixedTimes(span), ...options, loss: mixedLoss, via })

for (const { name, problem, options } of cases)
  test(`${name}: checkpoints change nothing`, () => {
    const saveAt = mixedTimes(problem.span, options.step)
    const full = gradient('discrete', problem, { ...options, saveAt })
    for (const checkpoints of [1, 2, 3, 50]) {
      const kept = gradient('discrete', problem, { ...options, saveAt, checkpoints })
      // replayed step sizes t₁ − t₀ differ from the h of the record by the rounding of t, 1e-16 of at most
      // forty steps
      assert.ok(deviation(kept, full) < 1e-13, `${checkpoints}: ${deviation(kept, full)}`)
      assert.equal(kept.value, full.value)
    }
  })

const continuous = ['backsolve', 'interpolated', 'quadrature', 'gaussKronrod'] as const
const problems = [lotkaVolterra, forced, neural]

for (const via of continuous)
  for (const problem of problems) {
    test(`${via}, dopri5 on ${problem.field.name}: right up to tolerances`, () => {
      const reference = gradient('forward', problem, { method: dopri5, rtol: 1e-12, atol: 1e-12 })
      let before = Number.POSITIVE_INFINITY
      for (const tolerance of [1e-5, 1e-7, 1e-9]) {
        const error = deviation(
          gradient(via, problem, { method: dopri5, rtol: tolerance, atol: tolerance }),
          reference,
        )
        // the error of a solve over a span of 2 is some tens of tolerances, that of the seminorm's free
        // integrals more
        assert.ok(error < 1000 * tolerance && error < before, `${tolerance}: ${error}`)
        before = error
      }
    })

    for (const [method, order] of [
      [euler, 1],
      [implicitMidpoint, 2],
      [kutta3, 3],
      [rk4, 4],
    ] as readonly (readonly [Method, number])[])
      test(`${via}, ${method.name} on ${problem.field.name}: converges with the order ${order}`, () => {
        // outputs at common ends of steps, so that the order is the method's and not its interpolant's
        const [t0, t1] = problem.span
        const saveAt = [0, 0.25, 0.5, 0.5, 1].map((s) => t0 + s * (t1 - t0))
        const reference = gradient('forward', problem, { method: dopri5, rtol: 1e-12, atol: 1e-12, saveAt })
        const error = (step: number) => deviation(gradient(via, problem, { method, step, saveAt }), reference)
        const coarse = Math.abs(t1 - t0) / (method === euler ? 128 : 32)
        const rate = Math.log2(error(coarse) / error(coarse / 2))
        // the asymptotic rate is approached from either side; Hermite's cubic inside steps (order 4 locally)
        // may spoil a fourth order a little
        assert.ok(rate > order - 0.35, `${rate}`)
      })
  }

for (const method of [euler, kutta3, rk4, dopri5, reversibleHeun, asynchronousLeapfrog])
  for (const problem of problems)
    test(`reversible ${method.name} on ${problem.field.name}: the gradient of its own solution`, () => {
      const { field, y0, span } = problem
      const options = {
        method,
        step: method === euler ? 0.005 : 0.05,
        saveAt: mixedTimes(span),
        loss: mixedLoss,
        via: 'reversible',
      } as const
      const found = sensitivity(field, y0, span, options)
      const value = (k: number, shift: number) => {
        const [start, theta] = [Float64Array.from(y0), Float64Array.from(field.theta)]
        if (k < start.length) start[k] += shift
        else theta[k - start.length] += shift
        return sensitivity(field, start, span, { ...options, theta }).value
      }
      const scale = Math.max(...entries(found).map(Math.abs))
      entries(found).forEach((v, k) => {
        // central differences extrapolated once: truncation h⁴/500 times fifth derivatives (1/m⁵ for small
        // masses), hence h in proportion; rounding 1e-15·|L|/h = 1e-11
        const input = k < y0.length ? y0[k] : field.theta[k - y0.length]
        const h = 1e-3 * Math.max(0.1, Math.abs(input))
        const slope = (step: number) => (value(k, step) - value(k, -step)) / (2 * step)
        const estimate = (4 * slope(h / 2) - slope(h)) / 3
        assert.ok(Math.abs(v - estimate) < 1e-8 * scale, `${k}: ${v} against ${estimate}`)
      })
    })

for (const [method, order] of [
  [euler, 1],
  [reversibleHeun, 2],
  [asynchronousLeapfrog, 2],
  [kutta3, 3],
  [rk4, 4],
] as readonly (readonly [Method, number])[])
  test(`reversible ${method.name}: value and gradient converge with the order ${order}`, () => {
    const saveAt = [1, 2]
    const reference = gradient('forward', lotkaVolterra, { method: dopri5, rtol: 1e-13, atol: 1e-13, saveAt })
    const errors = [0.025, 0.0125].map((step) => {
      const found = gradient('reversible', lotkaVolterra, { method, step, saveAt })
      return [Math.abs(found.value - reference.value), deviation(found, reference)]
    })
    for (const i of [0, 1]) {
      const rate = Math.log2(errors[0][i] / errors[1][i])
      assert.ok(rate > order - 0.3, `${rate}`)
    }
  })

test('reversible, adaptive steps: near the exact gradient', () => {
  for (const problem of problems) {
    const options = { method: dopri5, rtol: 1e-9, atol: 1e-9 }
    const reference = gradient('forward', problem, { method: dopri5, rtol: 1e-12, atol: 1e-12 })
    // the coupled scheme errs about as its base method does at these steps, twice a step
    assert.ok(deviation(gradient('reversible', problem, options), reference) < 1e-6)
  }
})

test('methods that are split: every way is served or refused with a remedy', () => {
  const { problem, options } = cases.find((c) => c.options.method.name === 'leapfrog') ?? cases[0]
  const exact = gradient('forward', problem, { method: dopri5, rtol: 1e-10, atol: 1e-10 })
  for (const via of vias) {
    if (via === 'discrete' || via === 'forward') {
      // second order at steps of 0.06: some 1e-3, and more inside steps
      assert.ok(deviation(gradient(via, problem, options), exact) < 0.02, via)
    } else {
      assert.throws(() => gradient(via, problem, options), /Try .*via: 'discrete'/, via)
    }
  }
  for (const via of continuous) {
    const backward = { method: rk4, step: 0.01 }
    assert.ok(deviation(gradient(via, problem, { ...options, backward }), exact) < 0.02, via)
  }
})

test('backsolve loses a strongly contracting state between outputs, and interpolated does not', () => {
  const field = system({
    state: ['x'],
    params: { k: 40 },
    dynamics: { x: '-k*(x - cos(t)) - k*(x - cos(t))^3' },
  })
  const problem = { field, y0: [2], span: [0, 2] } as const
  const options = { method: dopri5, rtol: 1e-8, atol: 1e-8, saveAt: [2] }
  const exact = gradient('forward', problem, { ...options, rtol: 1e-11, atol: 1e-11 })
  const error = (via: Via) => deviation(gradient(via, problem, options), exact)
  assert.ok(error('interpolated') < 1e-5 && error('quadrature') < 1e-5 && error('discrete') < 1e-5)
  // on the way back an error grows as e^(40t) until the cubic term takes it to infinity: said, not returned
  const { status, message } = gradient('backsolve', problem, options)
  assert.notEqual(status, 'success')
  assert.match(message, /backwards/)
})

test('ways that lose the solution say so and return nothing', () => {
  // contracts at 12 a unit of time: e^24 on the way back over two
  const field = system({
    state: ['x', 'y'],
    params: { k: 12 },
    dynamics: { x: '-k*(x - cos(t)) + 0.1*y', y: '-sin(x)' },
  })
  const problem = { field, y0: [0, 0], span: [0, 2] } as const
  const saveAt = [2]
  const options = { method: rk4, step: 0.01, saveAt }
  for (const via of ['backsolve', 'reversible'] as const) {
    const { status, message, value, dy0 } = gradient(via, problem, {
      ...options,
      ...(via === 'backsolve' ? { backward: { step: 0.02 } } : {}),
    })
    assert.equal(status, 'unstable', via)
    assert.match(message, /% of its size.*Try via: /)
    assert.ok([value, ...dy0].every(Number.isNaN))
  }
  // outputs close together, or a coupling that damps, are the remedies that the messages name
  const reference = gradient('forward', problem, { method: dopri5, rtol: 1e-10, atol: 1e-10, saveAt })
  assert.ok(deviation(gradient('interpolated', problem, options), reference) < 1e-4)
  const dense = Array.from({ length: 41 }, (_, i) => i / 20)
  assert.equal(gradient('backsolve', problem, { ...options, saveAt: dense }).status, 'success')
  assert.equal(gradient('reversible', problem, { ...options, coupling: 0.8 }).status, 'success')
})

test('a backward solve that fails gives its status and no numbers', () => {
  const options = { method: dopri5, rtol: 1e-8, atol: 1e-8, backward: { maxSteps: 3 } }
  for (const via of continuous) {
    const { status, message, value, dy0 } = gradient(via, lotkaVolterra, options)
    assert.equal(status, 'max-steps')
    assert.match(message, /backwards.*Trying via: 'discrete'/)
    assert.ok([value, ...dy0].every(Number.isNaN))
  }
})

test('settings of ways that make no sense are refused', () => {
  const wrong = { method: rk4, step: 0.1 }
  assert.throws(() => gradient('discrete', lotkaVolterra, { ...wrong, checkpoints: 0 }), /checkpoints/)
  assert.throws(() => gradient('upwards' as Via, lotkaVolterra, wrong), /expected a way \(discrete, forward/)
  assert.throws(() => gradient('reversible', lotkaVolterra, { ...wrong, coupling: 0 }), /coupling λ/)
  const split = { method: symplecticEuler, step: 0.1 }
  assert.throws(() => gradient('reversible', lotkaVolterra, { ...split, method: leapfrog }), /reversible/)
})

test('no outputs, no gradient', () => {
  for (const via of vias) {
    const { value, dy0, dtheta } = gradient(via, lotkaVolterra, { method: rk4, step: 0.1, saveAt: [] })
    assert.equal(value, 0)
    assert.ok([...dy0, ...dtheta].every((v) => v === 0))
  }
})

test.run()
