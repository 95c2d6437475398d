import { expression, system } from '@separatrix/field'
import { dop853, dopri5, type Event, leapfrog, rk4, solve, tsit5 } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pendulum } from './problems.js'

const test = suite('events')
const tight = { method: tsit5, rtol: 1e-10, atol: 1e-12 }
const circle = system({ name: 'circle', state: ['x', 'y'], dynamics: { x: '-y', y: 'x' } })
const falling = system({
  name: 'falling',
  state: ['y', 'v'],
  params: { g: 9.81 },
  dynamics: { y: 'v', v: '-g' },
})

test('all zeros of cos t, in order, from a function and from a field', () => {
  for (const when of [(_t: number, y: Float64Array) => y[0], expression('x', ['x', 'y'])]) {
    const { events } = solve(circle, [1, 0], [0, 20], { ...tight, events: [{ when }] })
    assert.is(events.length, 6)
    events.forEach(({ t, direction }, k) => {
      // t is a root of the interpolant, whose error is of the order of the tolerance times the step count
      assert.ok(Math.abs(t - (k + 0.5) * Math.PI) < 1e-8)
      assert.is(direction, k % 2 === 0 ? 'falling' : 'rising')
    })
  }
})

test('direction', () => {
  const when = (_t: number, y: Float64Array) => y[0]
  const { events } = solve(circle, [1, 0], [0, 20], { ...tight, events: [{ when, direction: 'rising' }] })
  assert.equal(
    events.map(({ t }) => Math.round((t / Math.PI) * 2)),
    [3, 7, 11],
  )
})

test('two roots within a step: cos t = .9999 on both sides of 2π', () => {
  const root = Math.acos(0.9999)
  for (const method of [dopri5, tsit5, dop853]) {
    const { events } = solve(circle, [1, 0], [0.5, 7].map((t) => t - 0.5) as [number, number], {
      method,
      rtol: 1e-9,
      atol: 1e-9,
      events: [{ when: (_t, y) => y[0] - 0.9999 }],
    })
    assert.is(events.length, 3, method.name)
    // the error of x, 1e-8, over the slope of cos there, .014
    ;[root, 2 * Math.PI - root, 2 * Math.PI + root].forEach((t, k) => {
      assert.ok(Math.abs(events[k].t - t) < 1e-5, `${method.name}: ${events[k].t} ${t}`)
    })
  }
})

test('a terminal event ends the solve on the surface itself', () => {
  for (const method of [tsit5, dop853]) {
    const { status, t, y, events, message, at } = solve(falling, [10, 0], [0, 100], {
      method,
      rtol: 1e-8,
      atol: 1e-8,
      events: [{ name: 'ground', when: (_t, y) => y[0], terminal: true }],
    })
    const exact = Math.sqrt(20 / 9.81)
    assert.is(status, 'terminated')
    assert.match(message, 'event ended')
    assert.is(events[0].name, 'ground')
    assert.ok(Math.abs(t[t.length - 1] - exact) < 1e-14 * 10)
    // the step was corrected until g vanished: rounding of y = 10 − gt²/2
    assert.ok(Math.abs(y.data[y.data.length - 2]) < 1e-14 * 10)
    assert.equal([...at(t[t.length - 1])], [...y.data.slice(-2)])
  }
})

test('terminal at the n-th occurrence', () => {
  const { t, events } = solve(circle, [1, 0], [0, 100], {
    ...tight,
    events: [{ when: (_t, y) => y[0], terminal: 4 }],
  })
  assert.is(events.length, 4)
  assert.ok(Math.abs(t[t.length - 1] - 3.5 * Math.PI) < 1e-8)
})

test('fixed steps, backwards, a symplectic method', () => {
  const period = 6.699975664370452
  const zero: Event = { when: (_t, y) => y[0] }
  const back = solve(pendulum, [1, 0], [0, -5], { ...tight, events: [zero] })
  assert.ok(Math.abs(back.events[0].t + period / 4) < 1e-8)
  const fixed = solve(pendulum, [1, 0], [0, 20], {
    method: rk4,
    step: 0.01,
    events: [{ ...zero, terminal: 3 }],
  })
  assert.ok(Math.abs(fixed.t[fixed.t.length - 1] - (5 * period) / 4) < 1e-7)
  const kicked = solve(pendulum, [1, 0], [0, 20], { method: leapfrog, step: 0.01, events: [zero] })
  // leapfrog's frequency is off by h²/24 or so
  assert.ok(Math.abs(kicked.events[0].t - period / 4) < 1e-4)
})

/** A ball from height 1 that keeps the part e of its speed; g = 9.81. */
function ball(e: number, end: number, method = tsit5) {
  const bounce: Event = {
    name: 'bounce',
    when: (_t, y) => y[0],
    direction: 'falling',
    reset: (_t, y) => {
      y[0] = 0
      y[1] *= -e
    },
  }
  return solve(falling, [1, 0], [0, end], { method, rtol: 1e-10, atol: 1e-10, events: [bounce] })
}

test('a bouncing ball: times and speeds in closed form', () => {
  const e = 0.8
  const first = Math.sqrt(2 / 9.81)
  const { events, status, at } = ball(e, 3)
  assert.is(status, 'success')
  let time = first
  events.forEach(({ t, y, after }, k) => {
    if (k > 0) time += 2 * first * e ** k
    // the motion is a parabola, which the method integrates exactly; each bounce adds rounding
    assert.ok(Math.abs(t - time) < 1e-12, `bounce ${k}: ${t} ${time}`)
    assert.ok(Math.abs(y[1] + 9.81 * first * e ** k) < 1e-11)
    assert.ok(Math.abs(after[1] - 9.81 * first * e ** (k + 1)) < 1e-11)
  })
  assert.ok(events.length >= 5)
  // left-continuous at the bounce, and above the ground between
  assert.ok(at(events[0].t)[1] < 0)
  assert.ok(at(events[0].t + 0.1)[0] > 0)
})

test('every step is kept, a bounce with both of its states', () => {
  const { t, y, events } = ball(0.8, 1)
  const i = t.indexOf(events[0].t)
  assert.is(t[i + 1], t[i])
  assert.ok(y.get(i, 1) < 0 && y.get(i + 1, 1) > 0)
})

test('Zeno: e = .5 accumulates, and ends with a status', () => {
  const { status, t, message } = ball(0.5, 10)
  const limit = (Math.sqrt(2 / 9.81) * 1.5) / 0.5
  assert.is(status, 'zeno')
  assert.match(message, 'accumulate')
  // the guard stops when gaps are 1e-7 of the first, as much before the limit
  assert.ok(Math.abs(t[t.length - 1] - limit) < 1e-6)
})

test('two balls that bounce at the same time, and one that does not', () => {
  const balls = system({
    name: 'balls',
    state: ['a', 'va', 'b', 'vb', 'c', 'vc'],
    dynamics: { a: 'va', va: '-9.81', b: 'vb', vb: '-9.81', c: 'vc', vc: '-9.81' },
  })
  const bounce = (k: number): Event => ({
    when: (_t, y) => y[2 * k],
    direction: 'falling',
    reset: (_t, y) => {
      y[2 * k] = 0
      y[2 * k + 1] *= -0.7
    },
  })
  const { events, status } = solve(balls, [1, 0, 1, 0, 2, 0], [0, 1], {
    ...tight,
    events: [bounce(0), bounce(1), bounce(2)],
  })
  assert.is(status, 'success')
  assert.equal(
    events.slice(0, 3).map((e) => e.event),
    [0, 1, 2],
  )
  assert.is(events[0].t, events[1].t)
  assert.ok(Math.abs(events[0].t - Math.sqrt(2 / 9.81)) < 1e-12)
  assert.ok(Math.abs(events[2].t - Math.sqrt(4 / 9.81)) < 1e-12)
  assert.ok(events[0].after[1] > 0 && events[0].after[3] > 0 && events[0].after[5] < 0)
})

test('dosing: jumps at output times; the output is the value before', () => {
  const decay = system({ name: 'decay', state: ['c'], dynamics: { c: '-c' } })
  const dose: Event = { when: (t) => Math.sin(Math.PI * t), reset: (_t, y) => (y[0] += 1) }
  const { y, events } = solve(decay, [1], [0, 3.5], { ...tight, saveAt: [0, 1, 2, 3, 3.5], events: [dose] })
  assert.is(events.length, 3)
  let before = 1
  for (let k = 1; k <= 3; k++) {
    before *= Math.exp(-1)
    assert.ok(Math.abs(y.get(k, 0) - before) < 1e-8, `${y.get(k, 0)} ${before}`)
    before += 1
  }
  assert.ok(Math.abs(y.get(4, 0) - before * Math.exp(-0.5)) < 1e-8)
})

test('an event at an output time is found once', () => {
  const { events, y } = solve(circle, [1, 0], [0, Math.PI], {
    ...tight,
    saveAt: [0, Math.PI / 2, Math.PI],
    events: [{ when: (_t, y) => y[0] }],
  })
  assert.is(events.length, 1)
  assert.ok(Math.abs(y.get(1, 0)) < 1e-9)
})

test('a start on the surface is no event, nor is the return of a reset', () => {
  const { events } = solve(circle, [0, 1], [0, 1], { ...tight, events: [{ when: (_t, y) => y[0] }] })
  assert.is(events.length, 0)
})

test('sliding: dry friction that holds is reported', () => {
  // v' = .5 − sign v: the friction is stronger than the push, and v = 0 cannot be left
  const f = (_t: number, y: Float64Array, dydt: Float64Array) => (dydt[0] = 0.5 - Math.sign(y[0]))
  const { status, t, y } = solve(f, [1], [0, 10], {
    method: dopri5,
    rtol: 1e-6,
    atol: 1e-8,
    events: [{ when: (_t, y) => y[0] }],
  })
  assert.is(status, 'sliding')
  assert.ok(Math.abs(t[t.length - 1] - 2) < 0.01)
  assert.ok(Math.abs(y.data[y.data.length - 1]) < 1e-4)
})

test('what lies beyond a terminal event may be undefined', () => {
  const f = (_t: number, y: Float64Array, dydt: Float64Array) => (dydt[0] = -Math.sqrt(y[0]))
  const { status, t } = solve(f, [1], [0, 10], {
    ...tight,
    events: [{ when: (_t, y) => y[0] - 1e-4, terminal: true }],
  })
  assert.is(status, 'terminated')
  // y = (1 − t/2)²
  assert.ok(Math.abs(t[t.length - 1] - 1.98) < 1e-7)
})

test('an event function that is not finite everywhere is still searched where it is', () => {
  const when = (_t: number, y: Float64Array) => Math.log(y[0] + 0.5)
  const { events } = solve(circle, [1, 0], [0, 3], { ...tight, events: [{ when }] })
  assert.is(events.length, 1)
  assert.ok(Math.abs(events[0].t - Math.PI / 3) < 1e-8)
})

test('events as fields: the same as functions, with the parameters of the system by name', () => {
  const field = system({
    name: 'ball',
    state: ['y', 'v'],
    params: { g: 9.81, keep: 0.8, ground: 0.1 },
    dynamics: { y: 'v', v: '-g' },
  })
  const asFields: Event = {
    // only `ground` is shared: `lift` is the event's own constant, and the field's `keep` wins over the event's
    when: expression('y - ground - lift', ['y', 'v'], { ground: 7, lift: 0.05 }),
    direction: 'falling',
    reset: system({ state: ['y', 'v'], params: { keep: 0.5 }, dynamics: { y: 'y', v: '-keep*v' } }),
  }
  for (const theta of [undefined, [3, 0.4, 0.2]]) {
    const [, keep, ground] = theta ?? field.theta
    const asFunctions: Event = {
      when: (_t, y) => y[0] - ground - 0.05,
      direction: 'falling',
      reset: (_t, y) => {
        y[1] *= -keep
      },
    }
    const [one, other] = [asFields, asFunctions].map((event) =>
      solve(field, [1, 0], [0, 1.5], { ...tight, theta, events: [event] }),
    )
    assert.ok(one.events.length >= 1)
    assert.equal(
      one.events.map(({ t }) => t),
      other.events.map(({ t }) => t),
    )
    assert.equal(one.y.data, other.y.data)
  }
})

test('events are checked', () => {
  const bad = (event: object) => () => solve(circle, [1, 0], [0, 1], { ...tight, events: [event as Event] })
  assert.throws(bad({ when: circle }), /scalar field/)
  assert.throws(bad({ when: () => 1, terminal: 0 }), /terminal/)
  assert.throws(bad({ when: () => 1, direction: 'up' }), /rising/)
  assert.throws(bad({ when: () => 1, reset: expression('x', ['x', 'y']) }), /a field from 2 states to 2/)
})

test.run()
