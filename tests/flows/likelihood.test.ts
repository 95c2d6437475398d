import assert from 'node:assert/strict'
import { adam, fit } from '@separatrix/adjoint'
import {
  divergence,
  type Field,
  gradient,
  interpret,
  jacobian,
  network,
  seededRandom,
} from '@separatrix/field'
import {
  checkerboard,
  cnf,
  drawPoints,
  type LikelihoodLossOptions,
  likelihoodLoss,
  otFlowPenalty,
  otFlowPotential,
  rnode,
  withTime,
} from '@separatrix/flows'
import { dopri5, rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const field = withTime(network({ widths: [3, 6, 2], activation: 'tanh', seed: 7 }))
const data = drawPoints(checkerboard, { count: 5, seed: 1 })
const ot = otFlowPotential({ dimension: 2, width: 5, layers: 3, seed: 2 })
const fixed = { data, method: rk4, step: 0.1 }

const cases: readonly (readonly [string, Field, LikelihoodLossOptions])[] = [
  ['all points', field, fixed],
  ['drawn points', field, { ...fixed, data: checkerboard, batch: 7 }],
  ['probes and a sketch', field, { ...fixed, trace: { probes: 3, sketch: 1, seed: 0 } }],
  ['RNODE', field, { ...fixed, penalty: rnode({ kinetic: 0.3, jacobian: 0.2 }) }],
  [
    'OT-Flow',
    ot.velocity,
    { ...fixed, penalty: otFlowPenalty({ kinetic: 1, hamiltonJacobi: 0.5, of: ot.hamiltonJacobi }) },
  ],
  [
    'RNODE with probes',
    field,
    { ...fixed, trace: { probes: 2, seed: 0 }, penalty: rnode({ kinetic: 1, jacobian: 0 }) },
  ],
]

for (const [name, f, options] of cases)
  test(`${name}: vectors agree with one by one, and the gradient with differences`, () => {
    const gradient = new Float64Array(f.theta.length)
    const bound = likelihoodLoss(options).bind(f)
    const onVectors = likelihoodLoss(options).bind(f, undefined, { backend: 'wasm', precision: 'double' })
    const at = (theta: Float64Array) => bound.evaluate(theta, seededRandom(3), gradient)
    const value = at(f.theta)
    const exact = gradient.slice()
    const scale = Math.max(1, ...exact.map(Math.abs))
    const again = onVectors.evaluate(f.theta, seededRandom(3), gradient)
    // ten steps of four stages, elementary functions to a few units in the last place
    assert.ok(Math.abs(again - value) < 1e-11 * Math.abs(value), `${again} against ${value}`)
    gradient.forEach((g, i) => {
      assert.ok(Math.abs(g - exact[i]) < 1e-10 * scale)
    })
    for (let i = 0; i < exact.length; i += 11) {
      const slope = (h: number) =>
        (at(f.theta.map((w, k) => (k === i ? w + h : w))) -
          at(f.theta.map((w, k) => (k === i ? w - h : w)))) /
        (2 * h)
      // one extrapolation: truncation h⁴, rounding 1e-16·value/h; |·| in the penalty of OT-Flow has kinks, which a
      // trajectory may cross within h
      const allowed = name === 'OT-Flow' ? 1e-5 : 1e-8
      assert.ok(Math.abs((4 * slope(5e-4) - slope(1e-3)) / 3 - exact[i]) < allowed * scale, `${name} ${i}`)
    }
  })

test('the loss is −log p of the flow plus the integral of the penalty', () => {
  const gradient = new Float64Array(field.theta.length)
  const at = (options: LikelihoodLossOptions) =>
    likelihoodLoss(options).bind(field).evaluate(field.theta, seededRandom(0), gradient)
  const plain = at(fixed)
  const flow = cnf({ field, method: rk4, step: 0.1 })
  const mean = flow.logProb(data).reduce((sum, l) => sum - l / 5, 0)
  assert.ok(Math.abs(plain - mean) < 1e-13)
  // ½|f|² along the way back, by the trapezoidal rule on 2000 points of an accurate solve
  const penalized = at({ ...fixed, method: rk4, step: 0.01, penalty: rnode({ kinetic: 2, jacobian: 3 }) })
  const accurate = at({ ...fixed, method: rk4, step: 0.01 })
  let integral = 0
  const J = jacobian(field)
  for (let p = 0; p < 5; p++) {
    let x = Float64Array.of(data.get(p, 0), data.get(p, 1))
    const steps = 400
    const h = 1 / steps
    const rate = (t: number, y: ArrayLike<number>) => {
      const square = (v: ArrayLike<number>) => Array.from(v).reduce((sum, e) => sum + e * e, 0)
      return square(interpret(field, t, Array.from(y))) + 3 * square(interpret(J, t, Array.from(y)))
    }
    for (let k = 0; k < steps; k++) {
      const t = 1 - k * h
      const before = rate(t, x)
      // Heun's step backwards, of order 2 like the rule
      const f1 = interpret(field, t, x)
      const guess = x.map((v, i) => v - h * f1[i])
      const f2 = interpret(field, t - h, guess)
      x = x.map((v, i) => v - (h / 2) * (f1[i] + f2[i]))
      integral += ((h / 2) * (before + rate(t - h, x))) / 5
    }
  }
  // h²·(second derivatives of some units)
  assert.ok(Math.abs(penalized - accurate - integral) < 1e-3, `${penalized - accurate} against ${integral}`)
})

test("OT-Flow's Laplacian in closed form is the divergence of the gradient, its Hamilton–Jacobi term as written", () => {
  for (const [dimension, layers] of [
    [2, 2],
    [3, 4],
  ]) {
    const { potential, velocity, laplacian, hamiltonJacobi } = otFlowPotential({
      dimension,
      width: 6,
      layers,
      seed: 5,
    })
    const x = Array.from({ length: dimension }, (_, i) => Math.sin(i + 1))
    const [slope, v] = [interpret(gradient(potential), 0.4, x), interpret(velocity, 0.4, x)]
    slope.forEach((s, i) => {
      assert.ok(Math.abs(s + v[i]) < 1e-13)
    })
    const trace = interpret(divergence(velocity), 0.4, x)[0]
    assert.ok(Math.abs(interpret(laplacian, 0.4, x)[0] + trace) < 1e-12)
    const h = 1e-4
    const inTime = (interpret(potential, 0.4 + h, x)[0] - interpret(potential, 0.4 - h, x)[0]) / (2 * h)
    const energy = slope.reduce((sum, s) => sum + (s * s) / 2, 0)
    // a central difference: h²·f‴/6 and rounding 1e-12
    assert.ok(Math.abs(interpret(hamiltonJacobi, 0.4, x)[0] - Math.abs(inTime - energy)) < 1e-6)
  }
})

test('RNODE makes flows straighter: less energy at a likelihood that is hardly worse', async () => {
  const train = async (penalty?: LikelihoodLossOptions['penalty']) => {
    const loss = likelihoodLoss({ data: checkerboard, batch: 64, method: rk4, step: 0.25, penalty })
    const { field: trained } = await fit({
      field: withTime(network({ widths: [3, 16, 2], activation: 'tanh', seed: 1 })),
      loss,
      optimizer: adam({ rate: 2e-2 }),
      steps: 150,
      seed: 0,
      backend: 'wasm',
      precision: 'single',
    })
    const gradient = new Float64Array(trained.theta.length)
    const value = (kinetic: number) =>
      likelihoodLoss({
        data: drawPoints(checkerboard, { count: 300, seed: 5 }),
        method: rk4,
        step: 0.1,
        penalty: rnode({ kinetic, jacobian: 0 }),
      })
        .bind(trained, undefined, { backend: 'wasm', precision: 'double' })
        .evaluate(trained.theta, seededRandom(0), gradient)
    return { nll: value(0), energy: value(2) - value(0) }
  }
  const [plain, penalized] = [await train(), await train(rnode({ kinetic: 0.5, jacobian: 0.02 }))]
  assert.ok(penalized.energy < 0.8 * plain.energy, `${penalized.energy} against ${plain.energy}`)
  assert.ok(penalized.nll < plain.nll + 0.3, `${penalized.nll} against ${plain.nll}`)
})

test('training interrupted and resumed gives the same flow, bit for bit', async () => {
  const options = {
    field,
    loss: likelihoodLoss({ data: checkerboard, batch: 16, method: rk4, step: 0.25 }),
    optimizer: adam({ rate: 1e-2 }),
    seed: 4,
    backend: 'wasm',
  } as const
  const whole = await fit({ ...options, steps: 8 })
  const half = await fit({ ...options, steps: 4 })
  const resumed = await fit({
    ...options,
    steps: 8,
    resume: JSON.parse(JSON.stringify(half.checkpoint)),
  })
  assert.deepEqual(resumed.theta, whole.theta)
  assert.deepEqual(resumed.losses, whole.losses)
})

test('what a likelihood cannot use is refused', () => {
  assert.throws(() => likelihoodLoss({ data: checkerboard, method: rk4, step: 0.1 }), /a positive batch/)
  const chosen = likelihoodLoss({ data, method: dopri5, rtol: 1e-6, atol: 1e-6 })
  assert.throws(
    () => chosen.bind(field, undefined, { backend: 'wasm', precision: 'double' }),
    /equal steps and via: 'discrete'/,
  )
  const wrong = likelihoodLoss({
    ...fixed,
    penalty: () => network({ widths: [2, 1], activation: 'tanh', seed: 0 }),
  })
  assert.throws(() => wrong.bind(field), /a scalar field of the flow's 2 states/)
  assert.throws(() => rnode({ kinetic: -1, jacobian: 0 }), /factors ≥ 0/)
})

test.run()
