import assert from 'node:assert/strict'
import { adam, fit } from '@separatrix/adjoint'
import {
  Builder,
  embed,
  type Field,
  interpret,
  makeField,
  network,
  type Ref,
  seededRandom,
  system,
} from '@separatrix/field'
import {
  assignment,
  bridgeSamples,
  type ConditionalPath,
  cnf,
  drawPoints,
  eightGaussians,
  flowMatching,
  gaussian,
  gaussianMixture,
  lateTimes,
  lightBridge,
  lightBridgeLoss,
  logTimes,
  moons,
  polynomial,
  type Source,
  schroedingerBridge,
  scoreAndFlowMatching,
  sinkhorn,
  standardNormal,
  straight,
  trigonometric,
  variancePreserving,
  withTime,
} from '@separatrix/flows'
import { rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const costBetween = (n: number) => {
  const [a, b] = [
    drawPoints(eightGaussians('torchcfm'), { count: n, seed: 1 }),
    drawPoints(moons('torchcfm'), { count: n, seed: 2 }),
  ]
  return Float64Array.from(
    { length: n * n },
    (_, k) =>
      (a.get(Math.floor(k / n), 0) - b.get(k % n, 0)) ** 2 +
      (a.get(Math.floor(k / n), 1) - b.get(k % n, 1)) ** 2,
  )
}

test('assignment among clusters: prices prove that it is the least', () => {
  const n = 120
  const cost = costBetween(n)
  const columns = assignment(cost, n)
  assert.equal(new Set(columns).size, n)
  // no exchange of two rows is better, nor is any cycle: Bellman–Ford on reduced distances finds no negative cycle
  const distance = new Float64Array(n)
  for (let round = 0; round < n; round++) {
    let changed = false
    for (let i = 0; i < n; i++)
      for (let k = 0; k < n; k++) {
        const reach = distance[i] + cost[i * n + columns[k]] - cost[i * n + columns[i]]
        if (reach < distance[k] - 1e-9) {
          distance[k] = reach
          changed = true
        }
      }
    if (!changed) return
  }
  assert.ok(false, 'a cycle of exchanges that lowers the cost')
})

test('the entropic plan: marginals, the form diag(u)·K·diag(v), and the limits of ε', () => {
  const n = 40
  const cost = costBetween(n)
  const { plan, status, error } = sinkhorn(cost, n, { regularization: 0.5, tolerance: 1e-9 })
  assert.equal(status, 'success')
  assert.ok(error <= 1e-9)
  for (let i = 0; i < n; i++) {
    let [row, column] = [0, 0]
    for (let j = 0; j < n; j++) {
      row += plan[i * n + j]
      column += plan[j * n + i]
    }
    assert.ok(Math.abs(n * row - 1) < 2e-9 && Math.abs(n * column - 1) < 1e-12)
  }
  // log P + C/ε = log u + log v: every 2 × 2 minor of it vanishes; entries down to 1e-200 keep their logarithm
  const form = (i: number, j: number) => Math.log(plan[i * n + j]) + cost[i * n + j] / 0.5
  for (const [i, j] of [
    [3, 5],
    [17, 30],
    [39, 1],
  ])
    assert.ok(Math.abs(form(i, j) - form(0, j) - form(i, 0) + form(0, 0)) < 1e-9)
  // ε large: the independent plan; ε small: nearly the assignment's cost, above it by at most ε log n
  const loose = sinkhorn(cost, n, { regularization: 1e6 })
  assert.ok(loose.plan.every((p) => Math.abs(n * n * p - 1) < 1e-3))
  const tight = sinkhorn(cost, n, { regularization: 0.05, maxIterations: 100_000 })
  const least = assignment(cost, n).reduce((sum, j, i) => sum + cost[i * n + j] / n, 0)
  const reached = tight.plan.reduce((sum, p, k) => sum + p * cost[k], 0)
  // and the rows' error of 1e-3 times costs of some 50
  assert.ok(reached > least - 0.06 && reached < least + 0.05 * Math.log(n) + 0.06, `${reached}, ${least}`)
  assert.equal(sinkhorn(cost, n, { regularization: 0.05, maxIterations: 3 }).status, 'max-iterations')
  assert.throws(() => sinkhorn(cost, n, { regularization: 0 }), /positive regularization/)
})

test('every path: its rates are derivatives, and it joins its ends', () => {
  const bridge = schroedingerBridge(0.7)
  const paths: readonly ConditionalPath[] = [
    straight,
    trigonometric,
    gaussian(0.1),
    polynomial(3),
    variancePreserving(),
    bridge,
  ]
  const h = 1e-5
  // a central difference: h²·f‴/6 with f‴ below 1e4, and the 1e-8 in the bridge's rate
  for (const path of paths)
    for (const t of [0.2, 0.5, 0.9])
      for (const [f, rate] of [
        [path.alpha, path.alphaRate],
        [path.beta, path.betaRate],
        ...(path.noise && path.noiseRate ? [[path.noise, path.noiseRate]] : []),
      ])
        assert.ok(Math.abs((f(t + h) - f(t - h)) / (2 * h) - rate(t)) < 1e-6, `${path.name} at ${t}`)
  for (const path of [straight, trigonometric, polynomial(3), bridge]) {
    assert.ok(Math.abs(path.alpha(0) - 1) + Math.abs(path.beta(0)) < 1e-15)
    assert.ok(Math.abs(path.alpha(1)) + Math.abs(path.beta(1) - 1) < 1e-15)
  }
  assert.ok(Math.abs(gaussian(0.1).alpha(1) - 0.1) < 1e-15 && bridge.noise(0) === 0 && bridge.noise(1) === 0)
  const vp = variancePreserving()
  assert.ok(Math.abs(vp.alpha(0.3) ** 2 + vp.beta(0.3) ** 2 - 1) < 1e-14 && vp.beta(1) === 1)
  const late = lateTimes(3)
  const random = seededRandom(1)
  const mean = Array.from({ length: 4000 }, () => late(random)).reduce((s, t) => s + t / 4000, 0)
  // E(1 − U³) = ¾, deviation .28: four standard errors
  assert.ok(Math.abs(mean - 0.75) < 0.018)
  assert.throws(() => lateTimes(0.5), /k ≥ 1/)
  const log = logTimes(0.01)
  const logs = Array.from({ length: 4000 }, () => Math.log(1 - log(random)) / Math.log(0.01))
  // uniform on [0, 1], deviation .29
  assert.ok(
    Math.abs(logs.reduce((s, u) => s + u / 4000, 0) - 0.5) < 0.019 && logs.every((u) => u >= 0 && u <= 1),
  )
  assert.throws(() => logTimes(1), /0 < ε < 1/)
})

test('mirrored pairs: the same mean, and hardly any noise where paths end', () => {
  const [m, t] = [2, 0.99]
  const target: Source = { draw: (_, x) => x.fill(m) }
  const gradients = (field: Field, mirrored: boolean) => {
    const options = { target, coupling: 'independent', batch: 8, drawTime: () => t, mirrored } as const
    const loss = flowMatching(options).bind(field)
    const random = seededRandom(4)
    return Array.from({ length: 2000 }, () => {
      const gradient = new Float64Array(field.theta.length)
      loss.evaluate(field.theta, random, gradient)
      return gradient[0]
    })
  }
  const moments = (values: readonly number[]) => {
    const mean = values.reduce((s, v) => s + v, 0) / values.length
    return [mean, Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length)]
  }
  const constant = scalarField((_b, _x, theta) => theta)
  const [level, none] = moments(gradients(constant, true))
  // 2(a − u) with u = m ∓ x₀: the x₀ cancel
  assert.ok(Math.abs(level - 2 * (0.5 - m)) < 1e-14 && none < 1e-14)
  const linear = scalarField((b, x, theta) => b.mul(theta, x))
  const [plain, mirrored] = [moments(gradients(linear, false)), moments(gradients(linear, true))]
  // 2(ax − m ± x₀)x, x = tm ± rx₀: means of x₀² = 1 in both
  const mean = 2 * (0.5 * (t * m) ** 2 - t * m * m + (1 - t) * (1 + 0.5 * (1 - t)))
  for (const [value, deviation] of [plain, mirrored])
    assert.ok(Math.abs(value - mean) < (4 * deviation) / Math.sqrt(2000))
  // 2tm x₀ against 2r x₀², of half as many numbers
  assert.ok(mirrored[1] < 4 * (1 - t) * plain[1])
  for (const wrong of [{ coupling: 'exact' }, { source: standardNormal(1) }, { batch: 7 }] as const)
    assert.throws(
      () => flowMatching({ target, coupling: 'independent', mirrored: true, ...wrong }),
      /independent coupling with the normal source and an even batch/,
    )
})

/** A scalar velocity of one state and one parameter, which is ½. */
function scalarField(velocity: (b: Builder, x: Ref, theta: Ref) => Ref): Field {
  const b = new Builder()
  return makeField(b, velocity(b, b.leaf('state', 1), b.leaf('theta', 1)), {
    name: 'scalar',
    stateNames: ['x'],
    inputNames: [],
    theta: Float64Array.of(0.5),
    layout: [{ name: 'a', offset: 0, shape: [1], kind: 'weight' }],
  })
}

/** Two groups: c = 0 at −3 and c = 1 at +3, in one dimension, with the condition after it. */
const groups: Source = {
  draw(random, x) {
    x[1] = random.integer(2)
    x[0] = 6 * x[1] - 3 + 0.5 * random.normal()
  },
}

test('conditions: a trained conditional flow goes where its condition says, with and without plans', async () => {
  for (const settings of [
    { coupling: 'independent' },
    { coupling: 'exact', conditionWeight: 100 },
  ] as const) {
    const { field } = await fit({
      field: withTime(network({ widths: [3, 24, 1], activation: 'swish', seed: 1 }), { condition: 1 }),
      loss: flowMatching({ target: groups, condition: 1, batch: 64, planBatch: 32, ...settings }),
      optimizer: adam({ rate: 1e-2 }),
      steps: 500,
      seed: 2,
      backend: 'wasm',
    })
    const flow = cnf({ field, condition: 1, method: rk4, step: 0.1 })
    for (const c of [0, 1]) {
      const { data } = flow.sample(300, 4, { condition: [c] })
      const mean = data.reduce((s, v) => s + v / 300, 0)
      // four standard errors of .5/√300 are .12; the rest is for training
      assert.ok(Math.abs(mean - (6 * c - 3)) < 0.35, `${settings.coupling}, ${c}: ${mean}`)
    }
  }
})

test('plans that ignore the condition tell its value from where a path starts; those that see it do not', () => {
  // E x₀ given c is 0 where coupling and condition are independent
  const field = system({ state: ['x', 'c'], params: { a: 0 }, dynamics: { x: 'a*x', c: '0' } })
  assert.equal(field.stateSize, 2)
  const meanStart = (conditionWeight: number) => {
    const loss = flowMatching({
      target: groups,
      condition: 1,
      coupling: 'exact',
      conditionWeight,
      batch: 256,
    })
    // at f = 0 the slope of the loss in a is −2E(u·x_t); with f = a·c instead of a·x it is −2E(u·c)
    const probe = system({ state: ['x', 'c'], params: { a: 0 }, dynamics: { x: 'a*c', c: '0*a' } })
    const first = firstOf(probe)
    const gradient = new Float64Array(1)
    loss.bind(first).evaluate(first.theta, seededRandom(3), gradient)
    // E(u·c) = ½E(x₁ − x₀ | c = 1) = ½(3 − E(x₀ | c = 1))
    return 3 + gradient[0]
  }
  // without the weight the upper half of x₀ goes with c = 1: E(x₀ | c = 1) = √(2/π); four standard errors of 256
  assert.ok(Math.abs(meanStart(0) - Math.sqrt(2 / Math.PI)) < 0.4, `${meanStart(0)}`)
  assert.ok(Math.abs(meanStart(1000)) < 0.4, `${meanStart(1000)}`)
})

test('sizes of plans: a multiple or a divisor of the batch, and nothing else', () => {
  const target = eightGaussians('ffjord')
  const net = withTime(network({ widths: [3, 4, 2], activation: 'tanh', seed: 0 }))
  const gradient = new Float64Array(net.theta.length)
  const at = (planBatch: number) =>
    flowMatching({ target, coupling: 'exact', batch: 32, planBatch })
      .bind(net)
      .evaluate(net.theta, seededRandom(1), gradient)
  // larger plans make shorter paths
  assert.ok(at(256) < at(32) && at(32) < at(4))
  assert.throws(() => at(20), /a multiple or a divisor/)
  assert.throws(() => flowMatching({ target, coupling: 'sinkhorn' }), /positive regularization/)
})

test('[SF]²M between normals: velocity and score of the bridge in closed form', async () => {
  // N(0, 1) to N(0, 1) in one dimension with ε = 2σ² of |x − y|²: the plan is normal with covariance C = (√(1 + σ⁴/4·…)):
  // for cost ½d² and entropy ε′ = σ², C = ½(√(4 + ε′²) − ε′); x_t = (1 − t)x₀ + t x₁ + σ√(t(1 − t))ε has variance V
  const sigma = 1
  const C = (Math.sqrt(4 + sigma ** 4) - sigma ** 2) / 2
  const variance = (t: number) => (1 - t) ** 2 + t ** 2 + 2 * t * (1 - t) * C + sigma ** 2 * t * (1 - t)
  const { field, score } = await fit({
    field: withTime(network({ widths: [2, 16, 2], activation: 'tanh', seed: 1 }), { outputs: 2 }),
    loss: scoreAndFlowMatching({ target: standardNormal(1), coupling: 'sinkhorn', sigma, batch: 64 }),
    optimizer: adam({ rate: (k) => 0.02 / (1 + k / 150) }),
    steps: 600,
    seed: 3,
    backend: 'wasm',
  })
  for (const t of [0.3, 0.5, 0.7])
    for (const x of [-1, 0.5, 1]) {
      const slope = ((variance(t + 1e-4) - variance(t - 1e-4)) / 2e-4 / 2 / variance(t)) * x
      // the optimum of a batch of 64 differs, and so does 600 steps' training: a tenth of the score's size
      assert.ok(Math.abs(interpret(score, t, [x])[0] + x / variance(t)) < 0.15, `score ${t} ${x}`)
      assert.ok(Math.abs(interpret(field, t, [x])[0] - slope) < 0.25, `velocity ${t} ${x}`)
    }
})

test('a light bridge between normals: the covariance of the entropic plan in closed form', async () => {
  const [s, epsilon] = [0.6, 0.8]
  const target = gaussianMixture({ means: [[1.5]], deviation: s })
  const { field } = await fit({
    field: lightBridge({ dimension: 1, components: 1, regularization: epsilon, seed: 0 }),
    loss: lightBridgeLoss({ source: standardNormal(1), target, batch: 256 }),
    optimizer: adam({ rate: (k) => 0.05 / (1 + k / 100) }),
    steps: 800,
    seed: 1,
    backend: 'wasm',
  })
  const C = (Math.sqrt(4 * s * s + epsilon * epsilon) - epsilon) / 2
  const [, centre, logScale] = field.theta
  // means of 256 terms over hundreds of steps: some hundredths
  assert.ok(Math.abs(centre - 1.5) < 0.05, `${centre}`)
  assert.ok(Math.abs(Math.exp(logScale) - C) < 0.05, `${Math.exp(logScale)} against ${C}`)
  const x = drawPoints(standardNormal(1), { count: 4000, seed: 2 })
  const y = bridgeSamples(field, x, { regularization: epsilon, seed: 3 })
  const mean = y.data.reduce((sum, v) => sum + v / 4000, 0)
  const spread = Math.sqrt(y.data.reduce((sum, v) => sum + (v - mean) ** 2 / 4000, 0))
  assert.ok(Math.abs(mean - 1.5) < 0.1 && Math.abs(spread - s) < 0.05, `${mean}, ${spread}`)
})

test('flow matching interrupted and resumed gives the same flow, bit for bit', async () => {
  const options = {
    field: withTime(network({ widths: [3, 8, 2], activation: 'swish', seed: 0 })),
    loss: flowMatching({ target: moons, coupling: 'exact', batch: 16, planBatch: 64, sigma: 0.1 }),
    optimizer: adam({ rate: 1e-2 }),
    seed: 4,
    backend: 'wasm',
  } as const
  const whole = await fit({ ...options, steps: 20 })
  const half = await fit({ ...options, steps: 10 })
  const resumed = await fit({ ...options, steps: 20, resume: JSON.parse(JSON.stringify(half.checkpoint)) })
  assert.deepEqual(resumed.theta, whole.theta)
})

/** A field of [x; c] whose entry of c is left out. */
function firstOf(f: ReturnType<typeof system>) {
  const b = new Builder()
  return makeField(b, b.gather(embed(b, f), [0]), f)
}

test.run()
