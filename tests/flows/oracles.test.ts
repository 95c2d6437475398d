import assert from 'node:assert/strict'
import { interpret, seededRandom, system } from '@separatrix/field'
import {
  bitsPerDimension,
  checkerboard,
  cnf,
  datasets,
  drawPoints,
  eightGaussians,
  evaluations,
  gaussianMixture,
  lossFloor,
  maximumMeanDiscrepancy,
  mixtureScore,
  mixtureVelocity,
  moons,
  negativeLogLikelihood,
  normalizedPathEnergy,
  pathEnergy,
  samplingFloor,
  standardNormal,
  trigonometric,
  wasserstein2,
} from '@separatrix/flows'
import { dopri5, rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const target = gaussianMixture({
  means: [
    [2, 0],
    [-1, 1.5],
    [0, -2],
  ],
  deviation: 0.5,
})
const places = [
  [0.3, -0.4],
  [1.9, 0.2],
  [-1, 1],
  [0.5, 3],
]

for (const path of ['straight', 'trigonometric'] as const)
  test(`the ${path} velocity to a mixture carries the normal to exactly that mixture`, () => {
    const flow = cnf({ field: mixtureVelocity({ target, path }), method: dopri5, rtol: 1e-9, atol: 1e-9 })
    flow.logProb(places).forEach((found, i) => {
      // local errors of 1e-9, stretched by the flow's inverse: S falls from 1 to .25, and log p has slope |x − c|/v
      assert.ok(Math.abs(found - target.logProb(places[i])) < 1e-6, `${found}`)
    })
  })

test('the score of the marginals: at t = 1 that of the mixture, and ∇ log p_t by the flow itself', () => {
  const score = mixtureScore({ target })
  const expected = new Float64Array(2)
  for (const x of places) {
    target.score(x, expected)
    interpret(score, 1, x).forEach((v, i) => {
      assert.ok(Math.abs(v - expected[i]) < 1e-12 * (1 + Math.abs(v)))
    })
  }
  // from a normal source along straight lines, u and the score are one: s = (t u − x)/(1 − t)
  const velocity = mixtureVelocity({ target })
  for (const x of places)
    for (const t of [0.2, 0.7]) {
      const [u, s] = [interpret(velocity, t, x), interpret(score, t, x)]
      u.forEach((v, i) => {
        assert.ok(Math.abs((t * v - x[i]) / (1 - t) - s[i]) < 1e-11 * (1 + Math.abs(s[i])))
      })
    }
})

test('the loss at the exact velocity is the floor: the closed form of one normal, the value of eight', () => {
  // to N(c, vI) in n dimensions: u = x₁ − x₀ given x has variance 1 + v − (t v − (1 − t))²/S, the mean over t by
  // the trapezoidal rule
  const v = 0.25
  const one = gaussianMixture({ means: [[1, 2]], deviation: Math.sqrt(v) })
  const steps = 2000
  let expected = 0
  for (let k = 0; k <= steps; k++) {
    const t = k / steps
    const S = (1 - t) ** 2 + t * t * v
    const share = k === 0 || k === steps ? 0.5 : 1
    expected += (share * 2 * (1 + v - (t * v - (1 - t)) ** 2 / S)) / steps
  }
  const options = { count: 20_000, seed: 1 }
  const found = lossFloor(mixtureVelocity({ target: one }), { target: one, coupling: 'independent' }, options)
  assert.ok(Math.abs(found.mean - expected) < 4 * found.standardError, `${found.mean} against ${expected}`)
  // measured elsewhere for torchcfm's eight normals: 4.93 a coordinate, of 10,000 steps with 256 pairs
  const eight = eightGaussians('torchcfm')
  const floor = lossFloor(
    mixtureVelocity({ target: eight }),
    { target: eight, coupling: 'independent' },
    options,
  )
  assert.ok(Math.abs(floor.mean / 2 - 4.93) < 4 * floor.standardError + 0.005, `${floor.mean}`)
})

test('W₂: exact on sorted points of the line, symmetric, and a shift adds its length', () => {
  const random = seededRandom(1)
  const x = Array.from({ length: 60 }, () => [random.normal()])
  const y = Array.from({ length: 60 }, () => [2 + random.normal()])
  const sorted = (rows: number[][]) => rows.map(([v]) => v).sort((a, b) => a - b)
  const [a, b] = [sorted(x), sorted(y)]
  const expected = Math.sqrt(a.reduce((sum, v, i) => sum + (v - b[i]) ** 2 / 60, 0))
  assert.ok(Math.abs(wasserstein2(x, y) - expected) < 1e-12)
  assert.ok(Math.abs(wasserstein2(y, x) - expected) < 1e-12)
  assert.ok(
    Math.abs(
      wasserstein2(
        x,
        x.map(([v]) => [v + 3]),
      ) - 3,
    ) < 1e-12,
  )
  assert.throws(() => wasserstein2(x, [[1]]), /two samples of one size/)
})

test('floors of W₂ at 256 points fall as samples grow, and that of moons is small', () => {
  const floor = (count: number) =>
    samplingFloor(wasserstein2, moons('torchcfm'), { count, repeats: 4, seed: 1 }).mean
  assert.ok(floor(256) < floor(64))
})

test('MMD: unbiased about 0 for one distribution, and the closed form of two normals', () => {
  const [one, other] = [0, 1.5].map((c) => gaussianMixture({ means: [[c]], deviation: 1 }))
  const bandwidth = 1
  const repeats = Array.from({ length: 20 }, (_, k) => {
    const x = drawPoints(one, { count: 200, seed: 3 * k })
    const again = drawPoints(one, { count: 200, seed: 3 * k + 1 })
    const y = drawPoints(other, { count: 200, seed: 3 * k + 2 })
    return [maximumMeanDiscrepancy(x, again, { bandwidth }), maximumMeanDiscrepancy(x, y, { bandwidth })]
  })
  const mean = (k: number) => repeats.reduce((sum, r) => sum + r[k] / 20, 0)
  const deviation = (k: number) => Math.sqrt(repeats.reduce((sum, r) => sum + (r[k] - mean(k)) ** 2 / 19, 0))
  // E k(x, y) of normals at distance d is h/√(h² + 2)·e^{−d²/2(h² + 2)}
  const kernel = (d: number) => Math.exp((-d * d) / 6) / Math.sqrt(3)
  const expected = [0, 2 * kernel(0) - 2 * kernel(1.5)]
  for (const k of [0, 1])
    assert.ok(Math.abs(mean(k) - expected[k]) < (4 * deviation(k)) / Math.sqrt(20), `${mean(k)}`)
})

test('bits per dimension: a uniform density on [0, 1]^D gives exactly 8 bits at 256 levels', () => {
  assert.equal(bitsPerDimension(0, { dimensions: 784, levels: 256 }), 8)
  assert.equal(bitsPerDimension(0, { dimensions: 3, levels: 32 }), 5)
  // twice the density everywhere is one bit less in all
  assert.ok(Math.abs(bitsPerDimension(Math.log(2), { dimensions: 1, levels: 256 }) - 7) < 1e-14)
})

test('path energy: a constant velocity c moves by it, and the normalised excess is 0', async () => {
  const shift = system({ state: ['x', 'y'], dynamics: { x: '3', y: '-4' } })
  const { mean, standardError } = await pathEnergy(shift, {
    source: standardNormal(2),
    count: 50,
    seed: 0,
    method: rk4,
    step: 0.1,
  })
  assert.ok(Math.abs(mean - 25) < 1e-12 && standardError < 1e-12)
  assert.ok(normalizedPathEnergy(mean, 5) < 1e-13)
})

test('the mean of −log p of a perfect flow is the entropy within its error; NFE counts evaluations', async () => {
  const eight = eightGaussians('ffjord')
  const flow = cnf({ field: mixtureVelocity({ target: eight }), method: dopri5, rtol: 1e-6, atol: 1e-6 })
  const x = drawPoints(eight, { count: 2000, seed: 1 })
  const { mean, standardError } = await negativeLogLikelihood(flow, x)
  assert.ok(Math.abs(mean - eight.entropy.value) < 4 * standardError)
  const fixed = cnf({ field: mixtureVelocity({ target: eight }), method: rk4, step: 0.1 })
  assert.deepEqual(
    evaluations(fixed, [
      [0, 1],
      [2, 3],
    ]),
    { mean: 40, standardError: 0, most: 40 },
  )
  assert.ok(datasets.checkerboard === checkerboard && trigonometric.alpha(0) === 1)
})

test.run()
