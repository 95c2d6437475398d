import assert from 'node:assert/strict'
import {
  adam,
  averaged,
  type BoundLoss,
  clipped,
  type FitCheckpoint,
  fit,
  type Loss,
  lbfgs,
  nero,
  type Optimizer,
  sampledLoss,
  sgd,
  valueAndGradient,
} from '@separatrix/adjoint'
import {
  Builder,
  closeLoop,
  combine,
  type Field,
  interpret,
  makeField,
  network,
  system,
  withTheta,
} from '@separatrix/field'
import { test } from 'uvu'

const pendulum = system({
  name: 'pendulum',
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
})
const controller = network({ widths: [2, 6, 1], activation: 'tanh', seed: 2 })
const loop = closeLoop(pendulum, controller)

/** ½|θ − target|², with or without noise in the gradient: everything about it is known. */
function distanceLoss(target: number, { noise = 0 } = {}): Loss {
  return {
    name: 'distance',
    bind: (field): BoundLoss => ({
      theta: field.theta,
      layout: field.layout,
      evaluate(theta, random, gradient) {
        theta.forEach((v, i) => {
          gradient[i] = v - target + noise * random.normal()
        })
        return theta.reduce((s, v) => s + 0.5 * (v - target) ** 2, 0)
      },
      restore: (theta) => ({ field: withTheta(field, theta) }),
    }),
  }
}

/** Mean of |f(x) − sin(x₁)|² over uniform x: a pointwise loss of a network. */
function regressionLoss(batch = 32): Loss {
  return {
    name: 'regression',
    bind(field) {
      const integrand = combine([field], (b, place) => {
        const x = b.gather(b.leaf('state', field.stateSize), [0])
        const miss = b.sub(place(field), b.unary('sin', x))
        return b.dot(miss, miss)
      })
      return sampledLoss({
        integrand,
        batch,
        draw(random, x) {
          for (let i = 0; i < x.length; i++) x[i] = 4 * random.uniform() - 2
          return 0
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
    },
  }
}

test('the weights of a controller are trained, the physics stays', async () => {
  const { field, theta, losses, status, steps } = await fit({
    field: loop,
    loss: distanceLoss(0.5),
    optimizer: adam({ rate: 0.02 }),
    steps: 300,
    seed: 0,
  })
  assert.equal(status, 'success')
  assert.equal(steps, 300)
  assert.equal(losses.length, 301)
  assert.deepEqual(field.theta, theta)
  for (const block of loop.layout) {
    const size = block.shape.reduce((a, n) => a * n, 1)
    const part = theta.subarray(block.offset, block.offset + size)
    if (block.kind === 'parameter')
      assert.deepEqual(part, loop.theta.subarray(block.offset, block.offset + size))
    // adam at rate 0.02 covers at most 6 in 300 steps; the weights start within 2 of the target
    else assert.ok(part.every((v) => Math.abs(v - 0.5) < 0.02))
  }
})

test('a field without weights trains its parameters; named blocks override', async () => {
  const plain = system({ state: ['x'], params: { a: 2, c: -1 }, dynamics: { x: 'a*x + c' } })
  const run = (train?: readonly string[]) =>
    fit({ field: plain, loss: distanceLoss(0), optimizer: sgd({ rate: 0.5 }), steps: 60, seed: 0, train })
  // each step halves the distance: 60 of them end at 2·2⁻⁶⁰
  assert.ok((await run()).theta.every((v) => Math.abs(v) < 1e-15))
  const { theta } = await run(['c'])
  assert.equal(theta[0], 2)
  assert.ok(Math.abs(theta[1]) < 1e-15)
  await assert.rejects(run(['mass']), /expected blocks to train among a, c, got 'mass'/)
  const empty = system({ state: ['x'], dynamics: { x: '-x' } })
  await assert.rejects(
    fit({ field: empty, loss: distanceLoss(0), optimizer: sgd({ rate: 0.5 }), steps: 1, seed: 0 }),
    /expected something to train/,
  )
})

test('a network learns a function from samples, the same bits for the same seed', async () => {
  const field = network({ widths: [1, 12, 1], activation: 'tanh', seed: 3 })
  const run = (seed: number) =>
    fit({ field, loss: regressionLoss(), optimizer: adam({ rate: 0.02 }), steps: 400, seed })
  const first = await run(1)
  // twelve tanh units reach about 1e-4 here; 1e-2 leaves room for the noise of 32 samples
  assert.ok(first.losses[400] < 1e-2, `${first.losses[0]} → ${first.losses[400]}`)
  assert.ok(Math.abs(interpret(first.field, 0, [0.7])[0] - Math.sin(0.7)) < 0.1)
  assert.deepEqual(await run(1), first)
  assert.notDeepEqual((await run(2)).theta, first.theta)
})

const optimizers: readonly Optimizer[] = [
  adam({ rate: 0.02 }),
  sgd({ rate: 0.05, momentum: 0.9 }),
  nero({ rate: 0.01 }),
  lbfgs(),
]
for (const optimizer of optimizers)
  test(`${optimizer.name}: a run that was stored and resumed ends with the same bits`, async () => {
    const field = network({ widths: [1, 5, 1], activation: 'tanh', seed: 3 })
    const common = { field, loss: regressionLoss(), optimizer, seed: 5 }
    const straight = await fit({ ...common, steps: 24 })
    const stored: string[] = []
    await fit({
      ...common,
      steps: 10,
      checkpoint: {
        every: 7,
        save(c) {
          stored.push(JSON.stringify(c))
        },
      },
    })
    assert.equal(stored.length, 1)
    const resumed = await fit({ ...common, steps: 24, resume: JSON.parse(stored[0]) as FitCheckpoint })
    assert.deepEqual(resumed, straight)
    const finished = await fit({ ...common, steps: 10 })
    assert.deepEqual(await fit({ ...common, steps: 24, resume: finished.checkpoint }), straight)
  })

test('a checkpoint of another run is refused', async () => {
  const common = { field: loop, loss: distanceLoss(0), optimizer: sgd({ rate: 0.1 }), seed: 0, steps: 2 }
  const { checkpoint } = await fit(common)
  await assert.rejects(
    fit({ ...common, optimizer: adam({ rate: 0.1 }), resume: checkpoint }),
    /expected the optimiser adam, got 'sgd'/,
  )
  await assert.rejects(fit({ ...common, resume: { ...checkpoint, theta: [1] } }), /entries of θ/)
})

test('cancelling ends the run with the θ reached, between steps and through timers', async () => {
  const controllerOfAbort = new AbortController()
  const within = await fit({
    field: loop,
    loss: distanceLoss(0),
    optimizer: sgd({ rate: 1e-3 }),
    steps: 1e6,
    seed: 0,
    signal: controllerOfAbort.signal,
    onProgress: ({ step }) => step === 12 && controllerOfAbort.abort(),
  })
  assert.equal(within.status, 'cancelled')
  assert.equal(within.steps, 13)
  assert.match(within.message, /cancelled after 13 of 1000000 steps/)

  const later = await fit({
    field: loop,
    loss: distanceLoss(0),
    optimizer: sgd({ rate: 1e-6 }),
    steps: Number.MAX_SAFE_INTEGER,
    seed: 0,
    signal: AbortSignal.timeout(30),
  })
  assert.equal(later.status, 'cancelled')
  assert.ok(later.steps > 0)
})

test('averaged: the exponential mean of θ is given back, the steps are those of the optimiser, and a run resumes', async () => {
  const field = network({ widths: [1, 1], activation: 'tanh', seed: 0 })
  const [rate, decay, steps, target] = [0.1, 0.8, 7, 2]
  const task = { field, loss: distanceLoss(target), seed: 3 }
  const plain = sgd({ rate })
  const optimizer = averaged(plain, { decay })
  const { theta, checkpoint, losses } = await fit({ ...task, optimizer, steps })
  const alone = await fit({ ...task, optimizer: plain, steps })
  assert.deepEqual([...losses], [...alone.losses])
  assert.deepEqual(checkpoint.theta, Array.from(alone.theta))
  // θᵢ − target shrinks by 1 − rate a step, so its mean is a geometric sum
  const weights = Array.from({ length: steps }, (_, k) => (1 - decay) * decay ** (steps - 1 - k))
  const share = weights.reduce((sum, w, k) => sum + w * (1 - rate) ** (k + 1), 0) / (1 - decay ** steps)
  theta.forEach((v, i) => {
    assert.ok(Math.abs(v - target - (field.theta[i] - target) * share) < 1e-14)
  })
  const half = await fit({ ...task, optimizer, steps: 3 })
  const resume = JSON.parse(JSON.stringify(half.checkpoint)) as FitCheckpoint
  const whole = await fit({ ...task, optimizer, steps, resume })
  assert.deepEqual(whole.theta, theta)
  // clipping outside of it keeps what it gives back
  const within = clipped(optimizer, { norm: 1e6 })
  assert.deepEqual((await fit({ ...task, optimizer: within, steps })).theta, theta)
  assert.deepEqual((await fit({ ...task, optimizer, steps: 0 })).theta, field.theta)
  assert.throws(() => averaged(plain, { decay: 1 }), /decay in \[0, 1\)/)
})

test('averaged: with noise in its gradients a constant rate ends nearer to the least', async () => {
  const field = network({ widths: [1, 400], activation: 'tanh', seed: 0, bias: false })
  const task = { field, loss: distanceLoss(1, { noise: 1 }), seed: 5, steps: 600 }
  const squared = (theta: Float64Array) => theta.reduce((s, v) => s + (v - 1) ** 2, 0) / theta.length
  const plain = squared((await fit({ ...task, optimizer: sgd({ rate: 0.2 }) })).theta)
  const optimizer = averaged(sgd({ rate: 0.2 }), { decay: 0.98 })
  const mean = squared((await fit({ ...task, optimizer })).theta)
  // stationary: η/(2 − η) = .111 in each entry; the mean of an AR(1) process with φ = .8 by weights of decay β has that
  // times (1 − β)/(1 + β)·(1 + βφ)/(1 − βφ) = .0835; over 400 entries within 5 of their standard errors √(2/400)
  const stationary = 0.2 / 1.8
  const share = (0.02 / 1.98) * ((1 + 0.98 * 0.8) / (1 - 0.98 * 0.8))
  assert.ok(Math.abs(plain / stationary - 1) < 5 * Math.sqrt(2 / 400))
  assert.ok(Math.abs(mean / (stationary * share) - 1) < 5 * Math.sqrt(2 / 400))
})

test('progress is reported for every loss', async () => {
  const seen: number[] = []
  const { losses } = await fit({
    field: loop,
    loss: distanceLoss(1, { noise: 0.1 }),
    optimizer: sgd({ rate: 0.1 }),
    steps: 20,
    seed: 0,
    onProgress: ({ step, loss }) => {
      assert.equal(step, seen.length)
      seen.push(loss)
    },
  })
  assert.deepEqual(Float64Array.from(seen), losses)
})

test('a loss or a gradient that is not finite ends the run with the last good θ', async () => {
  const failing = (what: 'loss' | 'gradient'): Loss => ({
    name: 'failing',
    bind: (field) => ({
      theta: field.theta,
      layout: field.layout,
      evaluate(theta, _random, gradient) {
        gradient.fill(what === 'gradient' && theta[0] < 0.5 ? Number.NaN : 1)
        return what === 'loss' && theta[0] < 0.5 ? Number.POSITIVE_INFINITY : theta[0]
      },
      restore: (theta) => ({ field: withTheta(field, theta) }),
    }),
  })
  const field = system({ state: ['x'], params: { a: 1 }, dynamics: { x: 'a*x' } })
  for (const what of ['loss', 'gradient'] as const) {
    const { status, message, theta, losses } = await fit({
      field,
      loss: failing(what),
      optimizer: sgd({ rate: 0.2 }),
      steps: 10,
      seed: 0,
    })
    assert.equal(status, 'non-finite')
    assert.match(message, /after 3 steps the loss is/)
    // 1, .8, .6 and then .4, where the loss fails but θ = .6 is kept; a failing gradient leaves θ = .4
    assert.ok(Math.abs(theta[0] - (what === 'loss' ? 0.6 : 0.4)) < 1e-15)
    assert.equal(losses.length, 3)
  }
})

test('value and gradient come from one graph and agree with differences', () => {
  const b = new Builder()
  const theta = b.leaf('theta', 2)
  const x = b.leaf('state', 2)
  const f: Field = makeField(b, b.unary('sin', b.dot(theta, x)), {
    name: 'f',
    stateNames: ['x', 'y'],
    inputNames: [],
    theta: Float64Array.of(0.3, -0.7),
    layout: [{ name: 'w', offset: 0, shape: [2], kind: 'weight' }],
  })
  const [value, g0, g1] = interpret(valueAndGradient(f), 0, [1, 2])
  assert.equal(value, Math.sin(0.3 - 1.4))
  assert.ok(Math.abs(g0 - Math.cos(-1.1)) < 1e-15)
  assert.ok(Math.abs(g1 - 2 * Math.cos(-1.1)) < 1e-15)
  assert.throws(() => valueAndGradient(loop), /expected a scalar field/)
})

test('settings that make no sense are refused', async () => {
  const common = { field: loop, loss: distanceLoss(0), optimizer: sgd({ rate: 0.1 }) }
  await assert.rejects(fit({ ...common, steps: 1.5, seed: 0 }), /expected a number of steps/)
  await assert.rejects(fit({ ...common, steps: 1, seed: 0.5 }), /expected an integer seed/)
  await assert.rejects(fit({ ...common, loss: regressionLoss(0), steps: 1, seed: 0 }), /batch/)
})

test.run()
