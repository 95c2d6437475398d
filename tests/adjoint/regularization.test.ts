import assert from 'node:assert/strict'
import { adam, fit, type Regularization, type Trajectory, trajectoryLoss } from '@separatrix/adjoint'
import {
  type Field,
  interpret,
  jacobian,
  network,
  seededRandom,
  system,
  timeNetwork,
} from '@separatrix/field'
import { bosh3, dopri5, type Method, rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'

const field = timeNetwork({ widths: [2, 5, 2], activation: 'tanh', seed: 3 })
const data: readonly Trajectory[] = [
  { t: [0, 0.3, 1], y: [[0.5, -1], [0.2, 0.1], [0.4, 0.9]] },
  { t: [0, 0.7], y: [[-1, 0.3], [0, 0]] },
] // biome-ignore format: numbers
const steps = { method: dopri5, step: 0.1 }

/** The loss, its value without the fit to data, and the gradient, on the noise of one seed. */
function penalty(
  regularize: Regularization,
  f: Field = field,
  solving: { method: Method; step: number } = steps,
) {
  const random = () => seededRandom(8)
  const plain = trajectoryLoss({ ...solving, data }).bind(f)
  const bound = trajectoryLoss({ ...solving, data, regularize }).bind(f)
  const unused = new Float64Array(f.theta.length)
  return {
    value: (theta: Float64Array) =>
      bound.evaluate(theta, random(), unused.slice()) - plain.evaluate(theta, random(), unused.slice()),
    gradient(theta: Float64Array) {
      const [whole, part] = [unused.slice(), unused.slice()]
      bound.evaluate(theta, random(), whole)
      plain.evaluate(theta, random(), part)
      return whole.map((v, i) => v - part[i])
    },
  }
}

const terms: readonly (readonly [string, Regularization])[] = [
  ['kinetic', { kinetic: 0.7 }],
  ['jacobian', { jacobian: 0.7 }],
  ['kinetic and jacobian', { kinetic: 0.3, jacobian: 0.6 }],
  // error estimates are about 1e-9 here: a large weight makes their derivatives visible
  ['error', { error: 1e16 }],
  ['stiffness', { stiffness: 0.2 }],
  ['all', { kinetic: 0.1, jacobian: 0.2, error: 1e15, stiffness: 0.1 }],
]
for (const [name, regularize] of terms)
  test(`${name}: the gradient is that of the value`, () => {
    const { value, gradient } = penalty(regularize)
    const theta = field.theta.map((v, i) => v + 0.1 * Math.cos(i))
    const g = gradient(theta)
    const size = Math.hypot(...g)
    assert.ok(size > 1e-6)
    for (let i = 0; i < theta.length; i += 3) {
      const [up, down] = [1e-5, -1e-5].map((h) => value(theta.map((v, j) => (j === i ? v + h : v))))
      // central differences: h² f‴/6 and rounding 1e-16/h
      assert.ok(Math.abs((up - down) / 2e-5 - g[i]) < 1e-6 * Math.max(1, size), `${i}`)
    }
  })

test('what is integrated: the kinetic energy of x′ = −x, and the Jacobian of a linear field in the mean', () => {
  const decay = system({ state: ['x', 'y'], params: { a: 1 }, dynamics: { x: '-a*x', y: '0*a' } })
  // ∫ x₀² e^(−2t) over each trajectory; the mean of .25(1 − e^−2)/2 and (1 − e^−1.4)/2
  const exact = (0.25 * (1 - Math.exp(-2)) + (1 - Math.exp(-1.4))) / 4
  const { value } = penalty({ kinetic: 1 }, decay)
  assert.ok(Math.abs(value(decay.theta) - exact) < 1e-6)
  const A = [0.3, -1.2, 0.7, 0.4]
  const linear = system({
    state: ['x', 'y'],
    params: { a: A[0], b: A[1], c: A[2], d: A[3] },
    dynamics: { x: 'a*x + b*y', y: 'c*x + d*y' },
  })
  const bound = trajectoryLoss({ ...steps, data, regularize: { jacobian: 1 } }).bind(linear)
  const plain = trajectoryLoss({ ...steps, data }).bind(linear)
  const [random, gradient] = [seededRandom(1), new Float64Array(4)]
  const base = plain.evaluate(linear.theta, random, gradient)
  let mean = 0
  const draws = 500
  for (let k = 0; k < draws; k++) mean += (bound.evaluate(linear.theta, random, gradient) - base) / draws
  const frobenius = A.reduce((s, v) => s + v * v, 0)
  // |Aᵀε|² has variance 2|AAᵀ|_F² ≤ 2|A|_F⁴; spans 1 and .7, averaged; five standard errors
  const deviation = (frobenius * Math.sqrt(2 * (1 + 0.49))) / 2
  assert.ok(Math.abs(mean - 0.85 * frobenius) < (5 * deviation) / Math.sqrt(draws), `${mean}`)
})

test('stiffness is the slope along the last stages: exact on a linear scalar field', () => {
  const fast = system({ state: ['x', 'y'], params: { k: 9 }, dynamics: { x: '-k*x', y: '-k*y' } })
  const { value } = penalty({ stiffness: 1 }, fast)
  // S² = k² in each step: ten steps of the first trajectory, seven of the second
  assert.ok(Math.abs(value(fast.theta) / (81 * 8.5) - 1) < 1e-9)
})

test('a random end time stays between the data and beyond, and changes from step to step', () => {
  const ends: number[] = []
  const watched = system({ state: ['x', 'y'], params: { a: 1 }, dynamics: { x: 'a', y: '0' } })
  const one: Trajectory = { t: [0, 0.3, 1], y: [[0, 0], [0.3, 0], [1, 0]] } // biome-ignore format: numbers
  const bound = trajectoryLoss({ method: rk4, step: 0.05, data: [one], regularize: { endTime: 0.2 } }).bind(
    watched,
  )
  const [random, gradient] = [seededRandom(2), new Float64Array(1)]
  for (let k = 0; k < 200; k++)
    // x = t exactly, so the loss (mean of four entries) is a quarter of the square of the shift
    ends.push(Math.sqrt(4 * bound.evaluate(watched.theta, random, gradient)))
  assert.ok(ends.every((e) => e <= 0.2 + 1e-12))
  // uniform on [0, .2]: mean .1 ± .0577/√200
  assert.ok(Math.abs(ends.reduce((s, e) => s + e, 0) / 200 - 0.1) < 5 * 0.0041)
})

test('a field trained with penalties needs fewer steps, at a similar fit', async () => {
  const truth = system({ state: ['q', 'p'], dynamics: { q: 'p', p: '-q - 0.3*p' } })
  const random = seededRandom(5)
  const measured = Array.from({ length: 6 }, (): Trajectory => {
    const { y } = solve(truth, [random.normal(), random.normal()], [0, 1], {
      method: dopri5,
      rtol: 1e-8,
      atol: 1e-8,
      saveAt: [0, 1],
    })
    return { t: [0, 1], y }
  })
  const start = network({ widths: [2, 12, 2], activation: 'tanh', seed: 1, outputGain: 3 })
  const train = async (regularize?: Regularization) => {
    const loss = trajectoryLoss({ method: bosh3, step: 0.1, data: measured, regularize })
    const { field: trained } = await fit({
      field: start,
      loss,
      optimizer: adam({ rate: 0.02 }),
      steps: 120,
      seed: 0,
    })
    const slopes = measured.map((m) =>
      Math.hypot(
        ...interpret(jacobian(trained), 0, [
          Number((m.y as { get: (i: number, j: number) => number }).get(0, 0)),
          0,
        ]),
      ),
    )
    return { slope: Math.max(...slopes), trained }
  }
  const [plain, smooth] = [await train(), await train({ kinetic: 1e-3, jacobian: 3e-2, error: 10 })]
  assert.ok(smooth.slope < plain.slope, `${smooth.slope} against ${plain.slope}`)
  const accepted = (f: Field) =>
    solve(f, [1, 1], [0, 1], { method: bosh3, rtol: 1e-7, atol: 1e-7 }).stats.accepted
  assert.ok(accepted(smooth.trained) < accepted(plain.trained))
})

test('penalties that cannot be had are refused', () => {
  const bind =
    (regularize: Regularization, method: Method = dopri5) =>
    () =>
      trajectoryLoss({ method, step: 0.1, data, regularize }).bind(field)
  assert.throws(bind({ kinetic: -1 }), /kinetic that is not negative/)
  assert.throws(bind({ error: 1 }, rk4), /method with an error estimate/)
  assert.throws(bind({ stiffness: 1 }, rk4), /two stages at the end/)
})

test.run()
