import assert from 'node:assert/strict'
import { compose, type Field, network, seededRandom, system, wasmForm, withTheta } from '@separatrix/field'
import * as methods from '@separatrix/ode'
import {
  adaptive,
  dopri5,
  type EnsembleOptions,
  type EnsembleStatus,
  type ExplicitMethod,
  ensemble,
  euler,
  leapfrog,
  rk4,
  solve,
  threadPool,
} from '@separatrix/ode'
import ndarray from 'ndarray'
import { test } from 'uvu'
import { closedLoop, kepler, lorenz, vanDerPol } from '../field/fields.js'

const forced = system({
  name: 'forced',
  state: ['x', 'v'],
  params: { w: 1.7 },
  dynamics: { x: 'v', v: '-x + cos(w*t) + tanh(t - 1)' },
})

const swing = system({
  name: 'swing',
  state: ['a', 'b'],
  params: { g: 9.81, c: 0.1 },
  dynamics: { a: 'b', b: '-g*sin(a) - c*b' },
})

const isExplicit = (value: unknown): value is ExplicitMethod =>
  typeof value === 'object' && value !== null && 'family' in value && value.family === 'explicit'

/** x' = x² blows up at 1/x₀. */
const blowUp = system({ name: 'blowUp', state: ['x'], dynamics: { x: 'x^2' } })

/** Large enough to be printed as loops, with constants and time beside the network. */
const driven = compose(
  network({ widths: [2, 16, 16, 2], activation: 'tanh', seed: 4 }),
  system({ state: ['x', 'y'], dynamics: { x: '0.7*x + sin(2*t)', y: 'y^3 - 0.3' } }),
)

const fields: readonly Field[] = [lorenz, kepler, vanDerPol, swing, closedLoop, forced, driven]

// no multiple of a tile or of a block of 256
const batch = 301
const random = seededRandom(5)
const states = (f: Field, count = batch) =>
  Array.from({ length: count }, () => Array.from({ length: f.stateSize }, () => 0.5 + 0.4 * random.uniform()))

const span = [0, 1.5] as const
const saveAt = [0, 0.4, 1, 1.5]

type Steps = Pick<EnsembleOptions, 'method' | 'step' | 'rtol' | 'atol'>
const steppings: readonly (readonly [string, Steps])[] = [
  ['rk4, equal steps', { method: rk4, step: 0.01 }],
  ['dopri5, equal steps', { method: dopri5, step: 0.02 }],
  ['dopri5, chosen steps', { method: dopri5, rtol: 1e-8, atol: 1e-10 }],
]

for (const f of fields) {
  for (const [name, steps] of steppings) {
    test(`${f.name}, ${name}: every backend takes the steps of solve`, async () => {
      const Y0 = states(f)
      const js = await ensemble(f, Y0, span, { ...steps, saveAt, backend: 'js' })
      const single = solve(f, Y0[7] as number[], span, { ...steps, stopAt: saveAt, saveAt: 'end' })
      assert.deepEqual(
        Array.from({ length: f.stateSize }, (_, k) => js.y.get(3, 7, k)),
        Array.from(single.y.data),
      )
      const wasm = await ensemble(f, Y0, span, { ...steps, saveAt, backend: 'wasm' })
      assert.deepEqual(
        [wasm.backend, wasm.precision, wasm.device],
        ['wasm', 'double', 'WebAssembly (CPU, f64x2)'],
      )
      assert.deepEqual(wasm.y.shape, [4, batch, f.stateSize])
      assert.ok(wasm.status.every((s) => s === 'success'))
      // the same steps up to rounding: a few ulp a step, over 150 steps, that the flow grows at most tenfold;
      // where steps are chosen their sizes may differ by rounding, which moves the result by the tolerance's share
      const tolerance = steps.step === undefined ? 1e-9 : 1e-11
      wasm.y.data.forEach((v, i) => {
        const expected = js.y.data[i] as number
        assert.ok(Math.abs(v - expected) <= tolerance * (1 + Math.abs(expected)), `${i}: ${v}, ${expected}`)
      })
      wasm.accepted.forEach((count, i) => {
        assert.ok(Math.abs(count - (js.accepted[i] as number)) <= 1)
      })
    })
  }
}

for (const method of Object.values(methods).filter(isExplicit)) {
  test(`${method.name} on vectors takes the steps of solve`, async () => {
    const chosen: Steps[] = method.errorOrder === undefined ? [] : [{ method, rtol: 1e-6, atol: 1e-8 }]
    for (const f of [lorenz, forced])
      for (const steps of [{ method, step: 0.02 }, ...chosen]) {
        const Y0 = states(f, 9)
        const js = await ensemble(f, Y0, span, { ...steps, backend: 'js' })
        const wasm = await ensemble(f, Y0, span, { ...steps, backend: 'wasm' })
        wasm.y.data.forEach((v, i) => {
          const expected = js.y.data[i] as number
          // rounding of some hundred steps; where they are chosen, of their sizes as well
          assert.ok(Math.abs(v - expected) <= 1e-9 * (1 + Math.abs(expected)), `${i}: ${v}, ${expected}`)
        })
      }
  })
}

test('both printed forms are exercised', () => {
  assert.deepEqual(new Set(fields.map((f) => wasmForm(f, 'shared'))), new Set(['lines', 'tile']))
})

test('threads give the numbers of one thread, bit for bit, from a pool that is reused', async () => {
  const pool = threadPool({ threads: 2 })
  for (const [, steps] of steppings) {
    for (const f of [lorenz, swing, driven]) {
      const Y0 = states(f, 1003)
      const one = await ensemble(f, Y0, span, { ...steps, saveAt, backend: 'wasm' })
      const two = await ensemble(f, Y0, span, { ...steps, saveAt, backend: 'threads', threads: pool })
      assert.match(two.device, /2 threads/)
      assert.deepEqual(two.y.data, one.y.data)
      assert.deepEqual(two.accepted, one.accepted)
    }
  }
  await pool.close()
  const alone = await ensemble(lorenz, states(lorenz), span, {
    method: rk4,
    step: 0.1,
    backend: 'threads',
    threads: 1,
  })
  assert.equal(alone.backend, 'threads')
})

test('single precision is near double, and says so', async () => {
  for (const [name, steps] of steppings) {
    const loose = name.endsWith('chosen steps') ? { ...steps, rtol: 1e-4, atol: 1e-5 } : steps
    const Y0 = states(swing)
    const double = await ensemble(swing, Y0, span, { ...loose, backend: 'wasm' })
    const single = await ensemble(swing, Y0, span, { ...loose, backend: 'wasm', precision: 'single' })
    assert.equal(single.precision, 'single')
    // 6e-8 a step over 150 steps, and where steps are chosen errors of the size of the tolerance on both
    const tolerance = name.endsWith('chosen steps') ? 2e-3 : 2e-5
    single.y.data.forEach((v, i) => {
      assert.ok(Math.abs(v - (double.y.data[i] as number)) <= tolerance)
    })
  }
})

test('chosen steps meet the tolerance, each trajectory with its own steps', async () => {
  // a fast and a slow pendulum side by side
  const Y0 = Array.from({ length: 64 }, (_, i) => [0.3 + 0.02 * (i % 32), 0])
  const theta = Array.from({ length: 64 }, (_, i) => [i % 2 === 0 ? 1 : 400, 0.1])
  const options = { method: dopri5, rtol: 1e-9, atol: 1e-9, backend: 'wasm', theta } as const
  const { y, accepted } = await ensemble(swing, Y0, [0, 2], options)
  for (const i of [0, 1, 33, 62]) {
    const exact = solve(withTheta(swing, theta[i] as number[]), Y0[i] as number[], [0, 2], {
      method: dopri5,
      rtol: 1e-12,
      atol: 1e-12,
      saveAt: 'end',
    })
    // local errors of 1e-9 over up to 400 steps of a flow that does not expand faster than its frequency
    for (const k of [0, 1]) assert.ok(Math.abs(y.get(0, i, k) - (exact.y.data[k] as number)) < 1e-6)
  }
  assert.ok((accepted[1] as number) > 5 * (accepted[0] as number), 'nobody waits for the fast ones')
})

test('the error falls with the order of the method', async () => {
  const Y0 = states(forced, 8)
  const exact = await ensemble(forced, Y0, span, { method: dopri5, rtol: 1e-13, atol: 1e-13, backend: 'js' })
  for (const method of [euler, rk4, dopri5]) {
    const errors: number[] = []
    for (const step of [0.1, 0.05]) {
      const { y } = await ensemble(forced, Y0, span, { method, step, backend: 'wasm' })
      errors.push(Math.max(...y.data.map((v, i) => Math.abs(v - (exact.y.data[i] as number)))))
    }
    const order = Math.log2((errors[0] as number) / (errors[1] as number))
    // the next term of the error expansion is some tenth of the leading one at these steps
    assert.ok(Math.abs(order - method.order) < 0.4, `${method.name}: ${order}`)
  }
})

test('backwards, and a last step that is cut short', async () => {
  const Y0 = states(swing, 5)
  for (const [, steps] of steppings) {
    const there = await ensemble(swing, Y0, [0, 0.735], { ...steps, backend: 'wasm' })
    const back = await ensemble(swing, ndarray(there.y.data, [5, 2]), [0.735, 0], {
      ...steps,
      backend: 'wasm',
    })
    Y0.flat().forEach((v, i) => {
      // global errors of both ways: h⁴ and h⁵ terms at h = .02, or 1e-8 a step
      assert.ok(Math.abs(v - (back.y.data[i] as number)) < 1e-6)
    })
  }
})

const failing: readonly (readonly [string, Steps, EnsembleStatus])[] = [
  ['equal steps', { method: rk4, step: 0.01 }, 'non-finite'],
  ['chosen steps', { method: dopri5, rtol: 1e-8, atol: 1e-10 }, 'step-underflow'],
]
for (const backend of ['js', 'wasm', 'threads'] as const) {
  for (const [name, steps, status] of failing) {
    test(`${backend}, ${name}: a trajectory that fails does not take others with it`, async () => {
      const Y0 = [[0.1], [0.5], [1.25], [Number.NaN], [-1], [0.2]]
      const options = { ...steps, saveAt: [0, 0.5, 1], backend, threads: 2 } as const
      const result = await ensemble(blowUp, Y0, [0, 1], options)
      assert.deepEqual(result.status, ['success', 'success', status, 'non-finite', 'success', 'success'])
      assert.match(result.message, /4 of 6 trajectories reached the end/)
      Y0.forEach(([x0], i) => {
        const expected = [0, 0.5, 1].map((t) => (x0 as number) / (1 - t * (x0 as number)))
        expected.forEach((v, at) => {
          const value = result.y.get(at, i, 0)
          if (i === 3 || (i === 2 && at === 2)) assert.ok(Number.isNaN(value))
          // relative: 1e-8 a step, and rk4 at h·x ≤ .03 far below
          else assert.ok(Math.abs(value - v) <= 1e-6 * Math.abs(v), `${i}, ${at}: ${value}, ${v}`)
        })
      })
    })
  }
}

test('maxSteps ends trajectories that need more', async () => {
  for (const backend of ['js', 'wasm'] as const) {
    const theta = [
      [1, 0],
      [1e6, 0],
    ]
    const result = await ensemble(swing, [[0.5, 0], [0.5, 0]], [0, 10], {
      method: dopri5, rtol: 1e-6, atol: 1e-6, backend, theta, maxSteps: 500,
    }) // biome-ignore format: short
    assert.deepEqual(result.status, ['success', 'max-steps'])
    assert.equal((result.accepted[1] as number) + (result.rejected[1] as number), 500)
  }
})

test('the signal cancels, and what was done is kept', async () => {
  for (const backend of ['js', 'wasm', 'threads'] as const) {
    const controller = new AbortController()
    const reduce = () => controller.abort()
    const options = {
      method: rk4,
      step: 1e-3,
      saveAt: [1, 2, 3],
      backend,
      signal: controller.signal,
      threads: 2,
    }
    const result = await ensemble(swing, states(swing, 20), [0, 3], {
      ...options,
      ...(backend === 'js' ? {} : { reduce }),
    })
    if (backend === 'js') assert.ok(result.status.every((s) => s === 'success'))
    else assert.ok(result.status.every((s) => s === 'cancelled'))
  }
  const aborted = AbortSignal.abort()
  for (const backend of ['js', 'wasm', 'threads'] as const) {
    const options = { method: rk4, step: 1e-3, backend, signal: aborted, threads: 1 }
    const { status, y } = await ensemble(swing, states(swing, 20), [0, 3], { ...options, saveAt: [1, 3] })
    assert.ok(status.every((s) => s === 'cancelled'))
    assert.ok(y.data.every(Number.isNaN))
  }
})

test('auto says why, and what it expects', async () => {
  const few = await ensemble(swing, states(swing, 3), span, { method: rk4, step: 0.1, backend: 'auto' })
  assert.equal(few.backend, 'js')
  assert.match(few.reason, /^js: expected js .* ms, wasm .* ms/)
  const many = await ensemble(swing, states(swing, 20_000), span, {
    method: rk4,
    step: 0.01,
    backend: 'auto',
    threads: 1,
  })
  assert.equal(many.backend, 'wasm')
  const symplectic = await ensemble(swing, states(swing, 3), span, {
    method: leapfrog,
    step: 0.1,
    backend: 'auto',
  }).catch((error: Error) => error)
  assert.ok(symplectic instanceof Error || symplectic.backend === 'js')
})

test('what vectors lack is done in JavaScript, and said to be', async () => {
  const steps = { method: dopri5, rtol: 1e-6, atol: 1e-6 }
  const norm = (e: Float64Array) => Math.hypot(...e)
  for (const lacking of [{ norm }, { norm: 'max' as const }, { control: adaptive({ preset: 'H211b' }) }]) {
    const { backend, reason, y } = await ensemble(swing, states(swing, 500), span, {
      ...steps,
      ...lacking,
      backend: 'auto',
    })
    assert.equal(backend, 'js')
    assert.match(reason, /on vectors/)
    assert.ok(y.data.every(Number.isFinite))
    await assert.rejects(
      ensemble(swing, states(swing, 3), span, { ...steps, ...lacking, backend: 'wasm' }),
      /on vectors/,
    )
  }
})

const options = { method: dopri5, rtol: 1e-6, atol: 1e-6, backend: 'wasm' } as const
const misuses: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  ['rows of another width', () => ensemble(lorenz, [[1, 2]], [0, 1], options), /rows of 3 numbers/],
  ['no rows', () => ensemble(lorenz, [], [0, 1], options), /no row/],
  ['θ of another length', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...options, theta: [1] }), /3 parameters \(sigma, rho, beta\)/],
  ['too few rows of θ', () => ensemble(lorenz, [[1, 2, 3], [1, 2, 3]], [0, 1], { ...options, theta: [[1, 2, 3]] }), /2 rows, as many as Y0/],
  ['a function', () => ensemble((() => {}) as unknown as Field, [[1]], [0, 1], options), /expected a field/],
  ['an unknown backend', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...options, backend: 'cuda' as 'js' }), /one of js, wasm, threads/],
  ['a tolerance below single precision', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...options, precision: 'single' }), /rtol of at least 3.8e-6 in single precision/],
  ['single precision in JavaScript', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { method: rk4, step: 0.1, backend: 'js', precision: 'single' }), /'double' on backend 'js'/],
  ['a method that is no tableau', () => ensemble(swing, [[1, 2]], [0, 1], { method: leapfrog, step: 0.1, backend: 'wasm' }), /explicit Runge–Kutta method/],
  ['a controller that lanes lack', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...options, control: adaptive({ preset: 'H211b' }) }), /I or PI controller/],
  ['times outside of the span', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...options, saveAt: [2] }), /times between 0 and 1/],
  ['no tolerances', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { method: dopri5, backend: 'wasm' }), /rtol and atol/],
  ['an option of solve that vectors lack', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...options, maxStep: 0.1 } as EnsembleOptions), /options that every backend has, got maxStep/],
  ['no threads', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...options, backend: 'threads', threads: 0 }), /positive number of threads/],
] // biome-ignore format: one table
for (const [name, call, message] of misuses) {
  test(`${name}: refused with a remedy`, async () => {
    await assert.rejects(
      async () => call(),
      (error: Error) => message.test(error.message) && /Try /.test(error.message),
    )
  })
}

test.run()
