import assert from 'node:assert/strict'
import {
  adam,
  type BoundLoss,
  clipped,
  cosineRate,
  type FitCheckpoint,
  type FitProgress,
  fit,
  holdOut,
  type Loss,
  lbfgs,
  minibatches,
  sgd,
  type Trajectory,
  trajectoryLoss,
  warmUp,
} from '@separatrix/adjoint'
import { network, seededRandom, system, withTheta } from '@separatrix/field'
import { rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'

test('minibatches: every epoch is a shuffle of its own, a function of seed and step alone', () => {
  const choose = minibatches('test', 10, 3)
  const epoch = (e: number, seed: number) => [0, 1, 2].flatMap((k) => [...choose({ step: 3 * e + k, seed })])
  const seen = [epoch(0, 1), epoch(1, 1), epoch(0, 2), epoch(0, 1)]
  for (const order of seen) assert.equal(new Set(order).size, 9)
  assert.deepEqual(seen[0], seen[3])
  assert.notDeepEqual(seen[0], seen[1])
  assert.notDeepEqual(seen[0], seen[2])
  // a sample is left over once in ten epochs: over 500 each is seen 450 times, ± 6.7 (5 σ below)
  const counts = new Float64Array(10)
  for (let step = 0; step < 1500; step++) for (const i of choose({ step, seed: 7 })) counts[i]++
  assert.ok(
    counts.every((c) => Math.abs(c - 450) < 34),
    `${counts}`,
  )
  assert.deepEqual([...minibatches('test', 3, undefined)({ step: 5, seed: 0 })], [0, 1, 2])
  assert.deepEqual([...minibatches('test', 3, 8)({ step: 5, seed: 0 })], [0, 1, 2])
  assert.throws(() => minibatches('test', 3, 0), /expected a positive batch/)
})

test('holding out: the parts are disjoint and complete, and depend on the seed', () => {
  const samples = Array.from({ length: 20 }, (_, i) => i)
  const part = (fraction: number, seed: number) => holdOut(samples, { fraction, seed }, () => [])
  const { training, validation } = part(0.25, 3)
  assert.equal(validation.length, 5)
  assert.deepEqual(
    [...training, ...validation].sort((a, b) => a - b),
    samples,
  )
  assert.deepEqual(part(0.25, 3), part(0.25, 3))
  assert.notDeepEqual(part(0.25, 3), part(0.25, 4))
  assert.equal(part(0.001, 0).validation.length, 1)
  assert.equal(part(0.999, 0).training.length, 1)
  assert.deepEqual(
    holdOut(samples, { data: 'x' }, () => [7]),
    { training: samples, validation: [7] },
  )
  assert.throws(() => part(1, 0), /fraction between 0 and 1/)
  assert.throws(() => holdOut([1], { fraction: 0.5, seed: 0 }, () => []), /at least two samples/)
})

// A damped oscillator seen at irregular times, other ones on every trajectory
const truth = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-q - 0.3*p' } })
const random = seededRandom(5)
const trajectories = Array.from({ length: 12 }, (): Trajectory => {
  let t = 0
  const times = Array.from({ length: 5 }, () => (t += 0.1 + 0.3 * random.uniform()))
  const y0 = [random.normal(), random.normal()]
  const { y } = solve(truth, y0, [0, t], { method: rk4, step: 0.02, saveAt: [0, ...times] })
  return { t: [0, ...times], y }
})
const field = network({ widths: [2, 6, 2], activation: 'tanh', seed: 1 })
const loss = trajectoryLoss({ method: rk4, step: 0.1, batch: 4, data: trajectories })
const common = { field, loss, seed: 9 }

const runs = [
  { optimizer: clipped(adam({ rate: warmUp(5, cosineRate({ rate: 0.02, steps: 30 })) }), { norm: 1 }) },
  { optimizer: sgd({ rate: 0.05, momentum: 0.9 }), validation: { fraction: 0.25, every: 3, patience: 4 } },
  { optimizer: lbfgs(), validation: { data: trajectories.slice(0, 2), every: 2 } },
] as const
for (const run of runs)
  test(`${run.optimizer.name} on minibatches${'validation' in run ? ', with validation' : ''}: resumed bit for bit after a kill`, async () => {
    const straight = await fit({ ...common, ...run, steps: 30 })
    const stored: string[] = []
    await fit({
      ...common,
      ...run,
      steps: 17,
      checkpoint: { every: 1, save: (c) => void stored.push(JSON.stringify(c)) },
    })
    for (const k of [0, 6, stored.length - 1]) {
      const resume = JSON.parse(stored[k]) as FitCheckpoint
      assert.deepEqual(await fit({ ...common, ...run, steps: 30, resume }), straight)
    }
  })

test('minibatches of trajectories average to the whole gradient', () => {
  const whole = trajectoryLoss({ method: rk4, step: 0.1, data: trajectories }).bind(field)
  const parts = loss.bind(field)
  const at = (bound: BoundLoss, step: number) => {
    const gradient = new Float64Array(field.theta.length)
    const value = bound.evaluate(field.theta, seededRandom(0), gradient, { step, seed: 2 })
    return [value, ...gradient]
  }
  const mean = [0, 1, 2].map((k) => at(parts, k)).reduce((a, b) => a.map((v, i) => v + b[i]))
  // equal batches of equal lengths: the mean of means is the mean, up to rounding
  for (const [i, v] of at(whole, 0).entries()) assert.ok(Math.abs(mean[i] / 3 - v) < 1e-14)
})

/** Training pulls θ to 1, held-out samples like it best at `best`; nothing is random. */
function tug(best: number): Loss {
  return {
    name: 'tug',
    bind: (f): BoundLoss => ({
      theta: f.theta,
      layout: f.layout,
      evaluate(theta, _random, gradient) {
        gradient[0] = theta[0] - 1
        return (theta[0] - 1) ** 2 / 2
      },
      validate: (theta) => (theta[0] - best) ** 2,
      restore: (theta) => ({ field: withTheta(f, theta) }),
    }),
  }
}
const single = system({ state: ['x'], params: { a: 0 }, dynamics: { x: 'a*x' } })

test('early stopping gives back the best on the samples held out', async () => {
  const result = await fit({
    field: single,
    loss: tug(0.5),
    optimizer: sgd({ rate: 0.1 }),
    steps: 1000,
    seed: 0,
    validation: { fraction: 0.5, patience: 3 },
  })
  // θ_k = 1 − .9ᵏ is nearest to .5 at k = 7 (.522), after which three looks see it worse
  assert.equal(result.status, 'early-stopped')
  assert.equal(result.steps, 10)
  assert.match(result.message, /not fallen for 3 looks; θ is that of step 7/)
  assert.ok(Math.abs(result.theta[0] - (1 - 0.9 ** 7)) < 1e-15)
  assert.deepEqual(result.field.theta, result.theta)
  assert.equal(result.losses.length, 11)
  assert.equal(result.validation?.best.step, 7)
  assert.equal(result.validation?.losses.length, 11)
  const { status, theta } = await fit({
    field: single,
    loss: tug(9),
    optimizer: sgd({ rate: 0.1 }),
    steps: 20,
    seed: 0,
    validation: { fraction: 0.5, patience: 3, every: 6 },
  })
  assert.equal(status, 'success')
  // still improving: the last look, at the end, is the best
  assert.ok(Math.abs(theta[0] - (1 - 0.9 ** 20)) < 1e-15)
})

test('progress: evaluations counted, their speed by the clock of the caller', async () => {
  let now = 0
  const seen: FitProgress[] = []
  await fit({
    field: single,
    loss: tug(0),
    optimizer: sgd({ rate: 0.1 }),
    steps: 3,
    seed: 0,
    clock: () => (now += 500),
    onProgress: (p) => void seen.push(p),
    validation: { fraction: 0.5 },
  })
  assert.deepEqual(
    seen.map((p) => p.evaluations),
    [1, 2, 3, 4],
  )
  // half a second between two looks at the clock
  assert.deepEqual(
    seen.map((p) => p.evaluationsPerSecond),
    [2, 2, 2, 2],
  )
  assert.ok(seen.every((p) => Math.abs((p.validation as number) - (1 - 0.9 ** p.step) ** 2) < 1e-15))
})

test('validation that makes no sense is refused', async () => {
  const run = (validation: object, other: Loss = tug(0)) =>
    fit({ field: single, loss: other, optimizer: sgd({ rate: 0.1 }), steps: 1, seed: 0, validation })
  await assert.rejects(run({}), /either a fraction to hold out or data apart/)
  await assert.rejects(run({ fraction: 0.5, data: [] }), /either a fraction/)
  await assert.rejects(run({ fraction: 0.5, every: 0 }), /positive number of steps/)
  await assert.rejects(run({ fraction: 0.5, patience: 1.5 }), /positive patience/)
  const blind: Loss = { ...tug(0), bind: (f) => ({ ...tug(0).bind(f), validate: undefined }) }
  await assert.rejects(run({ fraction: 0.5 }, blind), /expected a loss of data/)
  await assert.rejects(
    fit({ ...common, optimizer: lbfgs(), steps: 1, validation: { fraction: 2 } }),
    /fraction between 0 and 1/,
  )
})

test.run()
