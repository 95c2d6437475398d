import assert from 'node:assert/strict'
import {
  adam,
  agd,
  classificationLoss,
  crossEntropy,
  datasetLoss,
  fit,
  regressionLoss,
  squaredError,
  valueAndGradient,
} from '@separatrix/adjoint'
import { Builder, type Field, interpret, makeField, network, seededRandom } from '@separatrix/field'
import { test } from 'uvu'

/** The identity of Rᵏ, as a classifier whose logits are its inputs. */
function identity(k: number): Field {
  const b = new Builder()
  return makeField(b, b.leaf('state', k), {
    name: 'identity',
    stateNames: Array.from({ length: k }, (_, i) => `z${i + 1}`),
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}

test('cross entropy equals its definition, and stays finite and exact for logits far apart', () => {
  const f = crossEntropy(identity(3))
  const z = [0.3, -1.2, 2]
  const sum = z.reduce((s, v) => s + Math.exp(v), 0)
  z.forEach((v, i) => {
    const row = [...z, ...[0, 1, 2].map((j) => (i === j ? 1 : 0))]
    // −log softmax, a handful of roundings
    assert.ok(Math.abs(interpret(f, 0, row)[0] + Math.log(Math.exp(v) / sum)) < 1e-15)
  })
  assert.equal(interpret(f, 0, [1000, 0, -1000, 0, 1, 0])[0], 1000)
  assert.equal(interpret(f, 0, [-1e4, -1e4, -1e4, 1, 0, 0])[0], Math.log(3))
  assert.equal(interpret(f, 0, [1e4, 0, 0, 1, 0, 0])[0], 0)
})

test('its gradient in the logits is softmax − y, equal logits included', () => {
  const net = network({ widths: [1, 3], activation: 'tanh', seed: 0 })
  for (const bias of [
    [0.3, -1.2, 2],
    [1, 1, 1],
    [500, 0, 500],
  ]) {
    const theta = [0, 0, 0, ...bias]
    const out = interpret(valueAndGradient(crossEntropy(net)), 0, [1, 0, 1, 0], theta)
    const top = Math.max(...bias)
    const sum = bias.reduce((s, v) => s + Math.exp(v - top), 0)
    bias.forEach((v, i) => {
      assert.ok(Math.abs(out[1 + 3 + i] - (Math.exp(v - top) / sum - (i === 1 ? 1 : 0))) < 1e-15)
    })
  }
})

test('the mean over a batch is that of the rows; three batches make the whole', () => {
  const field = network({ widths: [2, 4, 1], activation: 'tanh', seed: 2 })
  const random = seededRandom(1)
  const rows = Array.from({ length: 9 }, () => [random.normal(), random.normal(), random.normal()])
  const bound = datasetLoss({ rows, cost: squaredError, batch: 3 }).bind(field)
  const gradient = new Float64Array(field.theta.length)
  const whole = new Float64Array(1 + gradient.length)
  for (let step = 0; step < 3; step++) {
    whole[0] += bound.evaluate(field.theta, random, gradient, { step, seed: 4 }) / 3
    gradient.forEach((g, i) => {
      whole[1 + i] += g / 3
    })
  }
  const single = valueAndGradient(squaredError(field))
  const expected = rows
    .map((row) => interpret(single, 0, row))
    .reduce((a, b) => a.map((v, i) => v + b[i]))
    .map((v) => v / 9)
  // sums of nine numbers about 1 in another order
  whole.forEach((v, i) => {
    assert.ok(Math.abs(v - expected[i]) < 1e-14)
  })
})

test('two spirals’ worth of points are told apart; what was held out agrees', async () => {
  const random = seededRandom(3)
  const labels = Array.from({ length: 200 }, (_, i) => i % 2)
  // a disc of radius 1 inside a ring of radius 2 to 3
  const inputs = labels.map((label) => {
    const r = label === 0 ? random.uniform() : 2 + random.uniform()
    const a = 2 * Math.PI * random.uniform()
    return [r * Math.cos(a), r * Math.sin(a)]
  })
  const field = network({ widths: [2, 12, 2], activation: 'relu', seed: 0 })
  const loss = classificationLoss({ inputs, labels, batch: 20 })
  const { field: trained, validation } = await fit({
    field,
    loss,
    optimizer: adam({ rate: 0.02 }),
    steps: 400,
    seed: 0,
    validation: { fraction: 0.2, every: 20 },
  })
  const right = inputs.filter((x, i) => {
    const z = interpret(trained, 0, x)
    return Number(z[1] > z[0]) === labels[i]
  })
  // the classes are a distance of 1 apart: a network of twelve units separates them
  assert.equal(right.length, 200)
  assert.ok((validation?.best.loss as number) < 0.02)
})

test('automatic gradient descent needs no rate', async () => {
  const inputs = Array.from({ length: 30 }, (_, i) => [Math.cos(i), Math.sin(i)])
  const targets = inputs.map(([x, y]) => [x * y, x])
  const field = network({ widths: [2, 32, 32, 2], activation: 'scaledRelu', seed: 0, bias: false })
  const loss = regressionLoss({ inputs, targets })
  const { losses } = await fit({ field, loss, optimizer: agd(), steps: 200, seed: 0 })
  // its steps shrink with the gradient only, so it is asked for two digits
  assert.ok((losses.at(-1) as number) < 0.01 * losses[0], `${losses[0]} → ${losses.at(-1)}`)
})

test('vectors give the loss and gradient of plain code, single precision to its rounding', () => {
  const field = network({ widths: [3, 7, 4], activation: 'elu', seed: 2 })
  const random = seededRandom(1)
  const inputs = Array.from({ length: 11 }, () => [random.normal(), random.normal(), random.normal()])
  const labels = inputs.map((_, i) => i % 4)
  const loss = classificationLoss({ inputs, labels, batch: 6 })
  const at = (backend: 'js' | 'wasm', precision: 'double' | 'single') => {
    const bound = loss.bind(field, undefined, { backend, precision }, { fraction: 0.3, seed: 1 })
    const gradient = new Float64Array(field.theta.length)
    const value = bound.evaluate(field.theta, random, gradient, { step: 3, seed: 2 })
    return [value, bound.validate?.(field.theta) as number, ...gradient]
  }
  const plain = at('js', 'double')
  for (const [precision, tolerance] of [
    // sums of six terms about 1, with functions good to a few ulps
    ['double', 1e-14],
    ['single', 1e-5],
  ] as const)
    for (const [i, v] of at('wasm', precision).entries()) assert.ok(Math.abs(v - plain[i]) < tolerance)
})

test('data that makes no sense is refused', () => {
  const field = network({ widths: [2, 2], activation: 'tanh', seed: 0 })
  const bad: readonly (readonly [() => unknown, RegExp])[] = [
    [() => classificationLoss({ inputs: [[1, 2]], labels: [2] }).bind(field), /labels from 0 to 1, got 2/],
    [() => classificationLoss({ inputs: [[1, 2]], labels: [] }).bind(field), /1 labels/],
    [() => classificationLoss({ inputs: [[1]], labels: [0] }).bind(field), /4 finite numbers in row 0/],
    [() => regressionLoss({ inputs: [[1]], targets: [] }), /1 targets/],
    [() => datasetLoss({ rows: [], cost: squaredError }).bind(field), /rows of numbers/],
    [() => crossEntropy(network({ widths: [2, 1], activation: 'tanh', seed: 0 })), /one output per class/],
  ]
  for (const [make, pattern] of bad) assert.throws(make, pattern)
})

test.run()
