// What 'auto' chooses, without a clock: the costs and their order. How well it chooses is measured by
// `pnpm bench batches`.
import assert from 'node:assert/strict'
import { network, system } from '@separatrix/field'
import {
  type CostQuestion,
  dopri5,
  ensemble,
  estimateCosts,
  leapfrog,
  rk4,
  threadPool,
} from '@separatrix/ode'
import { test } from 'uvu'
import { kepler, lorenz } from '../field/fields.js'

const fields = [lorenz, kepler, network({ widths: [2, 32, 32, 2], activation: 'tanh', seed: 1 })]
const batches = [1, 3, 10, 30, 100, 300, 1000, 10_000, 100_000]
const rank = ['js', 'wasm', 'threads']

function cheapest(question: CostQuestion): string {
  const entries = Object.entries(estimateCosts(question)) as [string, number][]
  return entries.reduce((best, entry) => (entry[1] < best[1] ? entry : best))[0]
}

for (const field of fields)
  for (const ready of [{}, { wasm: true, threads: true, pool: true }])
    for (const adaptive of [false, true])
      test(`${field.name}: larger batches go to larger backends (${JSON.stringify(ready)}, ${adaptive})`, () => {
        const question = { field, method: dopri5, steps: 200, threads: 2, single: false, adaptive, ready }
        const chosen = batches.map((batch) => rank.indexOf(cheapest({ ...question, batch })))
        chosen.forEach((at, i) => {
          assert.ok(i === 0 || at >= (chosen[i - 1] as number), chosen.join())
        })
        assert.equal(rank[chosen.at(-1) as number], 'threads')
      })

test('every cost grows with the batch, the steps and the work of a step', () => {
  const question = { field: lorenz, method: rk4, batch: 1000, steps: 100, threads: 2, single: false }
  const base = estimateCosts(question)
  const larger = [{ batch: 2000 }, { steps: 200 }, { method: dopri5 }, { field: kepler }, { adaptive: true }]
  for (const change of larger) {
    const costs = estimateCosts({ ...question, ...change })
    for (const [name, cost] of Object.entries(costs)) assert.ok(cost > (base[name as 'js'] as number), name)
  }
})

test('kernels and threads that are there cost nothing to make', () => {
  const question = { field: lorenz, method: rk4, batch: 1000, steps: 100, threads: 2, single: false }
  const [cold, warm] = [{}, { wasm: true, threads: true, pool: true }].map((ready) =>
    estimateCosts({ ...question, ready }),
  )
  assert.equal(cold?.js, warm?.js)
  assert.ok((cold?.wasm as number) - (warm?.wasm as number) > 3)
  assert.ok((cold?.threads as number) - (warm?.threads as number) > 30)
})

test("'auto' remembers what was compiled, and takes a pool that is given", async () => {
  const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-q' } })
  const Y0 = Array.from({ length: 60 }, (_, i) => [i, 0])
  const options = { method: rk4, step: 0.01, threads: 1 } as const
  const before = await ensemble(swing, Y0, [0, 1], { ...options, backend: 'auto' })
  assert.equal(before.backend, 'js')
  await ensemble(swing, Y0, [0, 1], { ...options, backend: 'wasm' })
  const after = await ensemble(swing, Y0, [0, 1], { ...options, backend: 'auto' })
  assert.equal(after.backend, 'wasm')
  assert.match(after.reason, /^wasm: expected js [\d.]+ ms, wasm [\d.]+ ms$/)
  const pool = threadPool({ threads: 2 })
  const many = Array.from({ length: 40_000 }, (_, i) => [i, 0])
  const shared = await ensemble(swing, many, [0, 1], { ...options, backend: 'auto', threads: pool })
  await pool.close()
  assert.equal(shared.backend, 'threads')
})

test('steps that tolerances will choose are tried out on one trajectory', async () => {
  const fast = system({ state: ['q', 'p'], params: { w: 1 }, dynamics: { q: 'w*p', p: '-w*q' } })
  const Y0 = Array.from({ length: 2000 }, () => [1, 0])
  const options = { method: dopri5, rtol: 1e-6, atol: 1e-6, backend: 'auto', threads: 1 } as const
  const cost = async (w: number) => {
    const { reason } = await ensemble(fast, Y0, [0, 1], { ...options, theta: [w] })
    return Number(/js ([\d.]+) ms/.exec(reason)?.[1])
  }
  // a hundred times the frequency takes some hundred times the steps, beside what each trajectory costs to start
  assert.ok((await cost(100)) > 5 * (await cost(1)))
})

test('what only JavaScript can do goes there', async () => {
  const swing = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-q' } })
  const options = { method: leapfrog, step: 0.1, backend: 'auto' } as const
  assert.match(
    (await ensemble(swing, [[1, 0]], [0, 1], options)).reason,
    /^js: expected an explicit Runge–Kutta method on vectors, got leapfrog/,
  )
})

test.run()
