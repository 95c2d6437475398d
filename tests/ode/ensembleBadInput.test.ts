// What every backend must make of bad input.
import assert from 'node:assert/strict'
import { type Field, network, system } from '@separatrix/field'
import { dopri5, type EnsembleOptions, ensemble, rk4 } from '@separatrix/ode'
import { test } from 'uvu'
import { lorenz, vanDerPol } from '../field/fields.js'

type Run = Pick<EnsembleOptions, 'backend' | 'precision' | 'device' | 'threads'>
const runs: readonly Run[] = [
  { backend: 'js' },
  { backend: 'wasm' },
  { backend: 'wasm', precision: 'single' },
  { backend: 'threads', threads: 2 },
  { backend: 'gpu', device: 'webasm' },
  { backend: 'gpu', device: 'cpu' },
]
const steppings = [
  { method: rk4, step: 0.01 },
  { method: dopri5, rtol: 1e-5, atol: 1e-6 },
] as const

/** Bad rows among good ones, at the ends of a vector and in the middle. */
const bad: readonly (readonly [number, number])[] = [
  [0, Number.NaN],
  [7, Number.POSITIVE_INFINITY],
  [12, Number.NaN],
]

for (const run of runs) {
  const name = Object.values(run).join(' ')
  for (const stepping of steppings) {
    test(`${name}, ${stepping.method.name}: a trajectory that is not finite fails alone`, async () => {
      const good = Array.from({ length: 13 }, (_, i) => [0.5 + 0.01 * i, 0.2])
      const options = { ...stepping, ...run, saveAt: [0.2, 0.5] }
      const expected = await ensemble(vanDerPol, good, [0, 0.5], options)
      const spoilt = good.map((row, i) => {
        const found = bad.find(([at]) => at === i)
        return found === undefined ? row : [row[0] as number, found[1]]
      })
      const { y, status, message } = await ensemble(vanDerPol, spoilt, [0, 0.5], options)
      good.forEach((_, i) => {
        const fails = bad.some(([at]) => at === i)
        assert.equal(status[i], fails ? 'non-finite' : 'success')
        for (const at of [0, 1])
          for (const k of [0, 1]) {
            const [value, wanted] = [y.get(at, i, k), expected.y.get(at, i, k)]
            assert.ok(
              fails ? Number.isNaN(value) : value === wanted,
              `${at}, ${i}, ${k}: ${value}, ${wanted}`,
            )
          }
      })
      assert.match(message, /^10 of 13 trajectories reached the end; 3 ended with non-finite/)
    })
  }

  test(`${name}: rows of another width are refused`, async () => {
    await assert.rejects(
      ensemble(
        lorenz,
        [
          [1, 2, 3],
          [1, 2],
        ],
        [0, 1],
        { ...steppings[0], ...run },
      ),
      /rows of 3 numbers.*row 1/,
    )
    await assert.rejects(
      ensemble(lorenz, [[1, 2, 3]], [0, 1], { ...steppings[0], ...run, theta: [[1, 2]] }),
      /rows of 3 numbers/,
    )
  })
}

const chain = (n: number): Field =>
  system({
    name: 'chain',
    state: Array.from({ length: n }, (_, i) => `x${i}`),
    dynamics: Object.fromEntries(
      Array.from({ length: n }, (_, i) => [`x${i}`, `-x${i} + x${(i + 1) % n}^2`]),
    ),
  })
const wide = network({ widths: [2, 700, 700, 2], activation: 'tanh', seed: 1 })

const limits: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  ['states in registers', () => ensemble(chain(300), [new Array<number>(300).fill(0)], [0, 1], { ...steppings[1], backend: 'wasm' }), /at most 256 states on vectors.*backend: 'js'/],
  ['statements of a kernel', () => ensemble(chain(300), [new Array<number>(300).fill(0)], [0, 1], { method: rk4, step: 0.1, backend: 'gpu', device: 'cpu' }), /at most 600 statements.*backend: 'wasm'/],
  ['width of a network in a kernel', () => ensemble(wide, [[0, 0]], [0, 1], { method: rk4, step: 0.1, backend: 'gpu', device: 'cpu' }), /at most 600 statements.*backend: 'wasm'/],
  ['tolerances of single precision', () => ensemble(lorenz, [[1, 2, 3]], [0, 1], { method: dopri5, rtol: 1e-7, atol: 1e-9, backend: 'threads', precision: 'single' }), /rtol of at least 3.8e-6.*a looser tolerance/],
] // biome-ignore format: one case, one line

for (const [name, call, message] of limits)
  test(`limit: ${name}`, async () => {
    await assert.rejects(call, (error: Error) => message.test(error.message))
  })

test.run()
