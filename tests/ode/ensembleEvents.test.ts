import assert from 'node:assert/strict'
import { expression, seededRandom, system } from '@separatrix/field'
import { dopri5, ensemble, mean, rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'

const decay = system({ name: 'decay', state: ['x'], params: { a: 1 }, dynamics: { x: '-a*x' } })
const swing = system({ name: 'swing', state: ['q', 'p'], dynamics: { q: 'p', p: '-q' } })
const steps = { method: dopri5, rtol: 1e-10, atol: 1e-12 } as const
const tight = { ...steps, backend: 'js' } as const
const half = {
  name: 'half',
  when: expression('x - 0.5', ['x']),
  direction: 'falling',
  terminal: true,
} as const

test('each trajectory ends at its own event and stays there; the others go on', async () => {
  const Y0 = [[4], [0.4], [1], [Number.NaN]]
  const theta = [[1], [1], [2], [1]]
  const saveAt = [0.2, 1, 3]
  const result = await ensemble(decay, Y0, [0, 3], { ...tight, theta, saveAt, events: [half] })
  assert.deepEqual(result.status, ['terminated', 'success', 'terminated', 'non-finite'])
  const [event] = result.events
  assert.equal(event?.name, 'half')
  const expected = [Math.log(8), Number.NaN, Math.log(2) / 2, Number.NaN]
  // errors of 1e-10 a step, some twenty steps, at slopes of a half and of one
  expected.forEach((t, i) => {
    const found = event?.first[i] as number
    assert.ok(Number.isNaN(t) ? Number.isNaN(found) : Math.abs(found - t) < 1e-8, `${i}: ${found}, ${t}`)
  })
  assert.deepEqual(Array.from(event?.count ?? []), [1, 0, 1, 0])
  assert.ok(Math.abs(result.y.get(2, 0, 0) - 0.5) < 1e-9)
  assert.ok(Math.abs(result.y.get(1, 2, 0) - 0.5) < 1e-9)
  assert.ok(Math.abs(result.y.get(1, 0, 0) - 4 * Math.exp(-1)) < 1e-8)
  assert.ok(Number.isNaN(result.y.get(2, 3, 0)))
  assert.match(
    result.message,
    /^1 of 4 trajectories reached the end, 2 were ended by an event; 1 ended with non-finite/,
  )
})

test('crossings are counted across kept times, and are those of solve', async () => {
  const random = seededRandom(4)
  const Y0 = Array.from({ length: 12 }, () => [random.normal(), random.normal()])
  const events = [
    { when: expression('q', ['q', 'p']) },
    { when: (_t: number, y: Float64Array) => (y[1] as number) - 0.1, direction: 'rising' as const },
  ]
  const whole = await ensemble(swing, Y0, [0, 20], { ...tight, events })
  const cut = await ensemble(swing, Y0, [0, 20], { ...tight, events, saveAt: [1, 2, 3.5, 7, 20] })
  Y0.forEach((y0, i) => {
    const { events: found } = solve(swing, y0, [0, 20], { ...steps, events })
    events.forEach((_, event) => {
      const own = found.filter((r) => r.event === event)
      for (const { events: summary } of [whole, cut]) {
        assert.equal(summary[event]?.count[i], own.length)
        const first = summary[event]?.first[i] as number
        assert.ok(own.length === 0 ? Number.isNaN(first) : Math.abs(first - (own[0]?.t as number)) < 1e-8)
      }
    })
  })
})

test('resets act in every trajectory, and terminal may be a count', async () => {
  const ball = system({ state: ['h', 'v'], dynamics: { h: 'v', v: '-10' } })
  const bounce = {
    when: expression('h', ['h', 'v']),
    direction: 'falling',
    terminal: 3,
    reset: (_t: number, y: Float64Array) => {
      y[1] = -0.5 * (y[1] as number)
    },
  } as const
  const Y0 = [
    [5, 0],
    [1.25, 0],
  ]
  const { events, status, y } = await ensemble(ball, Y0, [0, 10], {
    ...tight,
    events: [bounce],
    saveAt: [0.1, 9, 10],
  })
  assert.deepEqual(status, ['terminated', 'terminated'])
  // √(2h/g) for the first
  assert.ok(Math.abs((events[0]?.first[0] as number) - 1) < 1e-9)
  assert.ok(Math.abs((events[0]?.first[1] as number) - 0.5) < 1e-9)
  assert.deepEqual(Array.from(events[0]?.count ?? []), [3, 3])
  assert.ok(Math.abs(y.get(1, 0, 0)) < 1e-9 && y.get(1, 0, 1) === y.get(2, 0, 1))
})

test('reductions include those that an event ended, where they ended', async () => {
  const options = { ...tight, events: [half], saveAt: [1, 5], reduce: mean() }
  const { reduced } = await ensemble(decay, [[1], [1]], [0, 5], options)
  for (const value of reduced) assert.ok(Math.abs((value[0] as number) - 0.5) < 1e-9)
})

test('equal steps watch events too', async () => {
  const { events } = await ensemble(decay, [[1]], [0, 2], {
    method: rk4,
    step: 0.1,
    backend: 'js',
    events: [half],
  })
  // the interpolant of rk4 is good to h³ a step
  assert.ok(Math.abs((events[0]?.first[0] as number) - Math.LN2) < 1e-4)
})

test("'auto' takes the backend that watches events; others are refused with a remedy", async () => {
  const { reason, backend } = await ensemble(decay, [[1]], [0, 2], {
    ...tight,
    backend: 'auto',
    events: [half],
  })
  assert.equal(backend, 'js')
  assert.match(reason, /watches events/)
  for (const other of ['wasm', 'threads', 'gpu'] as const)
    await assert.rejects(
      ensemble(decay, [[1]], [0, 2], { ...tight, backend: other, events: [half] }),
      /expected events on backend 'js'.*Try backend: 'js'/,
    )
  await assert.rejects(
    ensemble(decay, [[1]], [0, 2], { ...tight, events: [{ when: expression('q', ['q', 'p']) }] }),
    /scalar field on 1 states/,
  )
})

test.run()
