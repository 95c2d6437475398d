import { compile, type Field, network, system, withTheta } from '@separatrix/field'
import * as ode from '@separatrix/ode'
import { adaptive, type Method, type SolveOptions, solve } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { distance } from './problems.js'

const test = suite('large fields on vectors')

const size = 301
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Waves with a travelling force, stable in either direction: written one by one, two ends and one middle. */
const wave: Field = (() => {
  const state = range(size).map((i) => `u${i}`)
  const rate = (u: string, i: number) => {
    const [left, right] = [state[Math.max(i - 1, 0)], state[Math.min(i + 1, size - 1)]]
    return `d*(${right} - ${left}) + sin(${u})*cos(${left}*${right}) + .3*sin(t + ${i / 50})`
  }
  const dynamics = Object.fromEntries(state.map((u, i) => [u, rate(u, i)]))
  return system({ name: 'wave', state, params: { d: 2 }, dynamics })
})()
const start = range(size).map((i) => Math.cos(i / 20))

/** The same field as a function, which goes the way of functions. */
const compiled = compile(wave)
const called = (t: number, y: Float64Array, dydt: Float64Array) => compiled(t, y, dydt)

const tolerances = { rtol: 1e-6, atol: 1e-8 }
const byComponent = Float64Array.from({ length: size }, (_, i) => 1e-6 * (1 + (i % 3)))
const someWeights = Float64Array.from({ length: size }, (_, i) => i % 4)

const settings: readonly (readonly [string, Omit<SolveOptions, 'method'>, Method])[] = [
  ...[ode.euler, ode.heun, ode.rk4, ode.threeEighths, ode.ssprk3, ode.tsit5, ode.vern7].map(
    (method) => [`${method.name}, fixed`, { step: 0.03 }, method] as const,
  ),
  ...[ode.bosh3, ode.dopri5, ode.tsit5, ode.vern6, ode.vern7, ode.vern8, ode.vern9, ode.dop853].map(
    (method) => [method.name, tolerances, method] as const,
  ),
  ['tolerances by component', { rtol: byComponent, atol: 1e-8 }, ode.dopri5],
  ['seminorm', { ...tolerances, weights: someWeights }, ode.dopri5],
  ['largest component', { ...tolerances, norm: 'max' }, ode.dop853],
  ['digital filter', { ...tolerances, control: adaptive({ preset: 'H321' }) }, ode.dopri5],
  ['limiter', { ...tolerances, control: adaptive({ limiter: true, preset: 'H211b' }) }, ode.tsit5],
  ['bounded steps', { ...tolerances, minStep: 1e-5, maxStep: 0.05, firstStep: 1e-3 }, ode.tsit5],
]

/**
 * What rounding does: sums in another order change error estimates, which are differences, by 1e-6 of
 * themselves, and so the steps by as much; the result then moves by that part of its error of some tolerances,
 * here below 1e-5. Equal steps leave rounding alone: a hundred steps of 1e-16 times some ten.
 */
const most = (options: Omit<SolveOptions, 'method'>) => (options.step === undefined ? 1e-6 : 1e-13)

for (const [name, options, method] of settings)
  for (const span of [
    [0, 2],
    [1, -0.5],
  ] as const)
    test(`${name}, ${span[1] > span[0] ? 'forwards' : 'backwards'}: vectors and functions agree`, () => {
      const full = { ...options, method }
      const vectors = solve(wave, start, span, full)
      const functions = solve(called, start, span, full)
      assert.equal([vectors.stats.path, functions.stats.path], ['vectors', 'specialised'])
      assert.is(vectors.status, 'success')
      const [a, b] = [vectors.stats, functions.stats]
      assert.ok(Math.abs(a.accepted - b.accepted) <= 0.01 * b.accepted, `${a.accepted}, ${b.accepted}`)
      if (a.accepted === b.accepted && a.rejected === b.rejected) assert.is(a.evaluations, b.evaluations)
      assert.ok(distance(vectors.at(span[1]), functions.at(span[1])) < most(options))
      const middle = 0.3 * span[0] + 0.7 * span[1]
      assert.ok(distance(vectors.at(middle), functions.at(middle)) < 10 * most(options))
    })

test('trace levels and pauses do not change results', () => {
  for (const options of [
    { method: ode.tsit5, ...tolerances },
    { method: ode.vern7, ...tolerances },
    { method: ode.tsit5, step: 0.03 },
  ]) {
    const end = [...solve(wave, start, [0, 2], { ...options, saveAt: 'end' }).y.data]
    assert.equal([...solve(wave, start, [0, 2], options).at(2)], end)
    assert.equal([...solve(wave, start, [0, 2], { ...options, saveAt: [1, 2] }).y.data.slice(size)], end)
    const run = ode.integrator(wave, size, options)
    let state = run.initialize(start, [0, 2])
    while (run.advance(state, 7).reason === 'running') state = ode.restoreState(ode.saveState(state))
    assert.equal([...state.y], end)
  }
})

test('two integrations of one field take turns in one memory', () => {
  const options = { method: ode.dopri5, ...tolerances }
  const run = ode.integrator(wave, size, options)
  const other = ode.integrator(withTheta(wave, [5]), size, options)
  const [a, b] = [run.initialize(start, [0, 1]), other.initialize(start, [0, 1])]
  let [doing, alsoDoing] = [true, true]
  while (doing || alsoDoing) {
    doing = run.advance(a, 3).reason === 'running'
    alsoDoing = other.advance(b, 2).reason === 'running'
  }
  const alone = (theta: number[]) => [
    ...solve(wave, start, [0, 1], { ...options, theta, saveAt: 'end' }).y.data,
  ]
  assert.equal([...a.y], alone([2]))
  assert.equal([...b.y], alone([5]))
})

test('events, breakpoints and stops', () => {
  const options: SolveOptions = {
    method: ode.dopri5,
    ...tolerances,
    breakpoints: [0.5],
    stopAt: [0.75],
    events: [
      { name: 'down', when: (_t, y) => (y[100] as number) - 0.2 },
      { when: (t) => t - 1.25, reset: (_t, y) => y.fill(0.5) },
      { when: (_t, y) => (y[0] as number) - 0.6, terminal: true },
    ],
  }
  const [a, b] = [solve(wave, start, [0, 4], options), solve(called, start, [0, 4], options)]
  assert.is(a.stats.path, 'vectors')
  assert.is(a.status, 'terminated')
  assert.is(a.events.length, b.events.length)
  a.events.forEach((event, i) => {
    assert.is(event.event, b.events[i]?.event)
    const apart = Math.abs(event.t - (b.events[i]?.t as number))
    // a time is off by the error of y, some ten tolerances, over the speed at the crossing
    assert.ok(apart < 1e-5, `event ${i} at ${event.t}: ${apart}`)
  })
  assert.ok(a.t.includes(0.75))
})

/** y' = y², all alike but the first, which runs away at t = 1. */
const blowUp = (() => {
  const state = range(200).map((i) => `y${i}`)
  return system({ state, dynamics: Object.fromEntries(state.map((y) => [y, `${y}^2`])) })
})()

test('what goes wrong is said as everywhere', () => {
  const y0 = range(200).map((i) => (i === 0 ? 1 : 0.1))
  const f = (_t: number, y: Float64Array, d: Float64Array) => {
    for (let i = 0; i < 200; i++) d[i] = (y[i] as number) ** 2
  }
  const cases: readonly Omit<SolveOptions, 'method'>[] = [
    tolerances,
    { ...tolerances, maxSteps: 20 },
    { ...tolerances, minStep: 1e-3 },
    { step: 0.01 },
  ]
  for (const options of cases) {
    const full = { ...options, method: ode.dopri5 }
    const [a, b] = [solve(blowUp, y0, [0, 2], full), solve(f, y0, [0, 2], full)]
    assert.is(a.stats.path, 'vectors')
    assert.is.not(a.status, 'success')
    assert.is(a.status, b.status)
    assert.ok(Math.abs((a.t.at(-1) as number) - (b.t.at(-1) as number)) < 1e-3)
    assert.ok(a.y.data.every(Number.isFinite))
  }
})

test('a value that is not a number rejects the trial, except where it does not count', () => {
  const state = range(120).map((i) => `y${i}`)
  const root = system({
    state,
    dynamics: Object.fromEntries(state.map((y, i) => [y, i === 60 ? `-1/sqrt(${y} - 1)` : `-${y}`])),
  })
  const y0 = range(120).map(() => 2)
  // y₆₀ − 1 = (1 − 1.5 t)^(2/3): the slope is infinite at t = 2/3, and past it there is no solution
  const all = solve(root, y0, [0, 1], { method: ode.dopri5, ...tolerances })
  assert.is(all.stats.path, 'vectors')
  assert.is(all.status, 'non-finite')
  assert.ok(Math.abs((all.t.at(-1) as number) - 2 / 3) < 1e-4)
  assert.ok(all.y.data.every(Number.isFinite))
  const weights = range(120).map((i) => (i === 60 ? 0 : 1))
  const rest = solve(root, y0, [0, 0.6], { method: ode.dopri5, ...tolerances, weights })
  assert.is(rest.status, 'success')
})

test('a network is products and loops', () => {
  const wide = network({ widths: [40, 61, 40], activation: 'tanh', seed: 1 })
  const y0 = range(40).map((i) => Math.sin(i))
  const f = compile(wide)
  const options = { method: ode.tsit5, rtol: 1e-7, atol: 1e-9 }
  const a = solve(wide, y0, [0, 1], options)
  const b = solve((t, y, d) => f(t, y, d), y0, [0, 1], options)
  assert.is(a.stats.path, 'vectors')
  assert.is(a.stats.accepted, b.stats.accepted)
  assert.ok(distance(a.at(1), b.at(1)) < 1e-9)
})

test('where no module may be compiled, generated JavaScript runs and says so', () => {
  const original = WebAssembly.Module
  const forbidden = () => {
    throw new WebAssembly.CompileError('forbidden by a content security policy')
  }
  const options = { method: ode.dopri5, ...tolerances, saveAt: 'end' } as const
  const expected = solve(wave, start, [0, 1], options)
  try {
    WebAssembly.Module = forbidden as unknown as typeof WebAssembly.Module
    const fresh = Object.freeze({ ...wave, nodes: [...wave.nodes] })
    const a = solve(fresh, start, [0, 1], options)
    assert.is(a.stats.path, 'specialised')
    assert.ok(distance(a.y.data, expected.y.data) < 1e-6)
  } finally {
    WebAssembly.Module = original
  }
})

test.run()
