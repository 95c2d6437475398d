import assert from 'node:assert/strict'
import { adam, fit, lbfgs, type Trajectory, trajectoryLoss } from '@separatrix/adjoint'
import { closeLoop, network, seededRandom, system, withParams } from '@separatrix/field'
import { dopri5, rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'
import { lotkaVolterra } from './problems.js'

const truth = lotkaVolterra.field
const times = Array.from({ length: 21 }, (_, i) => 0.25 * i)

function measure(y0: readonly number[]): Trajectory {
  const { y } = solve(truth, y0, [0, 5], { method: dopri5, rtol: 1e-10, atol: 1e-10, saveAt: times })
  return { t: times, y }
}

test('Lotka–Volterra: parameters are recovered from samples of a solution', async () => {
  const start = withParams(truth, { a: 1.2, b: 0.8, c: 2.5, d: 0.8 })
  const loss = trajectoryLoss({ method: dopri5, rtol: 1e-8, atol: 1e-8, data: [measure([1, 1])] })
  const { theta, losses, status } = await fit({ field: start, loss, optimizer: lbfgs(), steps: 60, seed: 0 })
  assert.equal(status, 'success')
  // data and model agree up to solver errors of about 1e-7, so that the least mean square is below 1e-13, and
  // θ is off by that error times the condition of the fit (below 10)
  assert.ok((losses.at(-1) as number) < 1e-13, `${losses.at(-1)}`)
  theta.forEach((v, i) => {
    assert.ok(Math.abs(v - truth.theta[i]) < 1e-6, `${v} for ${truth.theta[i]}`)
  })
})

test('several noisy trajectories, first order: the noise is averaged', async () => {
  const random = seededRandom(3)
  const noisy = [
    [1, 1],
    [2, 0.5],
    [1.5, 1.5],
  ].map((y0): Trajectory => {
    const { t, y } = measure(y0)
    const rows = times.map((_, i) =>
      [0, 1].map((j) => ('get' in y ? y.get(i, j) : 0) + 0.02 * random.normal()),
    )
    return { t, y: rows, y0 }
  })
  const start = withParams(truth, { a: 1.3, b: 0.9 })
  const loss = trajectoryLoss({ method: rk4, step: 0.05, data: noisy })
  const { theta, losses } = await fit({
    field: start,
    loss,
    optimizer: adam({ rate: 0.02 }),
    steps: 300,
    seed: 0,
    train: ['a', 'b'],
  })
  // the floor is the noise, .02² = 4e-4 on 126 samples (± 13 %); the estimates scatter by some .02/√126 times
  // the condition of the fit
  assert.ok((losses.at(-1) as number) < 6e-4, `${losses.at(-1)}`)
  assert.ok(Math.abs(theta[0] - 1.5) < 0.02 && Math.abs(theta[1] - 1) < 0.02, `${theta}`)
  assert.deepEqual(theta.slice(2), truth.theta.slice(2))
})

test('data may come from fit, as one trajectory', async () => {
  const common = { field: truth, optimizer: adam({ rate: 0.01 }), steps: 2, seed: 0 }
  const solving = { method: rk4, step: 0.05 }
  const data = measure([1, 1])
  const fromLoss = await fit({ ...common, loss: trajectoryLoss({ ...solving, data: [data] }) })
  const fromFit = await fit({ ...common, loss: trajectoryLoss(solving), data })
  assert.deepEqual(fromFit, fromLoss)
  const samples = times.map((t, i) => ({ t, y: [0, 1].map((j) => ('get' in data.y ? data.y.get(i, j) : 0)) }))
  assert.deepEqual(await fit({ ...common, loss: trajectoryLoss({ ...solving, data: samples }) }), fromLoss)
})

test('every via gives the same loss and gradient', () => {
  const field = withParams(truth, { a: 1.3 })
  const at = (via: 'discrete' | 'forward') => {
    const bound = trajectoryLoss({ method: rk4, step: 0.05, via, weights: [1, 3] }).bind(
      field,
      measure([1, 1]),
    )
    const gradient = new Float64Array(4)
    return [bound.evaluate(bound.theta, seededRandom(0), gradient), ...gradient]
  }
  const [discrete, forward] = [at('discrete'), at('forward')]
  const scale = Math.max(...discrete.map(Math.abs))
  discrete.forEach((v, i) => {
    assert.ok(Math.abs(v - forward[i]) <= 1e-13 * scale)
  })
})

test('a model that blows up ends the fit with a status', async () => {
  const field = system({ state: ['x'], params: { a: 1 }, dynamics: { x: 'a*x^2' } })
  const loss = trajectoryLoss({ method: dopri5, rtol: 1e-6, atol: 1e-6, data: { t: [0, 3], y: [[1], [2]] } })
  const { status, steps, message } = await fit({
    field,
    loss,
    optimizer: adam({ rate: 0.1 }),
    steps: 5,
    seed: 0,
  })
  assert.equal(status, 'non-finite')
  assert.match(message, /A solve ended with (step-underflow|non-finite)/)
  assert.equal(steps, 0)
})

test('a controller is trained through the closed loop', async () => {
  const plant = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'u' } })
  const loop = closeLoop(plant, network({ widths: [2, 6, 1], activation: 'tanh', seed: 1, bias: false }))
  const wanted = { t: [0, 1, 2, 3], y: [1, 0.4, 0.1, 0].map((x, i) => [x, [0, -0.4, -0.2, 0][i]]) }
  const { losses } = await fit({
    field: loop,
    loss: trajectoryLoss({ method: rk4, step: 0.1, data: [wanted] }),
    optimizer: adam({ rate: 0.02 }),
    steps: 200,
    seed: 0,
  })
  assert.ok(losses[200] < 0.05 * losses[0], `${losses[0]} → ${losses[200]}`)
})

test('data that does not fit the field is refused', () => {
  const make = (data: unknown) => () =>
    trajectoryLoss({ method: rk4, step: 0.1, data: data as Trajectory }).bind(truth)
  assert.throws(make(undefined), /a list of trajectories/)
  assert.throws(make({ t: [0, 1], y: [[1, 1]] }), /2 rows of 2 finite numbers/)
  assert.throws(make({ t: [0, 1], y: [[1], [1]] }), /2 rows of 2 finite numbers/)
  assert.throws(
    make({
      t: [1, 0],
      y: [
        [1, 1],
        [1, 1],
      ],
    }),
    /ascending times/,
  )
  assert.throws(make({ t: [0], y: [[1, 1]] }), /two times/)
  const weights = () => trajectoryLoss({ method: rk4, step: 0.1, weights: [1] }).bind(truth, measure([1, 1]))
  assert.throws(weights, /2 finite weights/)
})

test.run()
