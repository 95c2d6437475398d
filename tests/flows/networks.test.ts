import assert from 'node:assert/strict'
import { adam, fit, trajectoryLoss } from '@separatrix/adjoint'
import {
  compose,
  divergence,
  expression,
  interpret,
  jacobian,
  lieDerivative,
  network,
  seededRandom,
  withTheta,
} from '@separatrix/field'
import {
  blurredFeatures,
  fourierFeatures,
  gradientFlowNetwork,
  hamiltonianField,
  hamiltonianNetwork,
  marginRadius,
  plugAndPlay,
  symplecticNetwork,
} from '@separatrix/flows'
import { dopri5, rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'

const random = seededRandom(1)
const place = (n: number) => Array.from({ length: n }, () => 2 * random.normal())

test('a Hamiltonian network keeps its energy and volume, for any weights', () => {
  const { field, energy } = hamiltonianNetwork({ widths: [4, 12, 1], activation: 'tanh', seed: 2 })
  for (let k = 0; k < 5; k++) {
    const x = place(4)
    assert.ok(Math.abs(interpret(lieDerivative(energy, field), 0, x)[0]) < 1e-14)
    assert.ok(Math.abs(interpret(divergence(field), 0, x)[0]) < 1e-13)
  }
  const pendulum = hamiltonianField(expression('p^2/2 - cos(q)', ['q', 'p']))
  assert.deepEqual([...interpret(pendulum, 0, [0.5, 2])], [2, -Math.sin(0.5)])
  assert.throws(() => hamiltonianField(expression('q^2', ['q'])), /as many momenta/)
})

test('a Hamiltonian network learns a pendulum from a trajectory', async () => {
  const pendulum = hamiltonianField(expression('p^2/2 - cos(q)', ['q', 'p']))
  const t = Array.from({ length: 13 }, (_, i) => 0.5 * i)
  const { y } = solve(pendulum, [1, 0], [0, 6], { method: dopri5, rtol: 1e-9, atol: 1e-9, saveAt: t })
  const rows = t.map((_, i) => [y.get(i, 0), y.get(i, 1)])
  const data = t.slice(1).map((end, i) => ({ t: [t[i], end], y: [rows[i], rows[i + 1]] }))
  const { losses, field } = await fit({
    field: hamiltonianNetwork({ widths: [2, 16, 1], activation: 'tanh', seed: 0 }).field,
    loss: trajectoryLoss({ data, method: rk4, step: 0.25 }),
    optimizer: adam({ rate: 0.02 }),
    steps: 300,
    seed: 0,
    backend: 'wasm',
  })
  assert.ok((losses.at(-1) as number) < 1e-3 * losses[0], `${losses[0]} to ${losses.at(-1)}`)
  const last = solve(field, [1, 0], [0, 6], { method: dopri5, rtol: 1e-8, atol: 1e-8, saveAt: 'end' }).y.data
  // twelve intervals, each off by the root of the loss, 1e-2 or so
  assert.ok(Math.hypot(last[0] - rows[12][0], last[1] - rows[12][1]) < 0.3)
})

test('a SympNet is symplectic at any weights: JᵀΩJ = Ω', () => {
  const d = 2
  const net = symplecticNetwork({ dimension: d, width: 5, layers: 4, step: 0.3, seed: 3 })
  const wild = withTheta(
    net,
    Float64Array.from(net.theta, () => random.normal()),
  )
  const J = interpret(jacobian(wild), 0, place(2 * d))
  const n = 2 * d
  const omega = (i: number, j: number) => (j === i + d ? 1 : i === j + d ? -1 : 0)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let value = 0
      for (let k = 0; k < n; k++)
        for (let l = 0; l < n; l++) value += J[k * n + i] * omega(k, l) * J[l * n + j]
      // entries of J up to 10, sums of sixteen products
      assert.ok(Math.abs(value - omega(i, j)) < 1e-12)
    }
})

/** The spectral norm of a square matrix by 500 power iterations on JᵀJ, from below. */
function norm(J: Float64Array, n: number): number {
  let v = Array.from({ length: n }, (_, i) => 1 + i / 7)
  let length = 0
  for (let k = 0; k < 500; k++) {
    const w = v.map((_, i) => v.reduce((s, x, j) => s + J[i * n + j] * x, 0))
    const u = v.map((_, j) => w.reduce((s, x, i) => s + J[i * n + j] * x, 0))
    length = Math.hypot(...u)
    v = u.map((x) => x / length)
  }
  return Math.sqrt(length)
}

test('a gradient-flow network does not expand, at any weights and with the longest step', () => {
  const n = 3
  const net = gradientFlowNetwork({ dimension: n, width: 7, layers: 3, seed: 4 })
  let largest = 0
  for (let trial = 0; trial < 40; trial++) {
    const f = withTheta(
      net,
      Float64Array.from(net.theta, () => 3 * random.normal()),
    )
    largest = Math.max(largest, norm(interpret(jacobian(f), 0, place(n)), n))
    const [x, y] = [place(n), place(n)]
    const [fx, fy] = [interpret(f, 0, x), interpret(f, 0, y)]
    const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Math.hypot(...Array.from(a, (v, i) => v - b[i]))
    assert.ok(distance(fx, fy) <= distance(x, y) * (1 + 1e-14))
  }
  assert.ok(largest <= 1 + 1e-12, `${largest}`)
  assert.throws(
    () => gradientFlowNetwork({ dimension: n, width: 7, layers: 1, seed: 0, step: 2.2 }),
    /step in \[0, 2\]/,
  )
})

test('a step of 2.2/|W|² does expand: what the bound is for', () => {
  // one unit, W = (2): x − 2.2/4·2·relu(2x) = x − 2.2x, of slope −1.2
  const slope = 1 - (2.2 / 4) * 2 * 2
  assert.ok(Math.abs(slope) > 1)
  // the network at 2/β with the same W has slope −1 at most
  const net = gradientFlowNetwork({ dimension: 1, width: 1, layers: 1, seed: 0 })
  const f = withTheta(net, Float64Array.of(2, 0))
  assert.ok(Math.abs(interpret(jacobian(f), 0, [1])[0]) <= 1)
})

test('certified radius: no move within it changes the decision of a linear classifier', () => {
  // rows of unit norm have |w_i − w_j| ≤ √2 when orthogonal: the bound is attained
  const classify = (x: readonly number[]) => [x[0], x[1]]
  const x = [1.2, 0.3]
  const radius = marginRadius(classify(x), 1)
  assert.ok(Math.abs(radius - 0.9 / Math.SQRT2) < 1e-15)
  const to = (r: number) => classify([x[0] - r / Math.SQRT2, x[1] + r / Math.SQRT2])
  assert.ok(to(0.999 * radius)[0] > to(0.999 * radius)[1] && to(1.001 * radius)[0] < to(1.001 * radius)[1])
})

test('plug-and-play with soft thresholding solves a LASSO whose solution is known', () => {
  const B = [
    [1, 2, 0],
    [0, 1, 1],
    [1, 0, 1],
    [2, 1, 1],
  ]
  const data = [1, 0, 2, 1]
  const step = 0.08
  const { x, status, residuals } = plugAndPlay({
    gradient(at, out) {
      const r = B.map((row, i) => row.reduce((s, v, j) => s + v * at[j], 0) - data[i])
      for (let j = 0; j < 3; j++) out[j] = B.reduce((s, row, i) => s + row[j] * r[i], 0)
    },
    denoiser(at, out) {
      const least = 0.5 * step
      for (let j = 0; j < 3; j++) out[j] = Math.sign(at[j]) * Math.max(Math.abs(at[j]) - least, 0)
    },
    step,
    start: [0, 0, 0],
    maxIterations: 5000,
    tolerance: 1e-14,
  })
  assert.equal(status, 'success')
  // the contraction of a step is above 1 − τμ ≈ .9: the error is ten residuals at most
  const solution = [2 / 3, 0, 1 / 6]
  x.forEach((v, i) => {
    assert.ok(Math.abs(v - solution[i]) < 1e-12, `${v}`)
  })
  assert.ok(residuals.every((r, k) => k === 0 || r <= residuals[k - 1] * (1 + 1e-12)))
})

test('plug-and-play says when it diverges or has not arrived', () => {
  const options = {
    gradient: (x: Float64Array, out: Float64Array) => out.set(x),
    denoiser: (x: Float64Array, out: Float64Array) => out.set(x),
    start: [1],
    tolerance: 1e-12,
  }
  assert.equal(plugAndPlay({ ...options, step: 5, maxIterations: 2000 }).status, 'non-finite')
  assert.equal(plugAndPlay({ ...options, step: 0.1, maxIterations: 3 }).status, 'max-iterations')
})

test('Fourier features: z itself, then sines and cosines of fixed frequencies', () => {
  const features = fourierFeatures({ size: 2, count: 3, scale: [1, 5], seed: 1 })
  const z = [0.3, -0.8]
  const out = interpret(features, 0, z)
  assert.deepEqual([...out.slice(0, 2)], z)
  for (let k = 0; k < 3; k++) {
    const angle = features.theta[2 * k] * z[0] + features.theta[2 * k + 1] * z[1]
    assert.ok(
      Math.abs(out[2 + k] - Math.sin(angle)) < 1e-15 && Math.abs(out[5 + k] - Math.cos(angle)) < 1e-15,
    )
  }
  const whole = compose(network({ widths: [8, 4, 2], activation: 'tanh', seed: 0 }), features)
  assert.equal(whole.outputSize, 2)
  assert.throws(() => fourierFeatures({ size: 2, count: 3, scale: [1], seed: 0 }), /a scale for each entry/)
})

test('blurred features are the mean of waves under the blur of the path, and waves themselves at its end', () => {
  const blur = 0.8
  const features = blurredFeatures({ size: 2, count: 3, scale: [1, 4], blur, times: 2, seed: 1 })
  const x = [0.3, -0.8]
  const frequency = (k: number) => features.theta.subarray(2 * k, 2 * k + 2)
  // the trapezoidal rule at steps of ¼ is off by e^{−(8π − ω)²/2}, below rounding for ω < 4π, and ε > 10 is left out
  const nodes = Array.from({ length: 81 }, (_, j) => (j - 40) / 4)
  const total = nodes.reduce((sum, e) => sum + Math.exp((-e * e) / 2), 0)
  for (const t of [0, 0.7, 1]) {
    const out = interpret(features, 0, [...x, t])
    assert.deepEqual([...out.slice(0, 3)], [...x, t])
    for (const j of [0, 1]) assert.ok(Math.abs(out[3 + j] - Math.exp(-(2 ** j) * (1 - t))) < 1e-15)
    for (let k = 0; k < 3; k++) {
      const b = frequency(k)
      const length = Math.hypot(b[0], b[1])
      const mean = (wave: (angle: number) => number) =>
        nodes.reduce((sum, e) => {
          const angle = b[0] * x[0] + b[1] * x[1] + length * blur * (1 - t) * e
          return sum + (Math.exp((-e * e) / 2) / total) * wave(angle)
        }, 0)
      assert.ok(length * blur < 4 * Math.PI)
      assert.ok(Math.abs(out[5 + k] - mean(Math.sin)) < 1e-13)
      assert.ok(Math.abs(out[8 + k] - mean(Math.cos)) < 1e-13)
    }
  }
  assert.throws(() => blurredFeatures({ size: 2, count: 3, scale: [0, 1], seed: 0 }), /two positive scales/)
})

test.run()
