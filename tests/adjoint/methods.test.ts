import assert from 'node:assert/strict'
import { checkGradients, type Sensitivity, sensitivity } from '@separatrix/adjoint'
import * as ode from '@separatrix/ode'
import { test } from 'uvu'
import { entangled, forced, mixedLoss, mixedTimes, oscillators } from './problems.js'

/** Every method that the solvers export: a new one is tried as soon as it exists. */
const methods = Object.values(ode).filter(
  (value): value is ode.Method => typeof value === 'object' && value !== null && 'kernel' in value,
)
const differentiable = ({ name, family }: ode.Method) =>
  family === 'explicit' ||
  family === 'symplectic' ||
  family === 'extrapolation' ||
  name === 'implicitMidpoint'
const interleaved = { q: [0, 2], p: [1, 3] }

for (const method of methods.filter(differentiable))
  test(`${method.name}: discrete = forward = differences, outputs inside steps`, () => {
    const split = method.family === 'symplectic'
    const { field, y0, span } = split ? oscillators : forced
    const chosen = split ? ode.partitioned(method as ode.Splitting, interleaved) : method
    const step = 0.11
    const options = { method: chosen, step, saveAt: mixedTimes(span, step), loss: mixedLoss, entries: 3 }
    for (const { block, via, against, error } of checkGradients(field, y0, span, options)) {
      // as in sensitivity.test.ts; methods of high order have coefficients up to 1e3 in their interpolants,
      // which cancel and take three digits with them
      const bound = against === 'forward' ? 1e-11 : 1e-8
      // outputs at ends of steps have a kink in t₀; see sensitivity.test.ts
      if (block === 't0' && against === 'differences') continue
      assert.ok(error < bound, `${block} via ${via} against ${against}: ${error}`)
    }
  })

test('more than twenty methods were tried, and the others are refused', () => {
  assert.ok(methods.filter(differentiable).length > 20, methods.map((m) => m.name).join())
  const { field, y0, span } = forced
  for (const method of methods.filter((m) => !differentiable(m))) {
    const options = { method, step: 0.1, loss: mixedLoss }
    assert.throws(() => checkGradients(field, y0, span, options), /whose steps can be differentiated/)
  }
})

test('gbs, order and step chosen: discrete = forward, and both are right up to tolerances', () => {
  const { field, y0, span } = forced
  const saveAt = mixedTimes(span, 0.11)
  const at = (via: 'discrete' | 'forward', rtol: number, method: ode.Method = ode.gbs) =>
    sensitivity(field, y0, span, { method, rtol, atol: rtol, saveAt, loss: mixedLoss, via })
  const exact = at('forward', 1e-12, ode.dopri5)
  const all = ({ dy0, dtheta, dt0, dt1 }: Sensitivity) => [...dy0, ...dtheta, dt0, dt1]
  for (const tolerance of [1e-4, 1e-7, 1e-10]) {
    const [one, other] = [at('discrete', tolerance), at('forward', tolerance)]
    all(one).forEach((v, k) => {
      const size = Math.max(1, Math.abs(all(exact)[k]))
      assert.ok(Math.abs(v - all(other)[k]) < 1e-12 * size, `${k}: ${v} ${all(other)[k]}`)
      // some tens of tolerances
      assert.ok(Math.abs(v - all(exact)[k]) < 100 * tolerance * size, `${k}: ${v} ${all(exact)[k]}`)
    })
  }
  const checkpoints = {
    method: ode.gbs,
    rtol: 1e-6,
    atol: 1e-6,
    loss: mixedLoss,
    checkpoints: 3,
    breakpoints: [1],
  }
  assert.throws(
    () => sensitivity(field, y0, span, { ...checkpoints, via: 'discrete' }),
    /chooses its order step by step/,
  )
})

test('leapfrog on a field that is not separable, long: the implicit function rule step by step', () => {
  const { field, y0 } = entangled
  const options = { method: ode.leapfrog, step: 0.05, loss: mixedLoss, entries: 2, saveAt: [1, 5] }
  // the output at t = 1 has a kink in t₀
  for (const { error, against, block } of checkGradients(field, y0, [0, 5], options))
    if (block !== 't0' || against === 'forward')
      assert.ok(error < (against === 'forward' ? 1e-12 : 1e-8), `${block} against ${against}: ${error}`)
})

test.run()
