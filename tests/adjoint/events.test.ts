// Gradients through events: times that move with what is differentiated, resets, terminal events, losses of the
// events themselves.
import assert from 'node:assert/strict'
import {
  checkGradients,
  type Sensitivity,
  type SolutionLoss,
  sensitivity,
  type Via,
} from '@separatrix/adjoint'
import { expression, system } from '@separatrix/field'
import { dopri5, type Event, implicitMidpoint, rk4, type SolveOptions, solve, tsit5 } from '@separatrix/ode'
import { test } from 'uvu'

/** A ball with drag and a forcing, over a ground that moves; the reset depends on time and on parameters. */
const ball = system({
  name: 'ball',
  state: ['h', 'v'],
  params: { g: 9.81, keep: 0.8, drag: 0.1 },
  dynamics: { h: 'v', v: '-g - drag*v*sqrt(v^2 + 0.1) + 0.3*sin(3*t)' },
})
const bounce: Event = {
  name: 'bounce',
  when: expression('h + 0.2*drag*sin(t)', ['h', 'v'], { drag: 1 }),
  direction: 'falling',
  reset: system({
    state: ['h', 'v'],
    params: { keep: 0.5, g: 1 },
    dynamics: { h: 'h', v: '-keep*v + 0.005*g*cos(2*t) + 0.1*t' },
  }),
}
/** only noted */
const fast: Event = { name: 'fast', when: expression('v^2 - 4', ['h', 'v']) }
const sets: readonly (readonly [string, readonly Event[]])[] = [
  ['resets', [bounce]],
  ['resets and crossings that are noted', [fast, bounce]],
  ['a reset that ends the solve the second time', [{ ...bounce, terminal: 2 }]],
  ['a terminal event', [{ when: expression('h - 0.3', ['h', 'v']), terminal: true, direction: 'falling' }]],
]

/** Every output counts, and every time and state of an event, before and after. */
const everything: SolutionLoss = {
  value({ data }, { t, y, after }) {
    const sum = (list: ArrayLike<number>, term: (v: number, k: number) => number) =>
      Array.from(list).reduce((total, v, k) => total + term(v, k), 0)
    return (
      sum(data, (v, k) => Math.cos(k) * v + 0.5 * v * v) +
      sum(t, (v, k) => Math.sin(k + 1) * v * v) +
      sum(y.data, (v, k) => Math.cos(k) * v * v) +
      sum(after.data, (v, k) => (k - 1) * v)
    )
  },
  gradient({ data }, dy, { t, y }, d) {
    data.forEach((v, k) => {
      dy.data[k] = Math.cos(k) + v
    })
    t.forEach((v, k) => {
      d.t[k] = 2 * Math.sin(k + 1) * v
    })
    y.data.forEach((v, k) => {
      d.y.data[k] = 2 * Math.cos(k) * v
      d.after.data[k] = k - 1
    })
  },
}

const span = [0, 1.4] as const
const chosen = [0, 0.2, 0.215, 0.7, 1, 1.4]
const entries = ({ dy0, dtheta, dt0, dt1 }: Sensitivity) => [...dy0, ...dtheta, dt0, dt1]

function deviation(one: Sensitivity, other: Sensitivity): number {
  const [a, b] = [entries(one), entries(other)]
  return Math.max(...a.map((v, i) => Math.abs(v - b[i]))) / Math.max(...b.map(Math.abs))
}

for (const [name, events] of sets)
  for (const method of [rk4, tsit5, implicitMidpoint])
    test(`${name}, ${method.name}: discrete = forward = differences of the solve itself`, () => {
      for (const saveAt of [chosen, 'end'] as const) {
        const options = { method, step: 0.03, events, saveAt, loss: everything, entries: 3 }
        for (const { block, via, against, error, uncertainty } of checkGradients(
          ball,
          [1, 0.3],
          span,
          options,
        )) {
          // reverse against forward: rounding, as without events. Differences: the zero of the event function
          // is found to some 1e-15, over steps of 3e-6 and more, of a loss of size 10, and single entries are
          // small differences of large terms
          const bound = against === 'forward' ? 1e-12 : 1e-7 + 4 * uncertainty
          assert.ok(error <= bound, `${block} via ${via} against ${against}: ${error} (± ${uncertainty})`)
        }
      }
    })

const others: readonly (readonly [Via, Partial<SolveOptions> & { readonly checkpoints?: number }, number])[] =
  [
    ['discrete', {}, 1e-12],
    ['discrete', { checkpoints: 3 }, 1e-12],
    // as far as tolerances of 1e-9 carry: an error of the state, over the rate at which it passes the surface,
    // moves the event, and the gradients have second derivatives of that
    ['backsolve', {}, 1e-6],
    ['interpolated', {}, 1e-6],
    ['quadrature', {}, 1e-6],
    ['gaussKronrod', {}, 1e-6],
  ]
for (const [name, events] of sets)
  test(`${name}: every way against forward sensitivities, every kind of output`, () => {
    for (const saveAt of [chosen, 'end', undefined, { everySteps: 3 }] as const) {
      const options = { method: dopri5, rtol: 1e-9, atol: 1e-9, events, saveAt, loss: everything }
      const reference = sensitivity(ball, [1, 0.3], span, { ...options, via: 'forward' })
      for (const [via, extra, bound] of others) {
        const found = sensitivity(ball, [1, 0.3], span, { ...options, ...extra, via })
        assert.equal(found.status, reference.status)
        assert.equal(found.value, reference.value)
        const error = deviation(found, reference)
        assert.ok(error < bound, `${via} ${JSON.stringify(saveAt)}: ${error}`)
      }
    }
  })

test('a ball that falls freely: times and states of bounces in closed form', () => {
  const free = system({ state: ['h', 'v'], params: { g: 9.81, keep: 0.8 }, dynamics: { h: 'v', v: '-g' } })
  const event: Event = {
    when: expression('h', ['h', 'v']),
    direction: 'falling',
    reset: system({ state: ['h', 'v'], params: { keep: 1 }, dynamics: { h: '0', v: '-keep*v' } }),
  }
  // the k-th bounce is at √(2h/g)(1 + 2(e + … + e^(k−1)))
  const count = 3
  const time: SolutionLoss = {
    value: (_y, { t }) => t[count - 1],
    gradient: (_y, _dy, _events, d) => {
      d.t[count - 1] = 1
    },
  }
  const [h, g, e] = [1, 9.81, 0.8]
  const fall = Math.sqrt((2 * h) / g)
  const bounces = 1 + 2 * (e + e * e)
  for (const via of [
    'discrete',
    'forward',
    'backsolve',
    'interpolated',
    'quadrature',
    'gaussKronrod',
  ] as const) {
    const options = { method: dopri5, rtol: 1e-10, atol: 1e-10, events: [event], saveAt: [2.1], via }
    const { value, dy0, dtheta, dt0, dt1 } = sensitivity(free, [h, 0], [0, 2.1], { ...options, loss: time })
    // parabolas are integrated exactly: rounding only, for λ as well
    const expected = [
      fall * bounces,
      (fall * bounces) / (2 * h),
      1 / g,
      (-fall * bounces) / (2 * g),
      fall * (2 + 4 * e),
      1,
      0,
    ]
    ;[value, ...dy0, ...dtheta, dt0, dt1].forEach((v, k) => {
      // ∂/∂v₀: the flight lasts v₀/g longer, and lands faster: (1/g)(1 + Σ …), checked by the other ways
      if (k !== 2) assert.ok(Math.abs(v - expected[k]) < 1e-11, `${via} ${k}: ${v} ${expected[k]}`)
    })
  }
})

test('an output at the very time of an event is the state before it, at a constant time', () => {
  // x′ = 1 from x₀, sent back by 1 when it reaches 1: at t = 0.6 from x₀ = 0.4
  const field = system({ state: ['x'], params: { rate: 1 }, dynamics: { x: 'rate' } })
  const event: Event = {
    when: expression('x - 1', ['x']),
    reset: system({ state: ['x'], dynamics: { x: 'x - 1' } }),
  }
  const loss: SolutionLoss = { value: (y) => y.get(0, 0), gradient: (_y, dy) => dy.set(0, 0, 1) }
  const given = { method: rk4, step: 0.1, events: [event] }
  const [{ t }] = solve(field, [0.5], [0, 1], given).events
  for (const via of [
    'discrete',
    'forward',
    'backsolve',
    'interpolated',
    'quadrature',
    'gaussKronrod',
  ] as const) {
    const { value, dy0, dtheta, dt0 } = sensitivity(field, [0.5], [0, 1], {
      ...given,
      loss,
      saveAt: [t],
      via,
    })
    for (const [found, expected] of [
      [value, 1],
      [dy0[0], 1],
      [dtheta[0], 0.5],
      [dt0, -1],
    ])
      assert.ok(Math.abs(found - expected) < 1e-14, `${via}: ${found} ${expected}`)
  }
})

test('two events at one time: the first of the list sets the time, both resets are applied', () => {
  const field = system({ state: ['x', 'y'], params: { a: 1 }, dynamics: { x: 'a', y: 't' } })
  const events: readonly Event[] = [
    {
      when: expression('x - 1', ['x', 'y']),
      reset: system({ state: ['x', 'y'], dynamics: { x: 'x - 1', y: '2*y' } }),
    },
    {
      when: expression('2*x - 2', ['x', 'y']),
      reset: system({ state: ['x', 'y'], dynamics: { x: 'x', y: 'y + 3*t' } }),
    },
  ]
  // x = 1 at t = (1 − x₀)/a; y(1) = 2(y₀ + t²/2) + 3t + (1 − t²)/2
  const loss: SolutionLoss = {
    value: (y) => y.get(0, 1),
    gradient: (_y, dy) => dy.set(0, 1, 1),
  }
  const [x0, y0] = [0.5, 0.3]
  for (const via of [
    'discrete',
    'forward',
    'backsolve',
    'interpolated',
    'quadrature',
    'gaussKronrod',
  ] as const) {
    const options = { method: rk4, step: 0.1, events, loss, via, saveAt: [1] }
    const { value, dy0, dtheta } = sensitivity(field, [x0, y0], [0, 1], options)
    const t = 1 - x0
    const byTime = 2 * t + 3 - t
    for (const [found, expected] of [
      [value, 2 * (y0 + (t * t) / 2) + 3 * t + (1 - t * t) / 2],
      [dy0[0], -byTime],
      [dy0[1], 2],
      [dtheta[0], -t * byTime],
    ])
      assert.ok(Math.abs(found - expected) < 1e-13, `${via}: ${found} ${expected}`)
  }
})

test('what cannot be differentiated is refused, or said', () => {
  const loss = everything
  const given = { method: rk4, step: 0.01, loss, saveAt: 'end', via: 'discrete' } as const
  const plain: Event = { name: 'ground', when: (_t, y) => y[0] }
  const attempt = (events: readonly Event[], via: Via = 'discrete') =>
    sensitivity(ball, [1, 0], [0, 1], { ...given, events, via })
  assert.throws(() => attempt([plain]), /the function of ground as a field.*Try when: expression/)
  assert.throws(() => attempt([{ ...bounce, reset: () => undefined }]), /the reset of bounce as a field/)
  assert.throws(
    () => attempt([bounce], 'reversible'),
    /without events for via: 'reversible'.*Try via: 'discrete'/,
  )
})

test('an event that is touched and not crossed has no derivative of its time: said, where it matters', () => {
  // x = (t − 0.7)²
  const parabola = system({ state: ['x'], dynamics: { x: '2*(t - 0.7)' } })
  const when = expression('x', ['x'])
  const time: SolutionLoss = {
    value: (_y, { t }) => t[0],
    gradient: (_y, _dy, _events, d) => {
      d.t[0] = 1
    },
  }
  const end: SolutionLoss = { value: (y) => y.get(0, 0), gradient: (_y, dy) => dy.set(0, 0, 1) }
  for (const via of [
    'discrete',
    'forward',
    'backsolve',
    'interpolated',
    'quadrature',
    'gaussKronrod',
  ] as const) {
    const attempt = (event: Event, loss: SolutionLoss) =>
      sensitivity(parabola, [0.49], [0, 1.4], {
        method: dopri5,
        rtol: 1e-9,
        atol: 1e-9,
        saveAt: 'end',
        events: [event],
        loss,
        via,
      })
    for (const found of [attempt({ when, terminal: true }, end), attempt({ when }, time)]) {
      assert.equal(found.status, 'grazing', via)
      assert.match(found.message, /touched, not crossed.*Try /)
      assert.ok(entries(found).every(Number.isNaN))
    }
    // only noted, and not looked at: nothing is lost
    const { status, dy0 } = attempt({ when }, end)
    assert.equal(status, 'success')
    assert.ok(Math.abs(dy0[0] - 1) < 1e-12)
  }
})

test.run()
