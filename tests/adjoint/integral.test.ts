// Running costs: one more state, in every way.
import assert from 'node:assert/strict'
import {
  checkGradients,
  type Sensitivity,
  type SolutionLoss,
  sensitivity,
  type Via,
} from '@separatrix/adjoint'
import { expression, system } from '@separatrix/field'
import { dopri5, type Event, implicitMidpoint, leapfrog, rk4 } from '@separatrix/ode'
import { test } from 'uvu'
import { forced, lotkaVolterra, mixedLoss } from './problems.js'

const cost = expression('u^2 + a*v*sin(t) + k', ['u', 'v'], { a: 100, k: 0.5 })
const vias: readonly Via[] = [
  'discrete',
  'forward',
  'backsolve',
  'interpolated',
  'quadrature',
  'gaussKronrod',
  'reversible',
]
const entries = ({ dy0, dtheta, dt0, dt1 }: Sensitivity) => [...dy0, ...dtheta, dt0, dt1]
const deviation = (one: Sensitivity, other: Sensitivity) => {
  const [a, b] = [entries(one), entries(other)]
  assert.equal(a.length, b.length)
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]))) / Math.max(...b.map(Math.abs))
}

test('x′ = −kx: ∫(x² + w)dt and its gradient in closed form, with and without a loss', () => {
  const field = system({ state: ['x'], params: { k: 0.7, w: 2 }, dynamics: { x: '-k*x' } })
  const integral = expression('x^2 + w', ['x'], { w: 1 })
  const [k, w, x, t] = [0.7, 2, 1.5, 2]
  const decay = Math.exp(-2 * k * t)
  const exact = {
    value: (x * x * (1 - decay)) / (2 * k) + w * t,
    dx: (x * (1 - decay)) / k,
    dk: (x * x * (2 * k * t * decay - (1 - decay))) / (2 * k * k),
    dw: t,
    dt1: x * x * decay + w,
  }
  const end: SolutionLoss = { value: (y) => y.get(0, 0), gradient: (_y, dy) => dy.set(0, 0, 1) }
  for (const via of vias)
    for (const loss of [undefined, end])
      for (const saveAt of ['end', [t]] as const) {
        const options = { method: dopri5, rtol: 1e-11, atol: 1e-11, saveAt, integral, loss, via }
        const { value, dy0, dtheta, dt0, dt1 } = sensitivity(field, [x], [0, t], options)
        const [own, one] = loss ? [x * Math.exp(-k * t), 1] : [0, 0]
        assert.equal(dy0.length, 1)
        // a hundred tolerances; the reversible scheme is coupled and errs more
        for (const [found, expected] of [
          [value, exact.value + own],
          [dy0[0], exact.dx + (one * own) / x],
          [dtheta[0], exact.dk - t * own],
          [dtheta[1], exact.dw],
          [dt1, exact.dt1 - k * own],
          [dt0, k * own - exact.dt1],
        ])
          assert.ok(Math.abs(found - expected) < 1e-8, `${via}: ${found} ${expected}`)
      }
})

test('discrete = forward = differences, the loss seeing the outputs that were asked for', () => {
  const { field, y0, span } = lotkaVolterra
  for (const method of [rk4, implicitMidpoint])
    for (const saveAt of [[0.31, 1.27], 'end', undefined] as const) {
      const loss: SolutionLoss = {
        value(y, events) {
          if (Array.isArray(saveAt)) assert.equal(y.shape[0], 2)
          return mixedLoss.value(y, events)
        },
        gradient: mixedLoss.gradient,
      }
      const options = { method, step: 0.07, saveAt, loss, integral: cost }
      for (const { block, via, against, error } of checkGradients(field, y0, span, options))
        assert.ok(error < (against === 'forward' ? 1e-12 : 1e-8), `${block} ${via} ${against} ${error}`)
    }
})

test('every way, adaptive: against forward sensitivities', () => {
  const { field, y0, span } = lotkaVolterra
  const options = {
    method: dopri5,
    rtol: 1e-9,
    atol: 1e-9,
    saveAt: [0.31, 1.27],
    loss: mixedLoss,
    integral: cost,
  }
  const reference = sensitivity(field, y0, span, { ...options, rtol: 1e-12, atol: 1e-12, via: 'forward' })
  for (const via of vias) {
    const error = deviation(sensitivity(field, y0, span, { ...options, via }), reference)
    assert.ok(error < 1e-6, `${via}: ${error}`)
  }
})

test('until a terminal event, and over resets', () => {
  const ball = system({ state: ['h', 'v'], params: { g: 9.81, keep: 0.8 }, dynamics: { h: 'v', v: '-g' } })
  const bounce: Event = {
    when: expression('h', ['h', 'v']),
    direction: 'falling',
    reset: system({ state: ['h', 'v'], params: { keep: 1 }, dynamics: { h: 'h', v: '-keep*v' } }),
  }
  // until the first landing from rest at h: ∫v² dt = g²t³/3 with t = √(2h/g), so (2√2/3) g^½ h^(3/2)
  const integral = expression('v^2', ['h', 'v'])
  for (const via of vias.filter((v) => v !== 'reversible'))
    for (const saveAt of ['end', [0.1, 2]] as const) {
      const options = { method: dopri5, rtol: 1e-10, atol: 1e-10, saveAt, integral, via }
      const events = [{ ...bounce, terminal: true }]
      const { value, dy0, dtheta, status } = sensitivity(ball, [1, 0], [0, 2], { ...options, events })
      const exact = ((2 * Math.SQRT2) / 3) * Math.sqrt(9.81)
      assert.equal(status, 'terminated')
      for (const [found, expected] of [
        [value, exact],
        [dy0[0], 1.5 * exact],
        [dtheta[0], exact / (2 * 9.81)],
      ])
        assert.ok(Math.abs(found - expected) < 1e-7, `${via}: ${found} ${expected}`)
      const over = { ...options, events: [bounce] }
      const [own, reference] = [via, 'forward' as const].map((v) =>
        sensitivity(ball, [1, 0.2], [0, 1.3], { ...over, saveAt: 'end', via: v }),
      )
      assert.ok(deviation(own, reference) < 1e-6, `${via}: ${deviation(own, reference)}`)
    }
})

test('what makes no sense is refused', () => {
  const { field, y0, span } = forced
  const given = { method: rk4, step: 0.1, via: 'discrete' } as const
  const attempt = (options: object) => () => sensitivity(field, y0, span, { ...given, ...options })
  assert.throws(attempt({}), /expected a loss, or an integral, got neither/)
  assert.throws(attempt({ integral: expression('x', ['x']) }), /a scalar field on 3 states/)
  const integral = expression('x', ['x', 'v', 'z'])
  assert.throws(attempt({ integral, saveAt: { everySteps: 2 } }), /every step/)
  const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-sin(q)' } })
  const energy = expression('p^2', ['q', 'p'])
  assert.throws(
    () => sensitivity(swing, [1, 0], [0, 1], { ...given, method: leapfrog, integral: energy }),
    /neither a position nor a momentum.*Try implicitMidpoint/,
  )
})

test.run()
