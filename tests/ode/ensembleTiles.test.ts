import assert from 'node:assert/strict'
import { network, system } from '@separatrix/field'
import { dopri5, ensemble, rk4, solve, threadPool } from '@separatrix/ode'
import { test } from 'uvu'

const n = 300
const names = Array.from({ length: n }, (_, i) => `x${i}`)
const at = (i: number) => `x${(i + n) % n}`
/** Lorenz 1996, forced in time so that stages need their own. */
const lorenz96 = system({
  name: 'lorenz96',
  state: names,
  params: { F: 8 },
  dynamics: Object.fromEntries(
    names.map((x, i) => [x, `(${at(i + 1)} - ${at(i - 2)}) * ${at(i - 1)} - ${x} + F*cos(t)`]),
  ),
})
const wide = network({ widths: [n, 20, n], activation: 'tanh', seed: 1 })
// no multiple of a tile
const batch = 53
const Y0 = Array.from({ length: batch }, (_, i) => names.map((_x, k) => Math.sin(i + 3 * k)))

/**
 * Relative to the largest value: rounding of sums and of elementary functions over 20 stages of a field whose
 * solutions part by less than e¹⁰ a unit of time.
 */
const tolerance = { double: 1e-12, single: 1e-4 } as const

for (const field of [lorenz96, wide])
  for (const precision of ['double', 'single'] as const)
    test(`${field.name}: 300 states on vectors, ${precision}, agree with solve`, async () => {
      // the last step is shorter than the others
      const options = { method: rk4, step: 0.02, saveAt: [0.05, 0.1] }
      const { y } = await ensemble(field, Y0, [0, 0.1], { ...options, backend: 'wasm', precision })
      for (const i of [0, 31, batch - 1]) {
        let from: ArrayLike<number> = Y0[i]
        options.saveAt.forEach((t, k) => {
          const span = [k === 0 ? 0 : options.saveAt[k - 1], t] as const
          const { y: rows } = solve(field, from, span, { method: rk4, step: 0.02, saveAt: 'end' })
          from = Float64Array.from({ length: n }, (_, j) => rows.get(0, j))
          const size = Math.max(...Array.from(from, Math.abs))
          for (let j = 0; j < n; j++)
            assert.ok(Math.abs(y.get(k, i, j) - from[j]) <= tolerance[precision] * size, `${k}, ${i}, ${j}`)
        })
      }
    })

test('threads take the same steps, bit for bit; chosen steps of so many states are refused', async () => {
  const options = { method: rk4, step: 0.02 }
  const pool = threadPool({ threads: 2 })
  const [one, two] = [
    await ensemble(wide, Y0, [0, 0.1], { ...options, backend: 'wasm' }),
    await ensemble(wide, Y0, [0, 0.1], { ...options, backend: 'threads', threads: pool }),
  ]
  await pool.close()
  assert.deepEqual(one.y.data, two.y.data)
  await assert.rejects(
    ensemble(wide, Y0, [0, 1], { method: dopri5, rtol: 1e-6, atol: 1e-6, backend: 'wasm' }),
    /256 states on vectors, unless steps are equal/,
  )
})

test.run()
