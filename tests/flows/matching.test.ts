import assert from 'node:assert/strict'
import { adam, fit, lbfgs } from '@separatrix/adjoint'
import { interpret, network, seededRandom, system } from '@separatrix/field'
import {
  assignment,
  checkerboard,
  cnf,
  eightGaussians,
  flowMatching,
  likelihoodLoss,
  points,
  type Source,
  standardNormal,
  straight,
  trigonometric,
  withTime,
} from '@separatrix/flows'
import { dopri5, euler, rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const tight = { method: dopri5, rtol: 1e-10, atol: 1e-10 }

/** All orders of 0 … n − 1. */
function permutations(n: number): number[][] {
  if (n === 0) return [[]]
  return permutations(n - 1).flatMap((p) =>
    Array.from({ length: n }, (_, i) => [...p.slice(0, i), n - 1, ...p.slice(i)]),
  )
}

test('assignment: the least cost of all permutations', () => {
  const random = seededRandom(2)
  const total = (cost: Float64Array, n: number, columns: ArrayLike<number>) =>
    Array.from(columns).reduce((sum, j, i) => sum + cost[i * n + j], 0)
  for (let n = 1; n <= 6; n++)
    for (let trial = 0; trial < 20; trial++) {
      // whole numbers, so that ties and negative costs occur and sums are exact
      const cost = Float64Array.from({ length: n * n }, () => random.integer(9) - 3)
      const columns = assignment(cost, n)
      assert.deepEqual(
        [...columns].sort((a, b) => a - b),
        Array.from({ length: n }, (_, i) => i),
      )
      const least = Math.min(...permutations(n).map((p) => total(cost, n, p)))
      assert.equal(total(cost, n, columns), least)
    }
})

test('assignment on the line joins sorted samples', () => {
  const random = seededRandom(3)
  const n = 200
  const [x, y] = [0, 1].map(() => Float64Array.from({ length: n }, () => random.normal()))
  const columns = assignment(
    Float64Array.from({ length: n * n }, (_, k) => (x[Math.floor(k / n)] - y[k % n]) ** 2),
    n,
  )
  const order = (values: Float64Array) => Array.from(values.keys()).sort((a, b) => values[a] - values[b])
  const rank = new Int32Array(n)
  order(y).forEach((j, k) => {
    rank[j] = k
  })
  order(x).forEach((i, k) => {
    assert.equal(rank[columns[i]], k)
  })
  assert.throws(() => assignment(new Float64Array(3), 2), /2 × 2 matrix/)
})

// the exact velocity from N(0, 1) to N(c, v) along straight lines; `a` scales it, 1 being right
const [c, v] = [2, 0.36]
const oracle = system({
  name: 'oracle',
  state: ['x'],
  params: { a: 1, c, v },
  dynamics: { x: 'a*(c + (t*v - (1 - t))/((1 - t)^2 + t^2*v)*(x - t*c))' },
})
const normalAtC: Source = {
  draw(random, x) {
    x[0] = c + Math.sqrt(v) * random.normal()
  },
}

test('the exact velocity is the minimiser, and its flow has the target density', () => {
  const bound = flowMatching({ target: normalAtC, coupling: 'independent', batch: 20_000 }).bind(oracle)
  const gradient = new Float64Array(3)
  const at = (a: number) => {
    const value = bound.evaluate(Float64Array.of(a, c, v), seededRandom(4), gradient)
    return { value, slope: gradient[0] }
  }
  // 20,000 terms of deviation about 2·|f − u||f| ≈ 6: five standard errors are 0.2
  assert.ok(Math.abs(at(1).slope) < 0.2, `${at(1).slope}`)
  assert.ok(at(0.8).slope < -1 && at(1.2).slope > 1)
  assert.ok(at(1).value < at(0.8).value && at(1).value < at(1.2).value)
  const flow = cnf({ field: oracle, ...tight })
  for (const x of [1, 2, 2.9, 4]) {
    const expected = -((x - c) ** 2) / (2 * v) - 0.5 * Math.log(2 * Math.PI * v)
    // a solve at 1e-10 over one unit of time
    assert.ok(Math.abs(flow.logProb([[x]])[0] - expected) < 1e-8)
  }
})

test('the exact coupling makes paths straight: nothing is left to average, and one Euler step will do', async () => {
  const train = async (coupling: 'independent' | 'exact') => {
    const { field, losses } = await fit({
      field: withTime(network({ widths: [2, 16, 1], activation: 'tanh', seed: 1 })),
      loss: flowMatching({ target: normalAtC, coupling, batch: 64 }),
      optimizer: adam({ rate: (k) => 0.02 / (1 + k / 100) }),
      steps: 400,
      seed: 2,
    })
    const { data } = cnf({ field, method: euler, step: 1 }).sample(400, 3)
    const mean = data.reduce((s, x) => s + x, 0) / 400
    const variance = data.reduce((s, x) => s + (x - mean) ** 2, 0) / 400
    return { loss: losses.slice(-50).reduce((s, l) => s + l, 0) / 50, mean, variance }
  }
  const [independent, exact] = [await train('independent'), await train('exact')]
  assert.ok(exact.loss < 0.3 * independent.loss, `${exact.loss} against ${independent.loss}`)
  // monotone map z ↦ c + √v z: mean 2 and variance .36, each ± 5·(deviation of 400 samples) = .15, and the
  // training's error. The independent coupling's velocity at t = 0 is c − z: one step sends everything to the
  // mean
  assert.ok(Math.abs(exact.mean - c) < 0.2 && Math.abs(exact.variance - v) < 0.2, JSON.stringify(exact))
  assert.ok(independent.variance < 0.1, JSON.stringify(independent))
})

test('gradients of the objective against differences, with noise and on either path', () => {
  const field = network({ widths: [2, 5, 2], activation: 'tanh', seed: 6 })
  for (const path of [straight, trigonometric])
    for (const coupling of ['independent', 'exact'] as const) {
      const bound = flowMatching({ target: eightGaussians, coupling, path, sigma: 0.1, batch: 16 }).bind(
        field,
      )
      const gradient = new Float64Array(field.theta.length)
      const at = (theta: Float64Array) => bound.evaluate(theta, seededRandom(5), gradient)
      at(field.theta)
      const exact = gradient.slice()
      const scale = Math.max(...exact.map(Math.abs))
      exact.forEach((g, i) => {
        const value = (shift: number) => at(field.theta.map((w, k) => (k === i ? w + shift : w)))
        const slope = (h: number) => (value(h) - value(-h)) / (2 * h)
        // rounding 1e-16·20/1e-3, truncation 1e-12 after one extrapolation
        assert.ok(Math.abs((4 * slope(5e-4) - slope(1e-3)) / 3 - g) < 1e-9 * scale)
      })
    }
})

test('paths join their ends, and their velocities are derivatives', () => {
  for (const path of [straight, trigonometric]) {
    assert.ok(Math.abs(path.alpha(0) - 1) + Math.abs(path.beta(0)) < 1e-15)
    assert.ok(Math.abs(path.alpha(1)) + Math.abs(path.beta(1) - 1) < 1e-15)
    // central difference: truncation h²·|f‴|/6 < 1e-8, rounding 1e-12
    for (const [f, rate] of [
      [path.alpha, path.alphaRate],
      [path.beta, path.betaRate],
    ])
      assert.ok(Math.abs((f(0.3 + 1e-4) - f(0.3 - 1e-4)) / 2e-4 - rate(0.3)) < 1e-7)
  }
})

test('maximum likelihood: an affine flow finds mean and deviation of its data', async () => {
  const random = seededRandom(8)
  const data = Array.from({ length: 60 }, () => [1.5 + 0.4 * random.normal()])
  const mean = data.reduce((s, [x]) => s + x, 0) / 60
  const deviation = Math.sqrt(data.reduce((s, [x]) => s + (x - mean) ** 2, 0) / 60)
  const affine = system({ state: ['x'], params: { a: 0, b: 0 }, dynamics: { x: 'a*x + b' } })
  const { theta, losses } = await fit({
    field: affine,
    loss: likelihoodLoss({ data, method: rk4, step: 0.05 }),
    optimizer: lbfgs(),
    steps: 30,
    seed: 0,
  })
  // x(1) = e^a z + b(e^a − 1)/a is N(mean, deviation²) at the maximum; the Runge–Kutta step of .05 errs by
  // 1e-7
  const [a, b] = theta
  assert.ok(Math.abs(Math.exp(a) - deviation) < 1e-5)
  assert.ok(Math.abs((b * Math.expm1(a)) / a - mean) < 1e-5)
  const best = 0.5 + Math.log(deviation) + 0.5 * Math.log(2 * Math.PI)
  assert.ok(Math.abs((losses.at(-1) as number) - best) < 1e-6)
})

test('maximum likelihood: the loss is the mean of −logProb, its gradient that of differences', () => {
  const field = network({ widths: [2, 5, 2], activation: 'tanh', seed: 7 })
  const data = [
    [0.5, 1],
    [-1, 0.2],
    [2, -0.7],
  ]
  const solving = { method: rk4, step: 0.1 }
  const bound = likelihoodLoss({ data, ...solving }).bind(field)
  const gradient = new Float64Array(field.theta.length)
  const at = (theta: Float64Array) => bound.evaluate(theta, seededRandom(0), gradient)
  const value = at(field.theta)
  const mean = cnf({ field, ...solving })
    .logProb(data)
    .reduce((s, l) => s - l / 3, 0)
  assert.ok(Math.abs(value - mean) < 1e-13)
  const exact = gradient.slice()
  const scale = Math.max(...exact.map(Math.abs))
  exact.forEach((g, i) => {
    const slope = (h: number) =>
      (at(field.theta.map((w, k) => (k === i ? w + h : w))) -
        at(field.theta.map((w, k) => (k === i ? w - h : w)))) /
      (2 * h)
    assert.ok(Math.abs((4 * slope(5e-4) - slope(1e-3)) / 3 - g) < 1e-9 * scale)
  })
})

test('a network flow learns eight Gaussians a little by likelihood: nearer to their entropy than the normal', async () => {
  const random = seededRandom(9)
  const data = Array.from({ length: 256 }, () => {
    const x = new Float64Array(2)
    eightGaussians.draw(random, x)
    return x
  })
  const { losses } = await fit({
    field: network({ widths: [2, 16, 2], activation: 'tanh', seed: 1 }),
    loss: likelihoodLoss({ data, method: rk4, step: 0.25, batch: 32 }),
    optimizer: adam({ rate: 0.03 }),
    steps: 120,
    seed: 0,
  })
  const tail = losses.slice(-20).reduce((s, l) => s + l, 0) / 20
  // a normal of the data's variance (4 a side) has log 2πe + log 4 = 4.22; the floor is their entropy, 2.8327
  assert.ok(tail < 4.15 && tail > 2.8327, `${tail}`)
})

test('withTime: the last state of a network becomes the time', () => {
  const net = network({ widths: [3, 6, 2], activation: 'tanh', seed: 5 })
  assert.deepEqual(interpret(withTime(net), 0.7, [1, 2]), interpret(net, 0, [1, 2, 0.7]))
  assert.throws(() => withTime(network({ widths: [3, 6, 3], activation: 'tanh', seed: 5 })), /Rⁿ⁺¹ to Rⁿ/)
})

test('data sets are what they say', () => {
  const random = seededRandom(10)
  const x = new Float64Array(2)
  const count = 20_000
  const histogram = new Int32Array(64)
  let square = 0
  for (let k = 0; k < count; k++) {
    checkerboard.draw(random, x)
    assert.ok(Math.abs(x[0]) <= 4 && Math.abs(x[1]) <= 4)
    histogram[Math.floor((x[0] + 4) / 2) * 4 + Math.floor((x[1] + 4) / 2)]++
    eightGaussians.draw(random, x)
    square += (x[0] ** 2 + x[1] ** 2) / count
  }
  // eight squares, each an eighth ± five standard deviations √(count·7/64)
  const filled = histogram.filter((h) => h > 0)
  assert.equal(filled.length, 8)
  assert.ok(filled.every((h) => Math.abs(h - count / 8) < 5 * Math.sqrt((count * 7) / 64)))
  // 1.414²·E|x|² = 16 + 2·¼, of a deviation below 6
  assert.ok(Math.abs((1414 / 1000) ** 2 * square - 16.5) < (5 * 6) / Math.sqrt(count))
  const drawn = new Set<number>()
  for (let k = 0; k < 100; k++) {
    points([
      [1, 2],
      [3, 4],
    ]).draw(random, x)
    drawn.add(x[0])
  }
  assert.deepEqual([...drawn].sort(), [1, 3])
})

test('a base other than the normal, and misuse', () => {
  const shifted = { ...standardNormal(1), logProb: (z: ArrayLike<number>) => -Math.abs(z[0]) - Math.log(2) }
  const still = system({ state: ['x'], dynamics: { x: '0*x' } })
  assert.ok(
    Math.abs(cnf({ field: still, base: shifted, ...tight }).logProb([[3]])[0] + 3 + Math.log(2)) < 1e-12,
  )
  const field = network({ widths: [2, 3, 2], activation: 'tanh', seed: 0 })
  assert.throws(() => flowMatching({ target: eightGaussians, coupling: 'sorted' as 'exact' }), /coupling/)
  assert.throws(() => flowMatching({ target: eightGaussians, coupling: 'exact', sigma: -1 }), /σ ≥ 0/)
  const down = network({ widths: [2, 3, 1], activation: 'tanh', seed: 0 })
  assert.throws(() => flowMatching({ target: eightGaussians, coupling: 'exact' }).bind(down), /from Rⁿ to Rⁿ/)
  assert.throws(() => likelihoodLoss({ data: [[1]], ...tight }).bind(field), /points of 2/)
  assert.throws(() => likelihoodLoss({ data: [[1, 1]], batch: 0, ...tight }), /positive batch/)
  assert.throws(() => points([]), /at least one point/)
})

test.run()
