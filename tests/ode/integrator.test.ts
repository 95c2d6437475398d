import {
  dopri5,
  type Event,
  type EventRecord,
  integrator,
  leapfrog,
  restoreState,
  rk4,
  saveState,
  solve,
  timeOf,
  trajectory,
  tsit5,
  vern7,
} from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { lorenz, pendulum } from './problems.js'

const test = suite('stepping by hand')

const cases = [
  {
    name: 'dopri5',
    field: lorenz.field,
    y0: lorenz.y0,
    options: { method: dopri5, rtol: 1e-8, atol: 1e-10 },
  },
  { name: 'rk4', field: lorenz.field, y0: lorenz.y0, options: { method: rk4, step: 0.01 } },
  { name: 'leapfrog', field: pendulum, y0: [1, 0], options: { method: leapfrog, step: 0.01 } },
]

for (const { name, field, y0, options } of cases)
  test(`${name}: in pieces, through JSON, bit for bit what solve gives`, () => {
    const run = integrator(field, y0.length, options)
    let state = run.initialize(y0, [0, 5])
    for (let piece = 1; ; piece++) {
      const { reason, count } = run.advance(state, (piece % 7) + 1)
      assert.ok(count <= 7)
      state = restoreState(JSON.parse(JSON.stringify(saveState(state))))
      if (reason !== 'running') break
    }
    assert.is(timeOf(state), 5)
    assert.equal([...state.y], [...solve(field, y0, [0, 5], { ...options, saveAt: 'end' }).y.data])
  })

test('the steps taken can be looked into', () => {
  const run = integrator(lorenz.field, 3, { method: dopri5, rtol: 1e-8, atol: 1e-10 })
  const state = run.initialize(lorenz.y0, [0, 1])
  const taken = run.advance(state, 10)
  assert.is(taken.count, 10)
  run.interpolant.load(taken, 4)
  const out = new Float64Array(3)
  run.interpolant.evaluate(0, out)
  assert.equal([...out], [...taken.y.subarray(12, 15)])
})

const bounce: Event = {
  name: 'bounce',
  when: (_t, y) => y[0],
  direction: 'falling',
  reset: (_t, y) => {
    y[0] = 0
    y[1] *= -0.8
  },
}
const top: Event = { name: 'top', when: (_t, y) => y[1] }
/** A ball in a wind that changes at times that are told. */
const ball = (t: number, y: Float64Array, dydt: Float64Array) => {
  dydt[0] = y[1]
  dydt[1] = -9.81 + (Math.floor(t) % 2 === 0 ? 0.3 : -0.2) - 0.01 * y[1] * Math.abs(y[1])
}
const watched = { events: [bounce, top], breakpoints: [1, 2, 3] }
const eventCases = [
  { name: 'dopri5', field: ball, options: { method: dopri5, rtol: 1e-8, atol: 1e-8, ...watched }, end: 4 },
  { name: 'rk4', field: ball, options: { method: rk4, step: 0.013, ...watched }, end: 4 },
  {
    name: 'vern7, to the fourth bounce',
    field: ball,
    options: { method: vern7, rtol: 1e-8, atol: 1e-8, ...watched, events: [{ ...bounce, terminal: 4 }, top] },
    end: 9,
  },
  {
    name: 'Zeno',
    field: ball,
    options: {
      method: tsit5,
      rtol: 1e-8,
      atol: 1e-8,
      events: [{ ...bounce, reset: (_t: number, y: Float64Array) => void (y[1] *= -0.3) }],
    },
    end: 9,
  },
] as const

for (const { name, field, options, end } of eventCases) {
  const whole = solve(field, [1, 0], [0, end], options)

  test(`events and breakpoints by hand, through JSON: ${name}`, () => {
    const run = integrator(field, 2, options)
    let state = run.initialize([1, 0], [0, end])
    const [times, states, events]: [number[], number[], EventRecord[]] = [[0], [1, 0], []]
    let last = 'running'
    for (let piece = 1; last === 'running'; piece++) {
      const taken = run.advance(state, (piece % 5) + 1)
      for (let i = 1; i <= taken.count; i++) times.push(taken.t[i])
      states.push(...taken.y.slice(2, 2 * taken.count + 2))
      events.push(...taken.events)
      last = taken.reason
      state = restoreState(JSON.parse(JSON.stringify(saveState(state))))
    }
    assert.equal(times, [...whole.t])
    assert.equal(states, [...whole.y.data])
    assert.equal(events, whole.events)
    assert.is(last, whole.status === 'success' ? 'done' : whole.status)
  })

  test(`events and breakpoints of a trajectory: ${name}`, () => {
    const points = [...trajectory(field, [1, 0], [0, end], options)]
    assert.equal(
      points.map(({ t }) => t),
      [...whole.t],
    )
    assert.equal(
      points.flatMap(({ events }) => events),
      whole.events,
    )
    // each is told with the end of its step
    points.forEach(({ t, events }, i) => {
      for (const event of events) assert.ok(event.t <= t && event.t >= (points[i - 1]?.t ?? 0))
    })
  })
}

test('breakpoints backwards', () => {
  const options = { method: dopri5, rtol: 1e-8, atol: 1e-8, breakpoints: [3, 2, 1] }
  const run = integrator(ball, 2, { ...options, breakpoints: [2, 1, 3] })
  const state = run.initialize([1, 0], [3.5, 0.5])
  while (run.advance(state, 100).reason === 'running');
  assert.is(timeOf(state), 0.5)
  assert.equal([...state.y], [...solve(ball, [1, 0], [3.5, 0.5], { ...options, saveAt: 'end' }).y.data])
})

test('a finished state stays finished', () => {
  const run = integrator(lorenz.field, 3, { method: rk4, step: 0.5 })
  const state = run.initialize(lorenz.y0, [0, 1])
  while (run.advance(state, 1).reason === 'running');
  assert.is(run.advance(state, 5).count, 0)
})

test.run()
