// One field, one script: every backend of evaluateBatch and of ensemble on the same fields, with the tolerance
// of each stated here. GPU backends in a browser: scripts/gpu.mjs.
import assert from 'node:assert/strict'
import { evaluateBatch, type Field, jvp, network, scalarCount, seededRandom, vjp } from '@separatrix/field'
import { dopri5, type EnsembleOptions, ensemble, rk4 } from '@separatrix/ode'
import { test } from 'uvu'
import { closedLoop, everything, kepler, lorenz, vanDerPol } from '../field/fields.js'

const fields: readonly Field[] = [
  lorenz,
  closedLoop,
  kepler,
  vanDerPol,
  everything,
  network({ widths: [2, 64, 64, 2], activation: 'tanh', seed: 1 }),
]

/**
 * Relative to the largest value. Double: a few ulp an elementary function, some hundred terms a sum. Single: the
 * same of 6e-8, and GPU functions as coarse as 1e-4 on software drivers.
 */
const evaluations = [
  { backend: 'js', tolerance: 0 },
  { backend: 'wasm', tolerance: 1e-13 },
  { backend: 'wasm', precision: 'single', tolerance: 2e-5 },
  { backend: 'gpu', device: 'webasm', precision: 'single', tolerance: 1e-4 },
  { backend: 'gpu', device: 'cpu', precision: 'single', tolerance: 1e-4 },
] as const

/** Unrolled operations that a GPU kernel takes. */
const kernelOperations = 500

const random = seededRandom(8)
const states = (f: Field, count: number) =>
  Array.from({ length: count }, () =>
    Array.from({ length: f.stateSize }, () => Math.fround(0.15 + 0.7 * random.uniform())),
  )

/** As above; Kepler orbits near the circle, since a fall past the centre magnifies rounding without bound. */
const starts = (f: Field, count: number) =>
  f === kepler
    ? Array.from({ length: count }, () =>
        [1, 0, 0, 1].map((v) => Math.fround(v + 0.2 * (random.uniform() - 0.5))),
      )
    : states(f, count)

for (const { tolerance, ...options } of evaluations) {
  const name = Object.values(options).join(' ')
  for (const f of fields.flatMap((g) => [g, jvp(g), vjp(g)])) {
    if (options.backend === 'gpu' && scalarCount(f) > kernelOperations) continue
    test(`evaluateBatch of ${f.name} on ${name}`, async () => {
      const X = states(f, 45)
      const expected = await evaluateBatch(f, X, { backend: 'js', time: 0.3 })
      const { values, backend, precision } = await evaluateBatch(f, X, { ...options, time: 0.3 })
      assert.equal(backend, options.backend)
      assert.equal(precision, 'precision' in options ? options.precision : 'double')
      const size = 1 + Math.max(...expected.values.data.map(Math.abs))
      values.data.forEach((v, i) => {
        const error = Math.abs(v - (expected.values.data[i] as number))
        assert.ok(error <= tolerance * size, `${i}: ${error} above ${tolerance * size}`)
      })
    })
  }
}

type Run = Pick<EnsembleOptions, 'backend' | 'precision' | 'threads' | 'device'>

/** As above, over some hundred steps, grown by the flow: tenfold at most on these fields and this span. */
const runs: readonly (readonly [string, Run, number])[] = [
  ['wasm double', { backend: 'wasm' }, 1e-10],
  ['wasm single', { backend: 'wasm', precision: 'single' }, 5e-4],
  ['threads double', { backend: 'threads', threads: 2 }, 1e-10],
  ['threads single', { backend: 'threads', threads: 2, precision: 'single' }, 5e-4],
  ['gpu.js webasm', { backend: 'gpu', device: 'webasm' }, 1e-3],
]
const steppings = [
  { method: rk4, step: 0.01 },
  { method: dopri5, rtol: 1e-5, atol: 1e-6 },
] as const

for (const [name, run, tolerance] of runs) {
  for (const f of fields.filter((g) => g !== everything)) {
    if (run.backend === 'gpu' && scalarCount(f) > kernelOperations / 4) continue
    test(`ensemble of ${f.name} on ${name}`, async () => {
      const Y0 = starts(f, 45)
      for (const stepping of steppings) {
        // kernels of a GPU take equal steps
        if ('rtol' in stepping && run.backend === 'gpu') continue
        const options = { ...stepping, saveAt: [0.25, 0.5] }
        const expected = await ensemble(f, Y0, [0, 0.5], { ...options, backend: 'js' })
        const { y, status } = await ensemble(f, Y0, [0, 0.5], { ...options, ...run })
        assert.ok(status.every((s) => s === 'success'))
        // in single precision the chosen steps differ, hence errors within the tolerance of the method
        const allowed = 'rtol' in stepping && run.precision === 'single' ? 2e-3 : tolerance
        y.data.forEach((v, i) => {
          const exact = expected.y.data[i] as number
          assert.ok(Math.abs(v - exact) <= allowed * (1 + Math.abs(exact)), `${i}: ${v}, ${exact}`)
        })
      }
    })
  }
}

test.run()
