import assert from 'node:assert/strict'
import {
  type Activation,
  activate,
  Builder,
  compile,
  compileBatch,
  convexNetwork,
  convolutionalNetwork,
  enclose,
  type Field,
  fromJSON,
  interpret,
  jacobian,
  jvp,
  lipschitzNetwork,
  liquidCell,
  makeField,
  network,
  orthogonalFlow,
  orthogonalNetwork,
  orthogonalStart,
  piecewiseWeights,
  secondOrder,
  seededRandom,
  system,
  timeNetwork,
  toJSON,
  vjp,
  withTheta,
} from '@separatrix/field'
import { dopri5, euler, implicitMidpoint, solve } from '@separatrix/ode'
import { test } from 'uvu'

/** A field of one activation of a vector. */
function elementwise(activation: Activation, size: number): Field {
  const b = new Builder()
  const stateNames = Array.from({ length: size }, (_, i) => `x${i + 1}`)
  return makeField(b, activate(b, activation, b.leaf('state', size)), {
    name: activation,
    stateNames,
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}

/** Φ(x) by its Taylor series about 0, which converges for all x; 80 terms suffice up to |x| = 5. */
function normalDistribution(x: number): number {
  let [term, sum] = [x, x]
  for (let k = 1; k < 80; k++) {
    term *= -(x * x) / (2 * k)
    sum += term / (2 * k + 1)
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI)
}

const points = [-30, -5, -1.3, -1e-3, 0, 1e-3, 0.4, 2.5, 5, 30]

// value, and slope, by formulas that share nothing with the graphs
const reference: readonly [Activation, (x: number) => number, (x: number) => number][] = [
  ['tanh', Math.tanh, (x) => 1 / Math.cosh(x) ** 2],
  ['sigmoid', (x) => 1 / (1 + Math.exp(-x)), (x) => 1 / (2 + Math.exp(x) + Math.exp(-x))],
  ['softplus', (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), (x) => 1 / (1 + Math.exp(-x))],
  ['relu', (x) => Math.max(x, 0), (x) => (x > 0 ? 1 : 0)],
  ['scaledRelu', (x) => (x > 0 ? Math.SQRT2 * x : 0), (x) => (x > 0 ? Math.SQRT2 : 0)],
  ['sin', Math.sin, Math.cos],
  ['swish', (x) => x / (1 + Math.exp(-x)), (x) => (1 + Math.exp(-x) * (1 + x)) / (1 + Math.exp(-x)) ** 2],
  ['elu', (x) => (x > 0 ? x : Math.expm1(x)), (x) => (x > 0 ? 1 : Math.exp(x))],
]
for (const [activation, value, slope] of reference)
  test(`${activation}: value and slope equal its formula, far out and at 0`, () => {
    const f = elementwise(activation, points.length)
    const values = interpret(f, 0, points)
    const slopes = interpret(jvp(f), 0, [...points, ...points.map(() => 1)])
    points.forEach((x, i) => {
      // a few roundings of numbers up to 30
      assert.ok(Math.abs(values[i] - value(x)) < 1e-14, `${activation}(${x}) = ${values[i]}`)
      assert.ok(Math.abs(slopes[i] - slope(x)) < 1e-13, `${activation}'(${x}) = ${slopes[i]}`)
    })
  })

test('gelu is within 5e-4 of x·Φ(x)', () => {
  const xs = Array.from({ length: 101 }, (_, i) => -5 + 0.1 * i)
  const values = interpret(elementwise('gelu', xs.length), 0, xs)
  // the largest distance of the tanh form is 4.7e-4 (near |x| = 2.3)
  for (const [i, x] of xs.entries())
    assert.ok(Math.abs(values[i] - x * normalDistribution(x)) < 5e-4, `gelu(${x}) = ${values[i]}`)
})

const fields: readonly Field[] = [
  network({ widths: [2, 6, 5, 2], activation: 'elu', seed: 1 }),
  network({ widths: [2, 6, 2], activation: 'gelu', seed: 1 }),
  network({ widths: [2, 6, 2], activation: 'scaledRelu', seed: 1, bias: false }),
  timeNetwork({ widths: [2, 6, 5, 2], activation: 'tanh', seed: 2 }),
  timeNetwork({ widths: [2, 6, 2], activation: 'swish', seed: 2, layer: 'concat' }),
  timeNetwork({ widths: [2, 6, 2], activation: 'swish', seed: 2, layer: 'squash' }),
  piecewiseWeights(network({ widths: [2, 5, 2], activation: 'tanh', seed: 3 }), [0.5, 1.25]),
  secondOrder(network({ widths: [4, 5, 2], activation: 'sin', seed: 4 })),
  orthogonalFlow({ size: 3, activation: 'tanh', seed: 5 }),
  liquidCell({ units: 4, inputs: 0, seed: 6 }),
  convexNetwork({ widths: [3, 5, 4, 1], activation: 'softplus', seed: 9 }),
  lipschitzNetwork({ inputs: 3, outputs: 2, width: 4, depth: 3, seed: 10 }),
  orthogonalNetwork({ widths: [3, 6, 4, 2], seed: 11 }),
  convolutionalNetwork({ height: 4, width: 5, channels: [2, 3, 2], activation: 'softplus', seed: 7 }),
  convolutionalNetwork({ height: 5, width: 5, channels: [1, 3], activation: 'relu', seed: 8, strides: [2] }),
]
for (const f of fields)
  test(`${f.name} (${f.stateSize} → ${f.outputSize}): compiled, stored and differentiated alike`, () => {
    const random = seededRandom(9)
    const normals = (n: number) => Float64Array.from({ length: n }, () => random.normal())
    const theta = normals(f.theta.length).map((v) => 0.5 * v)
    const g = withTheta(f, theta)
    const again = fromJSON(JSON.parse(JSON.stringify(toJSON(g))))
    const run = compile(g)
    for (let trial = 0; trial < 4; trial++) {
      const [t, x, v, w] = [
        0.3 + 0.4 * trial,
        normals(f.stateSize),
        normals(f.stateSize),
        normals(f.outputSize),
      ]
      const value = interpret(g, t, x)
      const out = new Float64Array(f.outputSize)
      run(t, x, out, theta)
      // sums of up to fifty products of numbers about 1, in another order
      for (let i = 0; i < out.length; i++) assert.ok(Math.abs(out[i] - value[i]) < 1e-12)
      assert.deepEqual(interpret(again, t, x), value)
      // w·(J v) = (Jᵀ w)·v, and J v against a central difference with error h² f‴/6
      const tangent = interpret(jvp(g), t, [...x, ...v])
      const cotangent = interpret(vjp(g), t, [...x, ...w])
      assert.ok(Math.abs(dot(w, tangent) - dot(cotangent, v)) < 1e-11)
      const h = 1e-5
      const [up, down] = [1, -1].map((s) =>
        interpret(
          g,
          t,
          x.map((xi, i) => xi + s * h * v[i]),
        ),
      )
      for (let i = 0; i < out.length; i++)
        assert.ok(Math.abs((up[i] - down[i]) / (2 * h) - tangent[i]) < 1e-6)
    }
  })

for (const f of fields)
  test(`${f.name} (${f.stateSize} → ${f.outputSize}): on vectors and in intervals alike`, async () => {
    const random = seededRandom(3)
    const timed = f.nodes.some((node) => node.op === 'time')
    const [t, centre] = [0.7, Float64Array.from({ length: f.stateSize }, () => random.normal())]
    const batch = await compileBatch(f, { lanes: 'f64x2', capacity: 5 })
    const bound = enclose(f)
    const [lo, hi] = [new Float64Array(f.outputSize), new Float64Array(f.outputSize)]
    const edge = (sign: number) => [...centre.map((v) => v + sign * 0.01), ...(timed ? [t] : [])]
    bound(edge(-1), edge(1), lo, hi)
    const points = Array.from({ length: 5 }, () => centre.map((v) => v + 0.01 * (2 * random.uniform() - 1)))
    for (const [k, x] of points.entries())
      x.forEach((v, i) => {
        batch.x[i * batch.stride + k] = v
      })
    batch.evaluate(5, t)
    for (const [k, x] of points.entries())
      for (const [i, v] of interpret(f, t, x).entries()) {
        // sums of up to fifty products of numbers about 1, functions good to a few ulps
        assert.ok(Math.abs(batch.out[i * batch.stride + k] - v) < 1e-12)
        assert.ok(lo[i] <= v && v <= hi[i], `${v} outside of [${lo[i]}, ${hi[i]}]`)
      }
  })

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  return Array.from(x).reduce((sum, v, i) => sum + v * y[i], 0)
}

test('the toy model of FFJORD has its 9,224 weights', () => {
  assert.equal(
    timeNetwork({ widths: [2, 64, 64, 64, 2], activation: 'tanh', seed: 0 }).theta.length,
    // Σ over layers of in·out + out, gates 2·out, time out
    2 * 64 + 2 * 64 * 64 + 64 * 2 + 4 * (3 * 64 + 2),
  )
})

test('a concat layer is a linear layer of (x, t), a squash layer is gated by time', () => {
  const linear = timeNetwork({ widths: [2, 1], activation: 'tanh', seed: 0, layer: 'concat' })
  // weight, bias, time
  assert.deepEqual([...interpret(withTheta(linear, [2, -3, 5, 7]), 0.5, [1, 1])], [2 - 3 + 5 + 3.5])
  const squash = timeNetwork({ widths: [1, 1], activation: 'tanh', seed: 0 })
  // weight, bias, gate, gateBias, time
  const [value] = interpret(withTheta(squash, [2, 1, 4, -2, 3]), 0.5, [1])
  assert.ok(Math.abs(value - (3 * 0.5 + 1.5)) < 1e-15)
})

test('a residual network is Euler’s method on the field with weights that jump', () => {
  const layers = 4
  const layer = network({ widths: [3, 7, 3], activation: 'tanh', seed: 11 })
  const jumps = [0.25, 0.5, 0.75]
  const stacked = piecewiseWeights(layer, jumps)
  const random = seededRandom(12)
  const theta = stacked.theta.map(() => random.normal())
  let x = Float64Array.of(0.3, -1, 0.5)
  const { y } = solve(stacked, x, [0, 1], { method: euler, step: 1 / layers, saveAt: 'end', theta })
  for (let k = 0; k < layers; k++) {
    const own = stacked.layout.filter((b) => b.name.endsWith(`@${k}`))
    const piece = own.flatMap((b) => [
      ...theta.subarray(b.offset, b.offset + b.shape.reduce((a, n) => a * n, 1)),
    ])
    const residual = interpret(withTheta(layer, piece), 0, x)
    x = x.map((v, i) => v + residual[i] / layers)
  }
  // the same operations up to the order of sums
  for (let i = 0; i < 3; i++) assert.ok(Math.abs(y.get(0, i) - x[i]) < 1e-14)
})

test('weights that jump: parameters stay single, pieces start alike, the later piece holds at the jump', () => {
  const f = system({ state: ['x'], params: { a: 2 }, dynamics: { x: 'a*x' } })
  assert.equal(piecewiseWeights(f, [1]).theta.length, 1)
  const net = network({ widths: [1, 1], activation: 'tanh', seed: 0 })
  const g = piecewiseWeights(net, [1, 2])
  assert.deepEqual(
    g.layout.map((b) => b.name),
    [0, 1, 2].map((k) => `network.weight1@${k}`).concat([0, 1, 2].map((k) => `network.bias1@${k}`)),
  )
  const h = withTheta(g, [1, 10, 100, 0, 0, 0])
  assert.deepEqual(
    [0.5, 1, 1.5, 2, 9].map((t) => interpret(h, t, [1])[0]),
    [1, 10, 10, 100, 100],
  )
})

test('a second-order field moves positions by velocities', () => {
  const spring = secondOrder(system({ state: ['q'], dynamics: { q: '-4*q' } }))
  assert.deepEqual(spring.stateNames, ['q', "q'"])
  const { y } = solve(spring, [1, 0], [0, Math.PI], {
    method: dopri5,
    rtol: 1e-10,
    atol: 1e-12,
    saveAt: 'end',
  })
  // one period of q = cos 2t; the error of the solve is within 100 tolerances
  assert.ok(Math.abs(y.get(0, 0) - 1) < 1e-8 && Math.abs(y.get(0, 1)) < 1e-8)
})

test('weights that flow on the orthogonal group stay there', () => {
  const d = 3
  const f = orthogonalFlow({ size: d, activation: 'tanh', seed: 5 })
  const departure = (W: (i: number, j: number) => number) => {
    let worst = 0
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) {
        let product = i === j ? -1 : 0
        for (let k = 0; k < d; k++) product += W(i, k) * W(j, k)
        worst = Math.max(worst, Math.abs(product))
      }
    return worst
  }
  const start = orthogonalStart([1, -1, 0.5])
  const { y } = solve(f, start, [0, 5], { method: implicitMidpoint, step: 0.1, saveAt: 'end' })
  // quadratic invariants are kept up to the tolerance of Newton's iteration over 50 steps
  assert.ok(departure((i, j) => y.get(0, d + i * d + j)) < 1e-9)
  // and W has moved: it is not the identity that it began as
  assert.ok(Math.abs(y.get(0, d + 1)) > 0.05)
})

test('a liquid neuron stays between 0 and its reversal value, whatever the input', () => {
  const cell = liquidCell({ units: 3, inputs: 2, seed: 6 })
  assert.deepEqual([cell.stateSize, cell.inputSize], [3, 2])
  const { offset } = cell.layout.find((b) => b.name.endsWith('reversal')) as { offset: number }
  const random = seededRandom(1)
  for (let trial = 0; trial < 50; trial++) {
    const input = [10 * random.normal(), 10 * random.normal()]
    for (let i = 0; i < 3; i++) {
      const A = cell.theta[offset + i]
      const x = Array.from({ length: 3 }, () => random.normal())
      for (const [edge, sign] of [
        [Math.min(0, A), 1],
        [Math.max(0, A), -1],
      ]) {
        x[i] = edge
        assert.ok(sign * interpret(cell, 0, x, cell.theta, input)[i] >= 0)
      }
    }
  }
})

test('a convolution equals the sums of its definition', () => {
  const [height, width, from, to, kernel, stride] = [5, 4, 2, 3, 3, 2]
  const options = {
    height,
    width,
    channels: [from, to],
    activation: 'relu' as const,
    kernel,
    strides: [stride],
  }
  const f = convolutionalNetwork({ ...options, seed: 3 })
  const [h, w] = [Math.ceil(height / stride), Math.ceil(width / stride)]
  assert.equal(f.outputSize, to * h * w)
  const random = seededRandom(2)
  const x = Float64Array.from({ length: from * height * width }, () => random.normal())
  const theta = f.theta.map(() => random.normal())
  const value = interpret(withTheta(f, theta), 0, x)
  const bias = theta.subarray(from * kernel ** 2 * to)
  for (let o = 0; o < to; o++)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < w; j++) {
        let sum = bias[o]
        for (let c = 0; c < from; c++)
          for (let di = 0; di < kernel; di++)
            for (let dj = 0; dj < kernel; dj++) {
              const [r, s] = [i * stride + di - 1, j * stride + dj - 1]
              if (r < 0 || r >= height || s < 0 || s >= width) continue
              sum += theta[((o * from + c) * kernel + di) * kernel + dj] * x[(c * height + r) * width + s]
            }
        // eighteen products of numbers about 1
        assert.ok(Math.abs(value[(o * h + i) * w + j] - sum) < 1e-13)
      }
})

test('a convolutional field on images of 28 × 28 pixels is small as a graph and solves', () => {
  const f = convolutionalNetwork({ height: 28, width: 28, channels: [1, 4, 1], activation: 'tanh', seed: 0 })
  assert.equal(f.stateSize, 784)
  assert.ok(f.nodes.length < 400, `${f.nodes.length} nodes`)
  const image = Float64Array.from({ length: 784 }, (_, i) => Math.sin(i))
  const { status, y } = solve(f, image, [0, 1], { method: dopri5, rtol: 1e-4, atol: 1e-6, saveAt: 'end' })
  assert.equal(status, 'success')
  assert.ok(Number.isFinite(y.get(0, 400)))
})

test('a convex network lies below its chords, whatever its weights', () => {
  const random = seededRandom(4)
  for (const activation of ['softplus', 'relu', 'elu'] as const) {
    const f = convexNetwork({ widths: [3, 8, 6, 1], activation, seed: 1 })
    const point = () => Float64Array.from({ length: 3 }, () => 2 * random.normal())
    for (let trial = 0; trial < 100; trial++) {
      const theta = f.theta.map(() => 2 * random.normal())
      const [x, y, s] = [point(), point(), random.uniform()]
      const [below, atX, atY] = [x.map((v, i) => s * v + (1 - s) * y[i]), x, y].map(
        (z) => interpret(f, 0, z, theta)[0],
      )
      const chord = s * atX + (1 - s) * atY
      // values are up to a few hundred: a few of their roundings
      assert.ok(below <= chord + 1e-12 * (1 + Math.abs(atX) + Math.abs(atY)), `${below} above ${chord}`)
    }
  }
})

test('a Lipschitz network brings no two points apart, and its Jacobian is an isometry in full width', () => {
  const random = seededRandom(5)
  const f = lipschitzNetwork({ inputs: 4, outputs: 4, width: 4, depth: 3, seed: 2 })
  const point = () => Float64Array.from({ length: 4 }, () => 2 * random.normal())
  for (let trial = 0; trial < 100; trial++) {
    const theta = f.theta.map(() => 2 * random.normal())
    const [x, y, v] = [point(), point(), point()]
    const [fx, fy] = [x, y].map((z) => interpret(f, 0, z, theta))
    const distance = (a: Float64Array, b: Float64Array) => Math.hypot(...a.map((ai, i) => ai - b[i]))
    // twelve reflections, each exact to a few roundings
    assert.ok(distance(fx, fy) <= distance(x, y) * (1 + 1e-13))
    const tangent = interpret(jvp(f), 0, [...x, ...v], theta)
    assert.ok(Math.abs(Math.hypot(...tangent) / Math.hypot(...v) - 1) < 1e-13)
  }
})

const refused: readonly [string, () => unknown, RegExp][] = [
  ['an unknown layer', () => timeNetwork({ widths: [1, 1], activation: 'tanh', seed: 0, layer: 'toString' as 'concat' }), /expected a layer/],
  ['descending jumps', () => piecewiseWeights(network({ widths: [1, 1], activation: 'tanh', seed: 0 }), [2, 1]), /ascending/],
  ['no jumps', () => piecewiseWeights(network({ widths: [1, 1], activation: 'tanh', seed: 0 }), []), /ascending/],
  ['an acceleration of a wrong length', () => secondOrder(network({ widths: [3, 2], activation: 'tanh', seed: 0 })), /R²ᵏ/],
  ['a flow of no size', () => orthogonalFlow({ size: 0, activation: 'tanh', seed: 0 }), /positive size/],
  ['a cell without units', () => liquidCell({ units: 0, inputs: 1, seed: 0 }), /positive number of units/],
  ['an even kernel', () => convolutionalNetwork({ height: 4, width: 4, channels: [1, 1], activation: 'tanh', seed: 0, kernel: 2 }), /odd kernel/],
  ['too few strides', () => convolutionalNetwork({ height: 4, width: 4, channels: [1, 2, 1], activation: 'tanh', seed: 0, strides: [1] }), /2 positive strides/],
  ['an activation that is not convex', () => convexNetwork({ widths: [2, 4, 1], activation: 'tanh' as 'relu', seed: 0 }), /convex activation/],
  ['two outputs of a convex network', () => convexNetwork({ widths: [2, 4, 2], activation: 'relu', seed: 0 }), /one output/],
  ['an odd width', () => lipschitzNetwork({ inputs: 1, outputs: 1, width: 3, depth: 1, seed: 0 }), /even width/],
  ['more inputs than the width', () => lipschitzNetwork({ inputs: 5, outputs: 1, width: 4, depth: 1, seed: 0 }), /at most 4 inputs/],
  ['an unknown activation', () => liquidAsNetwork('toString'), /expected an activation/],
  ['a seed that is no integer', () => liquidCell({ units: 1, inputs: 0, seed: 0.5 }), /integer seed/],
] // biome-ignore format: one table
for (const [what, make, pattern] of refused)
  test(`${what} is refused with a reason and a remedy`, () => {
    assert.throws(make, pattern)
    assert.throws(make, /Try /)
  })

function liquidAsNetwork(activation: string): Field {
  return network({ widths: [1, 1], activation: activation as Activation, seed: 0 })
}

test('the Jacobian of an elu network at 0 without biases is the product of its weights', () => {
  const f = network({ widths: [2, 2, 2], activation: 'elu', seed: 3, bias: false })
  const [w1, w2] = [f.theta.subarray(0, 4), f.theta.subarray(4)]
  const J = interpret(jacobian(f), 0, [0, 0])
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 2; j++)
      assert.ok(Math.abs(J[2 * i + j] - (w2[2 * i] * w1[j] + w2[2 * i + 1] * w1[2 + j])) < 1e-15)
})

test.run()
