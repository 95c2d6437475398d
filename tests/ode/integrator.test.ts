import { dopri5, integrator, leapfrog, restoreState, rk4, saveState, solve, timeOf } from '@separatrix/ode'
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

test('a finished state stays finished', () => {
  const run = integrator(lorenz.field, 3, { method: rk4, step: 0.5 })
  const state = run.initialize(lorenz.y0, [0, 1])
  while (run.advance(state, 1).reason === 'running');
  assert.is(run.advance(state, 5).count, 0)
})

test.run()
