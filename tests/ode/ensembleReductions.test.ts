import assert from 'node:assert/strict'
import { seededRandom, system } from '@separatrix/field'
import { dopri5, ensemble, histogram, mean, quantiles, rk4, variance } from '@separatrix/ode'
import { test } from 'uvu'

const columns = [
  [3, 1, Number.NaN, 2],
  [10, 20, 30, 40],
].map((c) => Float64Array.from(c))
const snapshot = { t: 0, columns }

test('the mean leaves failed trajectories out', () => {
  assert.deepEqual(Array.from(mean()(snapshot)), [2, 25])
  assert.ok(Number.isNaN(mean()({ t: 0, columns: [Float64Array.of(Number.NaN)] })[0]))
})

test('the variance is that of a sample, and leaves failed trajectories out', () => {
  assert.deepEqual(Array.from(variance()(snapshot)), [1, 500 / 3])
  assert.ok(Number.isNaN(variance()({ t: 0, columns: [Float64Array.of(1, Number.NaN)] })[0]))
  // two passes: no cancellation at a large mean
  const far = Float64Array.from([0, 1, 2], (v) => 1e9 + v)
  assert.equal(variance()({ t: 0, columns: [far] })[0], 1)
})

test('quantiles interpolate order statistics', () => {
  const [first, second] = quantiles([0, 0.5, 0.75, 1])(snapshot)
  assert.deepEqual(Array.from(first as Float64Array), [1, 2, 2.5, 3])
  assert.deepEqual(Array.from(second as Float64Array), [10, 25, 32.5, 40])
  assert.throws(() => quantiles([2]), /levels from 0 to 1/)
})

test('histograms count what is inside, both ends included', () => {
  const counts = histogram({ component: 1, range: [10, 30], bins: 2 })(snapshot)
  assert.deepEqual(Array.from(counts), [1, 2])
  assert.throws(() => histogram({ component: 0, range: [1, 0], bins: 2 }), /lo < hi/)
  assert.throws(() => histogram({ component: 5, range: [0, 1], bins: 2 })(snapshot), /component below 2/)
})

const decay = system({ name: 'decay', state: ['x'], dynamics: { x: '-x' } })

for (const backend of ['js', 'wasm', 'threads'] as const) {
  for (const precision of ['double', 'single'] as const) {
    if (backend === 'js' && precision === 'single') continue
    test(`${backend}, ${precision}: a reduction at every time agrees with what the states say`, async () => {
      const random = seededRandom(2)
      const Y0 = Array.from({ length: 500 }, () => [random.normal()])
      const options = {
        method: rk4,
        step: 0.05,
        backend,
        precision,
        threads: 2,
        saveAt: [0, 0.5, 1],
      } as const
      const kept = await ensemble(decay, Y0, [0, 1], options)
      const { reduced, y, t } = await ensemble(decay, Y0, [0, 1], { ...options, reduce: mean() })
      assert.deepEqual(Array.from(t), [0, 0.5, 1])
      assert.deepEqual(y.shape, [1, 500, 1])
      assert.deepEqual(y.data, kept.y.data.slice(1000))
      reduced.forEach((value, at) => {
        const states = kept.y.data.subarray(at * 500, (at + 1) * 500)
        // the same sum in the same order
        assert.equal(value[0], states.reduce((a, b) => a + b) / 500)
      })
    })
  }
}

test('the mean of a linear decay decays like it', async () => {
  const { reduced } = await ensemble(decay, [[1], [2], [6]], [0, 2], {
    method: dopri5,
    rtol: 1e-10,
    atol: 1e-12,
    backend: 'wasm',
    saveAt: [1, 2],
    reduce: mean(),
  })
  reduced.forEach((value, i) => {
    // local errors of 1e-10 over some twenty steps
    assert.ok(Math.abs((value[0] as number) - 3 * Math.exp(-1 - i)) < 1e-8)
  })
})

test.run()
