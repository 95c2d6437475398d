import assert from 'node:assert/strict'
import { sampledLoss, sensitivity } from '@separatrix/adjoint'
import { combine, network, seededRandom, system, withTheta } from '@separatrix/field'
import { implicitMidpoint, leapfrog, type Method, rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const collect = globalThis.gc as () => void
const last = {
  value: (y: { readonly data: Float64Array }) => y.data[y.data.length - 1],
  gradient: (_y: unknown, dy: { readonly data: Float64Array }) => {
    dy.data[dy.data.length - 1] = 1
  },
}

/** Bytes on the heap that a job leaves for the collector; typed arrays' contents lie elsewhere. */
function garbage(job: () => void): number {
  collect()
  const before = process.memoryUsage().heapUsed
  job()
  return process.memoryUsage().heapUsed - before
}

/**
 * Whether a job of many units leaves hardly more than one of few, once its code is optimised: on a busy machine
 * that takes a while, and until then every number is an object.
 */
async function leavesNothing(few: () => void, many: () => void, bound: number): Promise<string | undefined> {
  let least = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < 60 && least > bound; attempt++) {
    for (let k = 0; k < 3; k++) few()
    least = Math.min(least, garbage(many) - garbage(few))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return least > bound ? `${least} bytes more` : undefined
}

const oscillator = system({ state: ['q', 'p'], params: { k: 1.3 }, dynamics: { q: 'p', p: '-k*sin(q)' } })
/** more states than the generated loop keeps in locals: the plain loops */
const wide = network({ widths: [33, 33], activation: 'tanh', seed: 1, outputGain: 0.1 })

for (const [name, field, method, count] of [
  ['generated loop', oscillator, rk4, 10_000],
  ['plain loops', wide, rk4, 2000],
  ['splitting', oscillator, leapfrog, 10_000],
  ['implicit midpoint', oscillator, implicitMidpoint, 10_000],
] as readonly (readonly [string, typeof oscillator, Method, number])[])
  test(`nothing is allocated per step on the way back: ${name}`, async () => {
    const y0 = Array.from({ length: field.stateSize }, (_, i) => Math.cos(i))
    const run = (steps: number) => () =>
      void sensitivity(field, y0, [0, steps * 0.01], {
        method,
        step: 0.01,
        saveAt: 'end',
        via: 'discrete',
        loss: last,
      })
    // half of one object of 16 bytes a step
    assert.equal(await leavesNothing(run(count / 4), run(1.25 * count), 8 * count), undefined)
  })

test('nothing is allocated per sample by a sampled loss', async () => {
  const field = network({ widths: [2, 8, 1], activation: 'tanh', seed: 2 })
  const make = (batch: number) =>
    sampledLoss({
      integrand: combine([field], (b, place) => b.powi(place(field), 2)),
      batch,
      draw(random, x) {
        for (let i = 0; i < x.length; i++) x[i] = random.uniform()
        return 0
      },
      restore: (theta) => ({ field: withTheta(field, theta) }),
    })
  const gradient = new Float64Array(field.theta.length)
  const random = seededRandom(0)
  const run = (loss: ReturnType<typeof make>) => () => void loss.evaluate(field.theta, random, gradient)
  // half of one object of 16 bytes a sample
  assert.equal(await leavesNothing(run(make(1000)), run(make(11_000)), 80_000), undefined)
})

test.run()
