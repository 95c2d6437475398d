import assert from 'node:assert/strict'
import { type Field, network, seededRandom, system } from '@separatrix/field'
import { dopri5, ensemble, mean, rk4 } from '@separatrix/ode'
import { test } from 'uvu'
import { kepler, lorenz, vanDerPol } from '../field/fields.js'

/** Run in any Node; graphics devices print the same kernels. */
const devices = ['webasm', 'cpu'] as const
const swing = system({
  name: 'swing',
  state: ['a', 'b'],
  params: { g: 9.81, c: 0.1 },
  dynamics: { a: 'b', b: '-g*sin(a) - c*b' },
})
const random = seededRandom(9)
const states = (f: Field, batch: number) =>
  Array.from({ length: batch }, () => Array.from({ length: f.stateSize }, () => 0.4 + 0.3 * random.uniform()))

for (const device of devices) {
  for (const f of [lorenz, swing, vanDerPol, kepler]) {
    test(`${device}: ${f.name} is near the same steps in double precision`, async () => {
      const Y0 = states(f, 37)
      // 33 steps to the first time, the last of them cut short, and more than one kernel call to the second
      const options = { method: rk4, step: 0.003, saveAt: [0, 0.098, 0.9] }
      const expected = await ensemble(f, Y0, [0, 1], { ...options, backend: 'js' })
      const result = await ensemble(f, Y0, [0, 1], { ...options, backend: 'gpu', device })
      assert.deepEqual([result.backend, result.precision], ['gpu', 'single'])
      assert.match(result.device, device === 'webasm' ? /CPU SIMD/ : /CPU, JavaScript/)
      assert.ok(result.status.every((s) => s === 'success'))
      assert.deepEqual(result.accepted, expected.accepted)
      result.y.data.forEach((v, i) => {
        const exact = expected.y.data[i] as number
        // 6e-8 a step over 300 steps, grown up to a hundredfold by the flow of Lorenz' system
        assert.ok(Math.abs(v - exact) <= 2e-3 * (1 + Math.abs(exact)), `${i}: ${v}, ${exact}`)
      })
    })
  }

  test(`${device}: each trajectory with its own θ; one that fails fails alone`, async () => {
    const blowUp = system({ name: 'blowUp', state: ['x'], params: { a: 1 }, dynamics: { x: 'a*x^2' } })
    const theta = [[1], [0.5], [3], [1]]
    const Y0 = [[0.5], [1], [1], [Number.NaN]]
    const { y, status } = await ensemble(blowUp, Y0, [0, 1], {
      method: rk4,
      step: 0.01,
      backend: 'gpu',
      device,
      theta,
    })
    assert.deepEqual(status, ['success', 'success', 'non-finite', 'non-finite'])
    for (const i of [0, 1]) {
      const [x, a] = [Y0[i]?.[0] as number, theta[i]?.[0] as number]
      // 100 steps of 6e-8, grown fourfold
      assert.ok(Math.abs(y.get(0, i, 0) - x / (1 - a * x)) < 1e-4)
    }
    assert.ok(Number.isNaN(y.get(0, 2, 0)) && Number.isNaN(y.get(0, 3, 0)))
  })
}

test('reductions and cancellation reach the GPU backend', async () => {
  const options = { method: rk4, step: 0.05, backend: 'gpu', device: 'webasm' } as const
  const { reduced } = await ensemble(swing, states(swing, 8), [0, 1], {
    ...options,
    saveAt: [0, 1],
    reduce: mean(),
  })
  assert.equal(reduced.length, 2)
  const cancelled = await ensemble(swing, states(swing, 8), [0, 1], {
    ...options,
    signal: AbortSignal.abort(),
  })
  assert.ok(cancelled.status.every((s) => s === 'cancelled'))
})

const timed = system({
  name: 'timed',
  state: ['x', 'y'],
  params: { w: 3 },
  dynamics: { x: 'w*cos(w*t)', y: '-y + t' },
})

for (const device of devices) {
  test(`${device}: the time is that of each stage, forwards and backwards, with equal and with chosen steps`, async () => {
    const exact = (t: number) => [Math.sin(3 * t), 2 * Math.exp(-t) + t - 1]
    for (const span of [
      [0, 2],
      [2, 0.5],
    ] as const) {
      for (const steps of [
        { method: rk4, step: 0.01 },
        { method: dopri5, rtol: 1e-5, atol: 1e-6 },
      ]) {
        const saveAt = [span[0], 1.3, span[1]]
        const { y, status } = await ensemble(timed, [exact(span[0])], span, {
          ...steps,
          saveAt,
          backend: 'gpu',
          device,
        })
        assert.deepEqual(status, ['success'])
        saveAt.forEach((t, at) => {
          // 1e-5 a step over some 40 steps, halved by their smoothness; y grows 4.5-fold backwards
          exact(t).forEach((v, k) => {
            assert.ok(Math.abs(y.get(at, 0, k) - v) < 2e-4, `${t}: ${y.get(at, 0, k)}, ${v}`)
          })
        })
      }
    }
  })

  test(`${device}: steps are chosen for each trajectory, and counted`, async () => {
    const blowUp = system({ name: 'blowUp', state: ['x'], params: { a: 1 }, dynamics: { x: 'a*x^2' } })
    const steps = { method: dopri5, rtol: 1e-4, atol: 1e-6 }
    const all = { ...steps, backend: 'gpu', device, theta: [[1], [0.5], [3], [1]] } as const
    const Y0 = [[0.5], [1], [1], [Number.NaN]]
    const result = await ensemble(blowUp, Y0, [0, 1], all)
    const expected = await ensemble(blowUp, Y0, [0, 1], { ...all, backend: 'js', device: undefined })
    assert.equal(result.status[0], 'success')
    assert.equal(result.status[1], 'success')
    assert.ok(['step-underflow', 'non-finite'].includes(result.status[2] as string))
    assert.equal(result.status[3], 'non-finite')
    for (const i of [0, 1]) {
      assert.ok(Math.abs(result.y.get(0, i, 0) - expected.y.get(0, i, 0)) < 1e-4)
      // rounding moves a step in ten at most
      assert.ok(Math.abs((result.accepted[i] as number) - (expected.accepted[i] as number)) <= 2)
    }
    const few = await ensemble(blowUp, Y0, [0, 1], { ...all, rtol: 1e-5, maxSteps: 2 })
    assert.deepEqual(few.status.slice(0, 2), ['max-steps', 'max-steps'])
    assert.equal((few.accepted[0] as number) + (few.rejected[0] as number), 2)
  })

  test(`${device}: more steps than one kernel takes`, async () => {
    const steps = { method: dopri5, rtol: 1e-5, atol: 1e-6 }
    const result = await ensemble(
      vanDerPol,
      [
        [1, 0.5],
        [0.3, -0.2],
      ],
      [0, -60],
      { ...steps, backend: 'gpu', device },
    )
    const expected = await ensemble(
      vanDerPol,
      [
        [1, 0.5],
        [0.3, -0.2],
      ],
      [0, -60],
      { ...steps, backend: 'js' },
    )
    assert.ok(result.accepted.every((count) => count > 250))
    // on the limit cycle phases drift by the tolerance a step
    result.y.data.forEach((v, i) => {
      assert.ok(Math.abs(v - (expected.y.data[i] as number)) < 0.05)
    })
  })
}

test('a tolerance that single precision cannot reach is refused', async () => {
  await assert.rejects(
    ensemble(swing, [[1, 2]], [0, 1], { method: dopri5, rtol: 1e-8, atol: 1e-8, backend: 'gpu' }),
    /rtol of at least 3.8e-6 in single precision.*Try precision: 'double'/,
  )
})

const options = { method: rk4, step: 0.1, backend: 'gpu', device: 'cpu' } as const
const large = network({ widths: [2, 400, 400, 2], activation: 'tanh', seed: 1 })
const misuses: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  [
    'double precision',
    () => ensemble(swing, [[1, 2]], [0, 1], { ...options, precision: 'double' }),
    /'single' on the GPU/,
  ],
  ['a large field', () => ensemble(large, [[1, 2]], [0, 1], options), /at most 600 statements/],
  [
    'a device that is not there',
    () => ensemble(swing, [[1, 2]], [0, 1], { ...options, device: 'webgl2' }),
    /a device that this machine has/,
  ],
]
for (const [name, call, message] of misuses) {
  test(`${name}: refused with a remedy`, async () => {
    await assert.rejects(
      async () => call(),
      (error: Error) => message.test(error.message) && /Try /.test(error.message),
    )
  })
}

test.run()
