import { dop853, dopri5, implicitMidpoint, solve, tsit5, vern9 } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('events against references')

const robertson = (_t: number, y: Float64Array, d: Float64Array) => {
  d[0] = -0.04 * y[0] + 1e4 * y[1] * y[2]
  d[2] = 3e7 * y[1] * y[1]
  d[1] = -d[0] - d[2]
}

test('a stiff event: Robertson’s first species falls to 0.9 and 0.8 at the same times by two kinds of methods', () => {
  const events = [0.9, 0.8].map((level) => ({ when: (_t: number, y: Float64Array) => y[0] - level }))
  const tight = solve(robertson, [1, 0, 0], [0, 20], { method: dopri5, rtol: 1e-9, atol: 1e-12, events })
  const equal = solve(robertson, [1, 0, 0], [0, 20], { method: implicitMidpoint, step: 1e-3, events })
  assert.is(equal.status, 'success', equal.message)
  assert.is(tight.events.length, 2)
  tight.events.forEach(({ t, direction }, k) => {
    assert.is(direction, 'falling')
    // y₀ moves at about 0.01 per unit of time, and equal steps leave 1e-6 of it after the fast transient
    assert.ok(Math.abs(equal.events[k].t - t) < 1e-3, `${equal.events[k].t} and ${t}`)
  })
})

test('a ball with linear drag and restitution: bounces at the roots of its closed form', () => {
  const [g, k, e] = [9.81, 0.3, 0.8]
  const ball = (_t: number, y: Float64Array, d: Float64Array) => {
    d[0] = y[1]
    d[1] = -g - k * y[1]
  }
  const bounce = {
    when: (_t: number, y: Float64Array) => y[0],
    direction: 'falling' as const,
    reset: (_t: number, y: Float64Array) => {
      y[0] = 0
      y[1] *= -e
    },
  }
  // height and speed after a flight of time s from (h, v)
  const height = (h: number, v: number, s: number) =>
    h + ((v + g / k) / k) * -Math.expm1(-k * s) - (g / k) * s
  const speed = (v: number, s: number) => (v + g / k) * Math.exp(-k * s) - g / k
  const expected: number[] = []
  let [t, h, v] = [0, 1, 2]
  for (let n = 0; n < 6; n++) {
    // below the floor beyond the root, above before: after the top of the flight
    let [low, high] = [Math.max(0, Math.log1p((k * v) / g) / k), 5]
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2
      if (height(h, v, middle) > 0) low = middle
      else high = middle
    }
    t += low
    expected.push(t)
    v = -e * speed(v, low)
    h = 0
  }
  for (const method of [tsit5, dop853, vern9]) {
    const { events } = solve(ball, [1, 2], [0, expected[5] + 0.05], {
      method,
      rtol: 1e-10,
      atol: 1e-12,
      events: [bounce],
    })
    assert.is(events.length, 6, method.name)
    events.forEach((found, n) => {
      // errors of 1e-10 at speeds of some m/s, a few bounces long
      assert.ok(Math.abs(found.t - expected[n]) < 1e-8, `${method.name} ${n}: ${found.t} ${expected[n]}`)
    })
  }
})

test('Lorenz through z = 27: every crossing of a finer solution, alternating', () => {
  const lorenz = (_t: number, [x, y, z]: Float64Array, d: Float64Array) => {
    d[0] = 10 * (y - x)
    d[1] = x * (28 - z) - y
    d[2] = x * y - (8 / 3) * z
  }
  const events = [{ when: (_t: number, y: Float64Array) => y[2] - 27 }]
  const span = [0, 12] as const
  const found = solve(lorenz, [1, 1, 1], span, { method: tsit5, rtol: 1e-9, atol: 1e-9, events }).events
  const fine = solve(lorenz, [1, 1, 1], span, { method: vern9, rtol: 1e-13, atol: 1e-13 })
  const crossings: number[] = []
  const z = (t: number) => fine.at(t)[2] - 27
  for (let i = 0; i < 12_000; i++) {
    let [low, high] = [i / 1000, (i + 1) / 1000]
    if (z(low) < 0 === z(high) < 0) continue
    for (let k = 0; k < 40; k++) {
      const middle = (low + high) / 2
      if (z(middle) < 0 === z(low) < 0) low = middle
      else high = middle
    }
    crossings.push(low)
  }
  assert.is(found.length, crossings.length)
  assert.ok(found.length > 20)
  found.forEach(({ t, direction }, k) => {
    assert.is(direction, k % 2 === 0 ? 'rising' : 'falling')
    // the largest exponent is 0.9: errors of 1e-9 grow by e^11 = 5e4
    assert.ok(Math.abs(t - crossings[k]) < 1e-4, `${t} ${crossings[k]}`)
  })
})

test.run()
