import assert from 'node:assert/strict'
import { adam, fit, onOrthogonalGroup, regressionLoss } from '@separatrix/adjoint'
import { network, orthogonalNetwork, seededRandom } from '@separatrix/field/core'
import { test } from 'uvu'

const random = seededRandom(6)
const inputs = Array.from({ length: 30 }, () => [random.normal(), random.normal(), random.normal()])
const targets = inputs.map(([x, y, z]) => [Math.max(x, y) / 2, Math.abs(z) / 3])
const field = orthogonalNetwork({ widths: [3, 6, 4, 2], seed: 1 })
const plain = regressionLoss({ inputs, targets })
const loss = onOrthogonalGroup(plain)

test('the loss starts where the network does, and has the slope of a difference', () => {
  const bound = loss.bind(field)
  const gradient = new Float64Array(bound.theta.length)
  const unused = new Float64Array(field.theta.length)
  const before = plain.bind(field).evaluate(field.theta, random, unused)
  assert.ok(Math.abs(bound.evaluate(bound.theta, random, gradient) - before) < 1e-14)
  assert.deepEqual(bound.restore(bound.theta).field.theta.length, field.theta.length)
  const theta = bound.theta.map((v) => v + 0.3 * random.normal())
  const direction = theta.map(() => random.normal())
  bound.evaluate(theta, random, gradient)
  const slope = gradient.reduce((sum, v, i) => sum + v * direction[i], 0)
  const other = new Float64Array(theta.length)
  const at = (h: number) =>
    bound.evaluate(
      theta.map((v, i) => v + h * direction[i]),
      random,
      other,
    )
  // steps of 1e-5: 1e-10 of the third derivative, and rounding over the step
  assert.ok(Math.abs(slope - (at(1e-5) - at(-1e-5)) / 2e-5) < 1e-7 * (1 + Math.abs(slope)))
})

test('training lowers the loss and leaves every layer orthonormal', async () => {
  const { field: trained, losses } = await fit({
    field,
    loss,
    optimizer: adam({ rate: 0.02 }),
    steps: 150,
    seed: 0,
  })
  assert.ok(losses[150] < losses[0] / 4, `${losses[0]} to ${losses[150]}`)
  for (const { name, offset, shape } of trained.layout.filter((block) => block.shape.length === 2)) {
    const [rows, cols] = shape
    const at = (i: number, k: number) => trained.theta[offset + (rows <= cols ? i * cols + k : k * cols + i)]
    for (let i = 0; i < Math.min(rows, cols); i++)
      for (let j = 0; j < Math.min(rows, cols); j++) {
        let product = 0
        for (let k = 0; k < Math.max(rows, cols); k++) product += at(i, k) * at(j, k)
        // of the start and of the transform, both by a few roundings; nothing accumulates over steps
        assert.ok(Math.abs(product - Number(i === j)) < 1e-13, `${name}: ${product}`)
      }
  }
})

const refused: readonly [string, () => unknown, RegExp][] = [
  ['layers that are not orthonormal', () => loss.bind(network({ widths: [3, 6, 2], activation: 'relu', seed: 0 })), /orthonormal/],
  ['a block that is not there', () => onOrthogonalGroup(plain, { blocks: ['x'] }).bind(field), /matrices among/],
  ['a block that is no matrix', () => onOrthogonalGroup(plain, { blocks: ['orthogonalNetwork.bias1'] }).bind(field), /matrices among/],
] // biome-ignore format: one table
for (const [what, make, pattern] of refused)
  test(`${what} are refused with a reason and a remedy`, () => {
    assert.throws(make, pattern)
    assert.throws(make, /Try /)
  })

test.run()
