import { expression, system } from '@separatrix/field'
import {
  adaptive,
  type ControlPreset,
  dop853,
  dopri5,
  gbs,
  leapfrog,
  observableRecord,
  solve,
  tsit5,
} from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { roughExp, roughLog } from '../../packages/ode/src/control/power.js'
import { cosine, distance, lorenz, lotkaVolterra, pendulum } from './problems.js'

const test = suite('step control')

test('the rough logarithm is off by .030 at most, the rough exponential by .1 % near 1', () => {
  for (let x = 1e-12; x < 1e12; x *= 1.0137) assert.ok(Math.abs(roughLog(x) - Math.log(x)) <= 0.0301)
  for (let f = 0.45; f < 2.2; f += 0.01) assert.ok(Math.abs(roughExp(Math.log(f)) / f - 1) < 1.1e-3)
  assert.ok(Math.abs(roughExp(Math.log(10)) - 8.9) < 0.1)
  assert.ok(roughLog(0) < -700)
})

/** Steps that a PI controller takes over [0, 1000] where the error of a step h at t is 10^(2 sin t) h⁵. */
function countSteps(
  ln: (x: number) => number,
  exp: (x: number) => number,
): { steps: number; rejected: number } {
  let [t, h, previous, steps, rejected] = [0, 0.1, 0, 0, 0]
  while (t < 1000) {
    const error = 10 ** (2 * Math.sin(t)) * h ** 5
    const logError = 0.5 * ln(error * error)
    if (error <= 1) {
      t += h
      steps++
      h *= exp(Math.min(Math.log(0.9) - 0.17 * logError + 0.04 * previous, Math.log(10)))
      previous = Math.max(logError, Math.log(1e-4))
    } else {
      rejected++
      h *= exp(Math.min(Math.max(Math.log(0.9) - 0.2 * logError, Math.log(0.2)), Math.log(0.93)))
    }
  }
  return { steps, rejected }
}

test('against exact powers the count of steps changes by less than 1 %', () => {
  const exact = countSteps(Math.log, Math.exp)
  const rough = countSteps(roughLog, roughExp)
  assert.ok(Math.abs(rough.steps / exact.steps - 1) < 0.01, `${rough.steps} ${exact.steps}`)
  assert.ok(Math.abs(rough.rejected - exact.rejected) <= 0.01 * exact.steps)
})

const presets: readonly ControlPreset[] = [
  'I',
  'PI',
  'PI42',
  'PI33',
  'PI34',
  'H211PI',
  'H211b',
  'H312PID',
  'H312b',
  'H321',
]

for (const preset of presets)
  for (const limiter of [false, true])
    test(`${preset}${limiter ? ' with the limiter' : ''}: the error follows the tolerance`, () => {
      for (const { field, y0, span, end } of [lotkaVolterra, cosine]) {
        const control = adaptive({ preset, limiter })
        const errors = [1e-5, 1e-8].map((tol) => {
          const solution = solve(field, y0, span, {
            method: tsit5,
            rtol: tol,
            atol: tol,
            control,
            saveAt: 'end',
          })
          assert.is(solution.status, 'success')
          // a controller that hunts rejects every second step
          assert.ok(solution.stats.rejected <= 0.5 * solution.stats.accepted + 3)
          return distance(solution.y.data, end)
        })
        // errors per step add up over the span and are multiplied by the flow, some hundredfold
        assert.ok(errors[0] < 1e-5 * 200 && errors[1] < 1e-8 * 200, `${errors}`)
        assert.ok(errors[1] < errors[0] / 50)
      }
    })

test('minStep, maxStep and firstStep are kept', () => {
  const solution = solve(cosine.field, [1], [0, 2], {
    method: dopri5,
    rtol: 1e-3,
    atol: 1e-3,
    firstStep: 0.01,
    maxStep: 0.05,
  })
  assert.is(solution.t[1], 0.01)
  for (let i = 1; i < solution.t.length; i++) assert.ok(solution.t[i] - solution.t[i - 1] <= 0.05 * 1.011)
})

test('tolerances by component: the loose one does not cost steps', () => {
  const field = system({
    name: 'two',
    state: ['slow', 'fast'],
    dynamics: { slow: '-slow', fast: 'cos(40*t)' },
  })
  const run = (atol: readonly number[]) =>
    solve(field, [1, 0], [0, 5], { method: dopri5, rtol: 0, atol }).stats.accepted
  assert.ok(run([1e-8, 1e2]) < 0.3 * run([1e-8, 1e-8]))
})

test('a seminorm: components of weight 0 do not count', () => {
  const field = system({
    name: 'two',
    state: ['slow', 'fast'],
    dynamics: { slow: '-slow', fast: 'cos(40*t)' },
  })
  const options = { method: dopri5, rtol: 1e-8, atol: 1e-8 }
  const full = solve(field, [1, 0], [0, 5], options)
  const semi = solve(field, [1, 0], [0, 5], { ...options, weights: [1, 0] })
  assert.ok(semi.stats.accepted < 0.3 * full.stats.accepted)
  assert.ok(Math.abs(semi.at(5)[0] - Math.exp(-5)) < 1e-7)
})

test('the largest component is the stricter norm', () => {
  const options = { method: dopri5, rtol: 1e-8, atol: 1e-8 }
  const rms = solve(lorenz.field, lorenz.y0, [0, 1], options)
  const max = solve(lorenz.field, lorenz.y0, [0, 1], { ...options, norm: 'max' })
  assert.ok(max.stats.accepted >= rms.stats.accepted)
})

test('a norm of one’s own: the same steps where it is one of those that are built in', () => {
  const rms = (e: Float64Array) => {
    let sum = 0
    for (const v of e) sum += v * v
    return Math.sqrt(sum / e.length)
  }
  const max = (e: Float64Array) => e.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  for (const method of [dopri5, dop853, gbs])
    for (const [name, norm] of [
      ['rms', rms],
      ['max', max],
    ] as const) {
      const options = { method, rtol: 1e-8, atol: 1e-8 }
      const own = solve(lorenz.field, lorenz.y0, [0, 1], { ...options, norm })
      const built = solve(lorenz.field, lorenz.y0, [0, 1], { ...options, norm: name })
      // the controller's logarithm, linear between powers of two, sees n times the mean square or the mean
      // itself: steps differ by .6 % at most, and the result by a part of its error
      const off = name === 'rms' ? 0.01 * built.stats.accepted : 0
      assert.ok(Math.abs(own.stats.accepted - built.stats.accepted) <= off, `${method.name} ${name}`)
      assert.ok(distance(own.at(1), built.at(1)) <= (name === 'rms' ? 1e-6 : 0), `${method.name} ${name}`)
    }
})

test('a norm that is not a number rejects, and ends with a status', () => {
  const { status } = solve(lorenz.field, lorenz.y0, [0, 1], {
    method: dopri5,
    rtol: 1e-8,
    atol: 1e-8,
    norm: () => Number.NaN,
  })
  assert.is(status, 'non-finite')
})

test('settings are checked', () => {
  const tolerances = { method: dopri5, rtol: 1e-8, atol: 1e-8 }
  const run = (options: object) => () => solve(lorenz.field, lorenz.y0, [0, 1], { ...tolerances, ...options })
  assert.throws(run({ norm: 'min' }), /norm/)
  assert.throws(run({ norm: () => 1, weights: [1, 1, 0] }), /weights/)
  assert.throws(() => adaptive({ preset: 'PI99' as ControlPreset }), /one of I, PI/)
  assert.throws(() => adaptive({ safety: 2 }), /safety/)
  assert.throws(
    () => solve(cosine.field, [1], [0, 1], { method: dopri5, rtol: 1, atol: 1, norm: 'l1' as 'max' }),
    /'rms', 'max' or a function/,
  )
})

test('the first step suits the scale of the problem', () => {
  for (const scale of [1e-6, 1, 1e6]) {
    const f = (_t: number, y: Float64Array, dydt: Float64Array) => (dydt[0] = -y[0] / scale)
    const { stats } = solve(f, [1], [0, 10 * scale], { method: tsit5, rtol: 1e-6, atol: 1e-9 })
    assert.ok(stats.rejected <= 2 && stats.accepted < 60, `${scale}: ${stats.accepted}/${stats.rejected}`)
  }
})

test('an observable of every step, without the states', () => {
  const energy = observableRecord(expression('p^2/2 - cos(q)', ['q', 'p']))
  const squares = observableRecord({ size: 1, value: (_t, y, out) => (out[0] = y[0] * y[0]) })
  const options = { method: leapfrog, step: 0.1, saveAt: 'end' as const, observers: [energy, squares] }
  solve(pendulum, [1, 0], [0, 10], options)
  const whole = solve(pendulum, [1, 0], [0, 10], { method: leapfrog, step: 0.1 })
  assert.is(energy.values.count(), 100)
  energy.values.view().forEach((value, i) => {
    const [q, p] = [whole.y.get(i + 1, 0), whole.y.get(i + 1, 1)]
    assert.ok(Math.abs(value - (p * p) / 2 + Math.cos(q)) < 1e-15)
    assert.is(squares.values.view()[i], q * q)
  })
})

test.run()
