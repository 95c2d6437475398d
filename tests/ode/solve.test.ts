import { system } from '@separatrix/field'
import {
  dop853,
  dopri5,
  evaluatePolynomial,
  rk4,
  solve,
  stepRecord,
  trajectory,
  tsit5,
} from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cosine, distance, lorenz, lorenzFunction, lotkaVolterra } from './problems.js'

const test = suite('solve')
const tight = { method: dopri5, rtol: 1e-12, atol: 1e-12 }

for (const { field, y0, span, end } of [lorenz, lotkaVolterra, cosine]) {
  test(`${field.name}: reference value`, () => {
    const solution = solve(field, y0, span, tight)
    assert.is(solution.status, 'success')
    // local errors of 1e-12, amplified by the flow: e^{.9·t} for Lorenz, a few periods for the others
    assert.ok(distance(solution.at(span[1]), end) < 1e-9 * Math.max(1, ...end.map(Math.abs)))
  })
}

test('every accepted step is kept, ends included', () => {
  const { t, y, stats } = solve(lorenz.field, lorenz.y0, [0, 1], { ...tight, rtol: 1e-6 })
  assert.is(t.length, stats.accepted + 1)
  assert.is(t[0], 0)
  assert.is(t[t.length - 1], 1)
  assert.equal(y.shape, [t.length, 3])
  assert.is(y.get(0, 0), 1)
  for (let i = 1; i < t.length; i++) assert.ok(t[i] > t[i - 1])
})

test('saveAt gives the chosen times, interpolated to the order of the method', () => {
  const times = [0, 0.1, 0.25, 1.5, 2]
  const { t, y } = solve(cosine.field, [1], [0, 2], { ...tight, saveAt: times })
  assert.equal([...t], times)
  // the interpolant of order 4 adds C h⁵ with h ≈ .01 at this tolerance
  times.forEach((time, i) => {
    assert.ok(Math.abs(y.get(i, 0) - Math.exp(Math.sin(time))) < 1e-9)
  })
})

test('saveAt does not change the steps, and at() gives the same values', () => {
  const dense = solve(lorenz.field, lorenz.y0, [0, 1], tight)
  const times = [0.2, 0.4, 0.77]
  const saved = solve(lorenz.field, lorenz.y0, [0, 1], { ...tight, saveAt: times })
  assert.is(saved.stats.accepted, dense.stats.accepted)
  times.forEach((time, i) => {
    // the same polynomial, from stages that were kept or computed again
    assert.ok(distance(dense.at(time), saved.y.data.slice(3 * i, 3 * i + 3)) < 1e-13 * 40)
    assert.ok(distance(saved.at(time), dense.at(time)) < 1e-13 * 40)
  })
})

test("saveAt 'end' and every k-th step", () => {
  const end = solve(lorenz.field, lorenz.y0, [0, 1], { method: rk4, step: 0.01, saveAt: 'end' })
  assert.equal([...end.t], [1])
  const tenth = solve(lorenz.field, lorenz.y0, [0, 1], {
    method: rk4,
    step: 0.01,
    saveAt: { everySteps: 10 },
  })
  assert.is(tenth.t.length, 11)
  assert.equal([...tenth.y.data.slice(30)], [...end.y.data])
})

test('backwards: there and back again', () => {
  const there = solve(lotkaVolterra.field, [1, 1], [0, 10], { ...tight, saveAt: 'end' })
  const back = solve(lotkaVolterra.field, there.y.data, [10, 0], tight)
  assert.is(back.status, 'success')
  assert.is(back.t[0], 10)
  assert.ok(back.t[1] < 10)
  assert.ok(distance(back.at(0), [1, 1]) < 1e-8)
  const fixed = solve(cosine.field, cosine.end, [2, 0], { method: rk4, step: 0.001, saveAt: [2, 1, 0] })
  assert.ok(Math.abs(fixed.y.get(1, 0) - Math.exp(Math.sin(1))) < 1e-10)
  assert.ok(Math.abs(fixed.y.get(2, 0) - 1) < 1e-10)
})

test('a span that is no multiple of the step ends exactly', () => {
  const { t, status } = solve(cosine.field, [1], [0, 1], { method: rk4, step: 0.3 })
  assert.is(status, 'success')
  assert.equal(
    [...t].map((v) => Number(v.toFixed(12))),
    [0, 0.3, 0.6, 0.9, 1],
  )
  const whole = solve(cosine.field, [1], [0, 100], { method: rk4, step: 0.1 })
  assert.is(whole.stats.accepted, 1000)
  assert.is(whole.t[1000], 100)
})

test('parameters replace the field’s own, for a function as well', () => {
  const a = solve(lorenz.field, lorenz.y0, [0, 1], { ...tight, theta: [10, 28, 8 / 3], saveAt: 'end' })
  const b = solve(lorenz.field, lorenz.y0, [0, 1], { ...tight, theta: [10, 14, 8 / 3], saveAt: 'end' })
  assert.ok(distance(a.y.data, lorenz.end) < 1e-8)
  assert.ok(distance(b.y.data, lorenz.end) > 1)
  const decay = solve((_t, y, dydt, theta) => (dydt[0] = -theta[0] * y[0]), [1], [0, 1], {
    ...tight,
    theta: [2],
  })
  assert.ok(Math.abs(decay.at(1)[0] - Math.exp(-2)) < 1e-11)
})

test('a field and the same function take the same steps', () => {
  const options = { method: dopri5, rtol: 1e-8, atol: 1e-10 }
  const [a, b] = [lorenz.field, lorenzFunction].map((f) => solve(f, lorenz.y0, [0, 1], options))
  assert.is(a.stats.path, 'fused')
  assert.is(b.stats.path, 'specialised')
  assert.is(a.stats.accepted, b.stats.accepted)
  assert.is(a.stats.evaluations, b.stats.evaluations)
  // the same formulas, rounded differently where the graph writes a product the other way round
  assert.ok(distance(a.at(1), b.at(1)) < 1e-11)
})

test('breakpoints: a jump in the field costs no accuracy, and no rejections', () => {
  const f = (t: number, _y: Float64Array, dydt: Float64Array) => (dydt[0] = Math.floor(t) % 2 === 0 ? 1 : -2)
  const solution = solve(f, [0], [0, 3.5], { method: dopri5, rtol: 1e-6, atol: 1e-8, breakpoints: [1, 2, 3] })
  assert.is(solution.stats.rejected, 0)
  assert.ok(Math.abs(solution.at(3.5)[0] - -1) < 1e-14)
  assert.ok(Math.abs(solution.at(1)[0] - 1) < 1e-14)
})

test('stopAt: steps end there', () => {
  const { t } = solve(lorenz.field, lorenz.y0, [0, 1], { method: rk4, step: 0.3, stopAt: [0.5, 0.7] })
  assert.ok([0.5, 0.7].every((s) => t.includes(s)))
})

test('observers see every accepted step with its size', () => {
  const record = stepRecord(0, lorenz.y0)
  const { t } = solve(lorenz.field, lorenz.y0, [0, 1], { ...tight, saveAt: 'end', observers: [record] })
  const steps = record.steps()
  assert.is(record.count(), steps.h.length)
  assert.is(steps.t.length, steps.h.length + 1)
  assert.is(steps.t[steps.t.length - 1], t[0])
  steps.h.forEach((h, i) => {
    // h is what the stages used; t + h was rounded
    assert.ok(Math.abs(steps.t[i + 1] - steps.t[i] - h) < 4e-16)
  })
})

test('progress and cancelling', () => {
  const seen: number[] = []
  const controller = new AbortController()
  const { status, t, message } = solve(lorenz.field, lorenz.y0, [0, 10], {
    method: rk4,
    step: 1e-3,
    signal: controller.signal,
    onProgress: ({ fraction }) => {
      seen.push(fraction)
      if (fraction > 0.5) controller.abort()
    },
  })
  assert.is(status, 'cancelled')
  assert.match(message, 'Cancelled')
  assert.ok(seen.length > 10)
  assert.ok(t[t.length - 1] > 5 && t[t.length - 1] < 6)
})

test('dense output as data: the same polynomials', () => {
  for (const method of [dopri5, dop853, rk4]) {
    const options = method === rk4 ? { method, step: 0.01 } : { method, rtol: 1e-8, atol: 1e-8 }
    const solution = solve(lorenz.field, lorenz.y0, [0, 1], options)
    const data = JSON.parse(
      JSON.stringify(solution.polynomials(), (_k, v) =>
        ArrayBuffer.isView(v) ? [...(v as Float64Array)] : v,
      ),
    )
    assert.is(data.coefficients.length, solution.stats.accepted * (data.degree + 1) * 3)
    for (const t of [0, 0.123, 0.5, 1])
      assert.ok(distance(evaluatePolynomial(data, t), solution.at(t)) < 1e-12 * 40)
  }
})

test('a trajectory, step by step, stopped by its reader', () => {
  const seen: number[] = []
  for (const { t, y } of trajectory(lorenz.field, lorenz.y0, [0, 1e6], { method: rk4, step: 0.01 })) {
    seen.push(t)
    if (y[0] > 15) break
  }
  const { t, y } = solve(lorenz.field, lorenz.y0, [0, 1], { method: rk4, step: 0.01 })
  const first = t.findIndex((_, i) => y.get(i, 0) > 15)
  assert.equal(seen, [...t.slice(0, first + 1)])
  const whole = trajectory(lorenz.field, lorenz.y0, [0, 1], { method: rk4, step: 0.01 })
  let end = whole.next()
  while (!end.done) end = whole.next()
  assert.is(end.value, 'done')
})

test('a kernel that is used again: other options, other lengths, parameters written in place, a solve within', () => {
  const field = system({ name: 'rate', state: ['x'], params: { k: 1 }, dynamics: { x: '-k*x' } })
  const options = { method: tsit5, rtol: 1e-9, atol: 1e-9 } as const
  const end = (extra = {}) => solve(field, [1], [0, 1], { ...options, ...extra }).at(1)[0]
  const near = (value: number, expected: number) => assert.ok(Math.abs(value - expected) < 1e-7, `${value}`)
  near(end(), Math.exp(-1))
  near(end({ theta: [2] }), Math.exp(-2))
  near(end(), Math.exp(-1))
  near(end({ rtol: [1e-8] }), Math.exp(-1))
  assert.ok(end({ rtol: 1e-3, atol: 1e-3 }) !== end())
  field.theta[0] = 3
  near(end(), Math.exp(-3))
  field.theta[0] = 1
  const grow = (_t: number, y: Float64Array, dydt: Float64Array) => dydt.set(y)
  assert.is(solve(grow, [1], [0, 1], options).y.shape[1], 1)
  assert.is(solve(grow, [1, 2], [0, 1], options).y.shape[1], 2)
  const alone = solve(field, [1], [0, 1], options)
  const inner: number[] = []
  const watched = solve(field, [1], [0, 1], {
    ...options,
    observers: [
      { level: 'steps', observe: () => void inner.push(solve(field, [2], [0, 1], options).at(1)[0]) },
    ],
  })
  assert.equal([...watched.y.data], [...alone.y.data])
  for (const value of inner) near(value, 2 * Math.exp(-1))
})

test.run()
