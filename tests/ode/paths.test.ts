import { type Field, network, system } from '@separatrix/field'
import { adaptive, dop853, dopri5, type Method, rk4, type SolveOptions, solve, vern7 } from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { distance, lorenz, lorenzFunction } from './problems.js'

const test = suite('execution paths')

/** Runs without `new Function` and WebAssembly modules, as on a page whose policy forbids them. */
function withoutCodeGeneration<T>(run: () => T): T {
  const [originalFunction, originalModule] = [globalThis.Function, WebAssembly.Module]
  const forbidden = () => {
    throw new EvalError('forbidden')
  }
  globalThis.Function = forbidden as unknown as FunctionConstructor
  WebAssembly.Module = forbidden as unknown as typeof WebAssembly.Module
  try {
    return run()
  } finally {
    globalThis.Function = originalFunction
    WebAssembly.Module = originalModule
  }
}

/** A fresh copy, since compiled code is remembered per field and per graph. */
const fresh = (field: Field): Field => Object.freeze({ ...field, nodes: [...field.nodes] })

const settings: readonly (readonly [string, Omit<SolveOptions, 'method'>, Method])[] = [
  ['dopri5', { rtol: 1e-7, atol: 1e-9 }, dopri5],
  ['dopri5, tolerances by component', { rtol: [1e-7, 1e-6, 1e-7], atol: 1e-9 }, dopri5],
  ['dopri5, seminorm', { rtol: 1e-7, atol: 1e-9, weights: [1, 0, 2] }, dopri5],
  ['dopri5, largest component', { rtol: 1e-7, atol: 1e-9, norm: 'max' }, dopri5],
  ['dopri5, a norm of one’s own', { rtol: 1e-7, atol: 1e-9, norm: (e) => Math.hypot(...e) }, dopri5],
  ['dop853, two error estimates', { rtol: 1e-9, atol: 1e-9 }, dop853],
  ['vern7, not first same as last', { rtol: 1e-9, atol: 1e-9 }, vern7],
  ['dopri5, digital filter', { rtol: 1e-7, atol: 1e-9, control: adaptive({ preset: 'H321' }) }, dopri5],
  [
    'dopri5, limiter',
    { rtol: 1e-7, atol: 1e-9, control: adaptive({ limiter: true, preset: 'H211b' }) },
    dopri5,
  ],
  ['dopri5, fixed', { step: 0.01 }, dopri5],
  ['rk4', { step: 0.01 }, rk4],
]

for (const [name, options, method] of settings)
  test(`${name}: fused, specialised and loops agree`, () => {
    const full = { ...options, method }
    const run = (f: Field | typeof lorenzFunction) => solve(f, lorenz.y0, [0, 2], full)
    const fused = run(lorenz.field)
    const specialised = run((t, y, dydt) => lorenzFunction(t, y, dydt, new Float64Array(0)))
    const loops = withoutCodeGeneration(() => run(fresh(lorenz.field)))
    assert.equal(
      [fused, specialised, loops].map((s) => s.stats.path),
      ['fused', 'specialised', 'loops'],
    )
    for (const other of [specialised, loops]) {
      assert.ok(Math.abs(other.stats.accepted - fused.stats.accepted) <= 0.01 * fused.stats.accepted)
      // Rounding shifts error estimates, which are differences, by some 1e-6 of themselves, and so the steps;
      // the results then differ by a part of their error, which is some 10 tolerances times the solution
      assert.ok(distance(other.at(2), fused.at(2)) < 1e-5)
    }
  })

test('trace levels do not change results', () => {
  const options = { method: dopri5, rtol: 1e-7, atol: 1e-9 }
  const none = solve(lorenz.field, lorenz.y0, [0, 2], { ...options, saveAt: 'end' })
  const steps = solve(lorenz.field, lorenz.y0, [0, 2], options)
  const stages = solve(lorenz.field, lorenz.y0, [0, 2], { ...options, saveAt: [2] })
  assert.equal([...none.y.data], [...steps.at(2)])
  assert.equal([...none.y.data], [...stages.y.data])
})

test('a wide field runs on vectors, and in loops over arrays', () => {
  const wide = network({ widths: [40, 60, 40], activation: 'tanh', seed: 1 })
  const y0 = Array.from({ length: 40 }, (_, i) => Math.sin(i))
  const a = solve(wide, y0, [0, 1], { method: dopri5, rtol: 1e-7, atol: 1e-9, saveAt: 'end' })
  assert.is(a.stats.path, 'vectors')
  const b = withoutCodeGeneration(() =>
    solve(fresh(wide), y0, [0, 1], { method: dopri5, rtol: 1e-7, atol: 1e-9, saveAt: 'end' }),
  )
  assert.is(b.stats.path, 'loops')
  assert.is(a.stats.accepted, b.stats.accepted)
  assert.ok(distance(a.y.data, b.y.data) < 1e-7)
})

for (const n of [13, 16, 17, 31])
  test(`a function of ${n} components: printed loops and plain ones agree`, () => {
    const ring = (t: number, y: Float64Array, dydt: Float64Array) => {
      for (let i = 0; i < n; i++)
        dydt[i] = (y[(i + 1) % n] - y[(i + n - 2) % n]) * y[(i + n - 1) % n] - y[i] + 4 + Math.sin(t)
    }
    const y0 = Array.from({ length: n }, (_, i) => 2 + Math.sin(i))
    const weights = Array.from({ length: n }, (_, i) => i % 3)
    const rtol = Array.from({ length: n }, (_, i) => 1e-7 * (1 + (i % 2)))
    const cases: readonly Omit<SolveOptions, 'method'>[] = [
      { rtol: 1e-7, atol: 1e-9 },
      { rtol, atol: 1e-9, weights },
      { rtol: 1e-7, atol: 1e-9, norm: 'max' },
      { rtol: 1e-7, atol: 1e-9, norm: (e) => Math.hypot(...e), saveAt: [0.3, 1] },
      { step: 0.01, saveAt: [0.305, 1] },
    ]
    for (const method of [dopri5, vern7, dop853])
      for (const options of cases) {
        const run = () => solve(ring, y0, [0, 1], { ...options, method })
        const printed = run()
        const plain = withoutCodeGeneration(() =>
          solve((t, y, dydt) => ring(t, y, dydt), y0, [0, 1], { ...options, method }),
        )
        assert.equal(
          [printed, plain].map(({ stats }) => stats.path),
          ['specialised', 'loops'],
        )
        assert.is(printed.stats.accepted, plain.stats.accepted)
        // sums in another order; where that moves steps, the result moves by a part of its error
        const room = options.step === undefined ? 1e-6 : 1e-12
        assert.ok(distance(printed.y.data.slice(-n), plain.y.data.slice(-n)) < room)
        assert.ok(distance(printed.y.data.slice(0, n), plain.y.data.slice(0, n)) < room)
      }
  })

test('constant fields and a single state', () => {
  const ramp = system({ name: 'ramp', state: ['x'], dynamics: { x: '2' } })
  assert.ok(
    Math.abs(solve(ramp, [1], [0, 3], { method: dopri5, rtol: 1e-6, atol: 1e-6 }).at(3)[0] - 7) < 1e-14,
  )
  assert.ok(Math.abs(solve(ramp, [1], [0, 3], { method: rk4, step: 0.1 }).at(1.55)[0] - 4.1) < 1e-13)
})

test.run()
