import assert from 'node:assert/strict'
import { adam, fit, type Loss, weightedLosses } from '@separatrix/adjoint'
import { closeLoop, compile, convexNetwork, expression, network, system } from '@separatrix/field'
import { type Field, seededRandom } from '@separatrix/field/core'
import {
  ball,
  barrierLoss,
  certify,
  convexCandidate,
  higherOrderLyapunovLoss,
  lyapunovLoss,
  pathLyapunovLoss,
  type Sampler,
  trainableNorm,
  trainableQuadratic,
} from '@separatrix/lyapunov'
import { test } from 'uvu'

const xv = ['x', 'v'] as const
const oscillator = system({ state: xv, dynamics: { x: 'v', v: '-x - 0.2*v' } })
const square = expression('x^2', xv)

function evaluate(loss: Loss, field: Field, seed = 3) {
  const bound = loss.bind(field)
  const gradient = new Float64Array(bound.theta.length)
  return { bound, gradient, value: bound.evaluate(bound.theta, seededRandom(seed), gradient) }
}

/** The samples that a loss with this seed draws, and the mean of a function over them. */
function meanOver(count: number, f: (x: number, v: number) => number): number {
  const [random, x] = [seededRandom(3), new Float64Array(2)]
  let total = 0
  for (let k = 0; k < count; k++) {
    ball(2).draw(random, x)
    total += f(x[0], x[1])
  }
  return total / count
}

const sampling = { sampler: ball(2), batch: 200 }

/** V = x²: V̇ = 2xv and V̈ = 2v² − 2x² − 0.4xv. */
const conditions: readonly (readonly [string, Loss, (x: number, v: number) => number])[] = [
  [
    'of the second order',
    higherOrderLyapunovLoss({ V: square, coefficients: [3, 2], ...sampling }),
    (x, v) => Math.max(0, 2 * v * v - 2 * x * x - 0.4 * x * v + 2 * 2 * x * v + 3 * x * x),
  ],
  [
    'of the first order, which is the Lyapunov loss',
    higherOrderLyapunovLoss({ V: square, coefficients: [0.7], ...sampling }),
    (x, v) => Math.max(0, 2 * x * v + 0.7 * x * x),
  ],
  [
    'on a set',
    lyapunovLoss({ V: square, rate: 0.7, target: 0.5, ...sampling }),
    (x, v) => (x * x > 0.5 ? Math.max(0, 2 * x * v + 0.7 * (x * x - 0.5)) : 0),
  ],
]

for (const [name, loss, expected] of conditions)
  test(`a condition ${name} is the mean that it says`, () => {
    const { value } = evaluate(loss, oscillator)
    const mean = meanOver(200, expected)
    // the same terms in another order of operations
    assert.ok(Math.abs(value - mean) <= 1e-12 * mean, `${value} for ${mean}`)
  })

test('a damped spring meets a condition of the third order that V̇ ≤ −κV does not', () => {
  // x² of a damped spring has the exponents −0.2 and −0.2 ± 2iω, ω² = 0.99: s³ + 0.6s² + 4.08s + 0.8 vanishes on all
  const exact = higherOrderLyapunovLoss({ V: square, coefficients: [0.8, 4.08, 0.6], ...sampling })
  // sums of terms of size 40 that cancel
  assert.ok(evaluate(exact, oscillator).value < 1e-13)
  assert.ok(evaluate(lyapunovLoss({ V: square, rate: 0.1, ...sampling }), oscillator).value > 0.1)
})

test('candidates of norms and convex ones are 0 at 0 and positive elsewhere, whatever θ', () => {
  const features = network({ widths: [2, 5, 2], activation: 'tanh', seed: 2 })
  const g = convexNetwork({ widths: [2, 8, 8, 1], activation: 'softplus', seed: 3 })
  const random = seededRandom(5)
  for (const V of [trainableNorm(2, { epsilon: 0.01, features }), convexCandidate(g, { epsilon: 0.01 })]) {
    const [at, out] = [compile(V), new Float64Array(1)]
    const theta = V.theta.map(() => random.normal())
    const value = (x: readonly number[]) => {
      at(0, x, out, theta)
      return out[0]
    }
    // differences of values of size up to 30
    assert.ok(Math.abs(value([0, 0])) < 1e-13, `${value([0, 0])}`)
    const x = new Float64Array(2)
    for (let k = 0; k < 200; k++) {
      ball(3).draw(random, x)
      assert.ok(value([x[0], x[1]]) > 0)
    }
  }
  assert.throws(() => trainableNorm(2, { epsilon: 0 }), /ε > 0/)
  assert.throws(() => convexCandidate(oscillator, { epsilon: 0.1 }), /a scalar field/)
})

test('a norm is the one that is written, a convex candidate is convex and can be proved', () => {
  const V = trainableNorm(2, { epsilon: 0.5 })
  const out = new Float64Array(1)
  const R = [[1, 2], [-1, 3]] // biome-ignore format: a matrix
  compile(V)(0, [0.3, -0.7], out, Float64Array.from(R.flat()))
  // RᵀR = [[2, −1], [−1, 13]]: |2.5·0.3 + 0.7| + |−0.3 − 13.5·0.7|
  assert.ok(Math.abs(out[0] - (1.45 + 9.75)) < 1e-13, `${out[0]}`)
  const convex = convexCandidate(convexNetwork({ widths: [2, 4, 1], activation: 'softplus', seed: 1 }), { epsilon: 0.1 }) // biome-ignore format: one call
  const at = (x: readonly number[]) => {
    compile(convex)(0, x, out)
    return out[0]
  }
  const random = seededRandom(1)
  for (let k = 0; k < 100; k++) {
    const [a, b] = [0, 1].map(() => [random.normal(), random.normal()])
    assert.ok(at([(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]) <= (at(a) + at(b)) / 2)
  }
  const field = system({ state: xv, dynamics: { x: '-x', v: '-v' } })
  assert.equal(certify({ field, V: convex, domain: [[-1, 1], [-1, 1]], level: 0.05 }).kind, 'proved') // biome-ignore format: a box
})

test('a path loss draws along the trajectories of the field, up to where its curriculum is', async () => {
  const decay = system({ state: ['x'], dynamics: { x: '-x' } })
  const one: Sampler = {
    name: 'one',
    draw: (_random, x) => {
      x[0] = 1
    },
  }
  const V = expression('x^2', ['x'])
  // V̇ + 3V = x² = e^(−2t)
  const common = { V, rate: 3, starts: one, time: 2, steps: 40, batch: 4000 }
  const whole = evaluate(pathLyapunovLoss(common), decay).value
  const mean = Array.from({ length: 41 }, (_, s) => Math.exp(-s / 10)).reduce((a, b) => a + b) / 41
  // the deviation of e^(−2t) over [0, 2] is 0.28: 0.0044 for a mean of 4000; RK4 errs by 1e-8
  assert.ok(Math.abs(whole - mean) < 0.022, `${whole} for ${mean}`)
  const curriculum = { from: 0, by: 0.5, quiet: 1.5 }
  const bound = pathLyapunovLoss({ ...common, curriculum }).bind(decay)
  const at = (step: number) =>
    bound.evaluate(bound.theta, seededRandom(1), new Float64Array(0), { step, seed: 0 })
  assert.equal(at(0), 1)
  // the same step again sees the same
  assert.equal(at(0), 1)
  const half = at(1)
  assert.ok(half < 1 && half > whole, `${half}`)
  assert.ok(at(2) < half)
  assert.throws(() => pathLyapunovLoss({ ...common, time: 0 }), /a time T > 0/)
})

test('several conditions are the weighted sum of each, and share what they speak of', async () => {
  const plant = system({ state: xv, input: ['u'], dynamics: { x: 'v', v: 'sin(x) + u' } })
  const field = closeLoop(plant, network({ widths: [2, 4, 1], activation: 'tanh', seed: 1, bias: false }))
  const V = trainableQuadratic(2, { epsilon: 1e-3 })
  const decrease = lyapunovLoss({ V, rate: 0.5, ...sampling, normalize: 'V' })
  const slow = higherOrderLyapunovLoss({ V, coefficients: [1, 2], ...sampling })
  const barrier = expression('4 - x^2 - v^2', xv)
  const safe = barrierLoss({ barrier, alpha: 1, ...sampling })
  const loss = weightedLosses([{ loss: decrease }, { loss: slow, weight: 0.5 }, { loss: safe, weight: 2 }])
  const { bound, value, gradient } = evaluate(loss, field)
  assert.equal(bound.theta.length, field.theta.length + V.theta.length)
  // the terms draw from one stream, one after the other
  const random = seededRandom(3)
  let expected = 0
  const sum = new Float64Array(gradient.length)
  for (const [term, weight] of [
    [decrease, 1],
    [slow, 0.5],
    [safe, 2],
  ] as const) {
    // biome-ignore format: terms
    const single = term.bind(field)
    const slope = new Float64Array(single.theta.length)
    expected += weight * single.evaluate(single.theta, random, slope)
    for (let i = 0; i < slope.length; i++) sum[i] += weight * slope[i]
  }
  assert.equal(value, expected)
  assert.deepEqual(gradient, sum)
  const result = await fit({
    field,
    loss,
    optimizer: adam({ rate: 1e-2 }),
    steps: 3,
    seed: 1,
    backend: 'wasm',
  })
  assert.equal(result.backend, 'wasm')
  assert.deepEqual(result.V.theta, result.theta.slice(field.theta.length))
  assert.equal(result.barrier.theta.length, 0)
  const other = trainableQuadratic(2, { epsilon: 1e-3, P: [[2, 0], [0, 2]] }) // biome-ignore format: a matrix
  const clash = weightedLosses([
    { loss: decrease },
    { loss: lyapunovLoss({ V: other, rate: 1, ...sampling }) },
  ])
  assert.throws(() => clash.bind(field), /one block V.L that all losses share/)
  assert.throws(() => weightedLosses([{ loss: safe, weight: -1 }]), /weights ≥ 0/)
})

test.run()
