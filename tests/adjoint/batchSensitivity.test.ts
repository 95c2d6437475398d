import assert from 'node:assert/strict'
import {
  batchSensitivity,
  fit,
  lbfgs,
  type OutputLoss,
  prepareSensitivity,
  trajectoryLoss,
} from '@separatrix/adjoint'
import { Builder, type Field, makeField, network, seededRandom, system, withParams } from '@separatrix/field'
import { withTime } from '@separatrix/flows'
import { dop853, dopri5, euler, implicitMidpoint, type Method, rk4, solve, tsit5 } from '@separatrix/ode'
import type { NdArray } from 'ndarray'
import { test } from 'uvu'
import { lotkaVolterra } from './problems.js'

const spiral = network({ widths: [2, 50, 2], activation: 'tanh', seed: 2 })
const forced = system({
  name: 'forced',
  state: ['x', 'v'],
  params: { k: 2, a: 0.5 },
  dynamics: { x: 'v', v: '-k*sin(x) + a*cos(t)' },
})

/** A product of weights with one entry repeated, and a part of the state that stands still. */
const broadcast: Field = (() => {
  const b = new Builder()
  const weight = b.leaf('theta', 8)
  const x = b.gather(b.leaf('state', 2), [0])
  const mixed = b.matvec(weight, b.broadcast(b.unary('sin', x), 4), 2, 4)
  const straight = b.matvec(weight, b.broadcast(x, 4), 2, 4)
  return makeField(b, b.concat([b.sum(b.unary('tanh', b.add(mixed, straight))), b.constant(0)]), {
    name: 'broadcast',
    stateNames: ['x', 'a'],
    inputNames: [],
    theta: Float64Array.from({ length: 8 }, (_, i) => Math.sin(i)),
    layout: [{ name: 'weight', offset: 0, shape: [2, 4], kind: 'weight' }],
  })
})()
const still = system({ name: 'without parameters', state: ['x', 'v'], dynamics: { x: 'v', v: '-x' } })

const saveAt = [0, 0.25, 0.5, 1]
/** Cotangents that differ in every entry. */
const cotangent = (k: number, i: number, j: number) => Math.cos(1 + k + 3 * i + 7 * j)

const cases: readonly { readonly field: Field; readonly method: Method; readonly batch: number }[] = [
  { field: lotkaVolterra.field, method: rk4, batch: 5 },
  { field: forced, method: tsit5, batch: 3 },
  { field: forced, method: dop853, batch: 1 },
  { field: broadcast, method: rk4, batch: 9 },
  { field: still, method: tsit5, batch: 9 },
  { field: spiral, method: euler, batch: 37 },
  { field: spiral, method: dopri5, batch: 70 },
  {
    field: withTime(network({ widths: [3, 8, 8, 2], activation: 'swish', seed: 4 })),
    method: rk4,
    batch: 20,
  },
]

/**
 * Relative to the largest entry of a block. Double: the same arithmetic in another order and other elementary
 * functions, over some hundred stages. Single: rounding of 6e-8 in each of some hundred operations that follow one
 * another, of solutions that grow by at most ten.
 */
const tolerance = { double: 1e-12, single: 1e-4 } as const

for (const { field, method, batch } of cases)
  for (const precision of ['double', 'single'] as const)
    test(`${field.name}, ${method.name}, ${batch} trajectories, ${precision}: the discrete gradients of each`, () => {
      const random = seededRandom(1)
      const Y0 = Array.from({ length: batch }, () => [1 + 0.3 * random.normal(), 1 + 0.3 * random.normal()])
      const options = { method, step: 0.125, saveAt }
      const loss: OutputLoss = {
        value: (y) => weighted(y, batch),
        gradient(_y, dy) {
          for (let k = 0; k < saveAt.length; k++)
            for (let i = 0; i < batch; i++) for (let j = 0; j < 2; j++) dy.set(k, i, j, cotangent(k, i, j))
        },
      }
      const found = batchSensitivity(field, Y0, [0, 1], { ...options, precision, loss })
      const single = prepareSensitivity(field, method, 'discrete')
      const singles = Y0.map((y0, i) =>
        single(y0, [0, 1], {
          ...options,
          loss: {
            value: (y) =>
              saveAt.reduce(
                (sum, _, k) => sum + [0, 1].reduce((s, j) => s + cotangent(k, i, j) * y.get(k, j), 0),
                0,
              ),
            gradient(_y, dy) {
              for (let k = 0; k < saveAt.length; k++)
                for (let j = 0; j < 2; j++) dy.set(k, j, cotangent(k, i, j))
            },
          },
        }),
      )
      const total = field.theta.map((_, k) => singles.reduce((sum, { dtheta }) => sum + dtheta[k], 0))
      close([found.value], [singles.reduce((sum, { value }) => sum + value, 0)], tolerance[precision] * batch)
      close(
        found.dy0.data,
        singles.flatMap(({ dy0 }) => [...dy0]),
        tolerance[precision],
      )
      close(found.dtheta, total, tolerance[precision])
      assert.equal(found.status, 'success')
    })

function weighted(y: NdArray<Float64Array>, batch: number): number {
  let sum = 0
  for (let k = 0; k < saveAt.length; k++)
    for (let i = 0; i < batch; i++) for (let j = 0; j < 2; j++) sum += cotangent(k, i, j) * y.get(k, i, j)
  return sum
}

function close(found: ArrayLike<number>, expected: ArrayLike<number>, bound: number) {
  const size = Math.max(1, ...Array.from(expected, Math.abs))
  Array.from(found).forEach((v, k) => {
    assert.ok(Math.abs(v - expected[k]) <= bound * size, `${k}: ${v} for ${expected[k]}`)
  })
}

for (const field of [spiral, broadcast, forced])
  test(`${field.name}: without a tape the same gradient, to rounding`, () => {
    const Y0 = Array.from({ length: 40 }, (_, i) => [Math.sin(i), Math.cos(i)])
    const loss: OutputLoss = {
      value: (y) => y.get(0, 0, 0),
      gradient(_y, dy) {
        dy.data.forEach((_, i) => {
          dy.data[i] = Math.cos(i)
        })
      },
    }
    const options = { method: rk4, step: 0.125, loss }
    const [taped, again] = [undefined, 0].map((mostTapeBytes) =>
      batchSensitivity(field, Y0, [0, 1], { ...options, mostTapeBytes }),
    )
    // the same operations, whose loops may be fused otherwise but round alike
    close(again.dtheta, taped.dtheta, 1e-14)
    close(again.dy0.data, taped.dy0.data, 1e-14)
  })

test('trajectoryLoss on vectors: times of their own, different lengths, given starts', () => {
  const field = withParams(lotkaVolterra.field, { a: 1.3 })
  const measure = (y0: readonly number[], t: readonly number[]) => ({
    t,
    y: solve(lotkaVolterra.field, y0, [t[0], t[t.length - 1]], {
      method: dopri5,
      rtol: 1e-8,
      atol: 1e-8,
      saveAt: t,
    }).y,
  })
  const data = [
    measure([1, 1], [0, 0.25, 0.5, 2]),
    measure([2, 0.5], [0.5, 1]),
    { ...measure([1.5, 1.5], [1, 1.5, 3]), y0: [1.4, 1.6] },
  ]
  // every interval is a whole number of steps, so that both backends take the same ones, along paths as well
  const penalties = { kinetic: 0.02, jacobian: 0.03 }
  for (const options of [
    {},
    { batch: 2 },
    { regularize: penalties },
    { batch: 1, regularize: { jacobian: 0.1 } },
    { batch: 2, regularize: penalties },
  ]) {
    const loss = trajectoryLoss({ method: rk4, step: 0.05, weights: [1, 3], data, ...options })
    // epochs have one step of two of the three trajectories, or three of one: other samples and other noise at each
    const at = (bound: ReturnType<typeof loss.bind>) =>
      [0, 1, 4, 2].flatMap((step) => {
        const gradient = new Float64Array(4)
        const value = bound.evaluate(bound.theta, seededRandom(step), gradient, { step, seed: 3 })
        return [value, ...gradient]
      })
    const expected = at(loss.bind(field))
    for (const precision of ['double', 'single'] as const)
      close(at(loss.bind(field, undefined, { backend: 'wasm', precision })), expected, tolerance[precision])
  }
  const solver = trajectoryLoss({ method: dopri5, step: 0.05, data, regularize: { stiffness: 0.1 } })
  assert.throws(
    () => solver.bind(field, undefined, { backend: 'wasm', precision: 'double' }),
    /kinetic and jacobian only, got regularize: \{ stiffness: 0\.1 \}/,
  )
  const negative = trajectoryLoss({ method: rk4, step: 0.05, data, regularize: { kinetic: -1 } })
  assert.throws(
    () => negative.bind(field, undefined, { backend: 'wasm', precision: 'double' }),
    /a kinetic that is not negative/,
  )
})

test('a fit on vectors recovers parameters; one that blows up says so', async () => {
  const times = Array.from({ length: 11 }, (_, i) => 0.5 * i)
  const data = [
    [1, 1],
    [2, 0.5],
  ].map((y0) => ({
    t: times,
    y: solve(lotkaVolterra.field, y0, [0, 5], { method: rk4, step: 0.05, saveAt: times }).y,
  }))
  const common = { optimizer: lbfgs(), steps: 40, seed: 0, backend: 'wasm' as const }
  const field = withParams(lotkaVolterra.field, { a: 1.2, c: 2.5 })
  const { theta, backend } = await fit({
    ...common,
    field,
    loss: trajectoryLoss({ method: rk4, step: 0.05, data }),
  })
  assert.equal(backend, 'wasm')
  // the data are solutions of the same method, so that the least loss is rounding
  theta.forEach((v, i) => {
    assert.ok(Math.abs(v - lotkaVolterra.field.theta[i]) < 1e-6, `${v}`)
  })
  const explosive = system({ state: ['x'], params: { a: 1 }, dynamics: { x: 'a*x^2' } })
  const lost = await fit({
    ...common,
    field: explosive,
    loss: trajectoryLoss({ method: rk4, step: 0.05, data: { t: [0, 3], y: [[1], [2]] } }),
  })
  assert.equal(lost.status, 'non-finite')
  assert.match(lost.message, /trajectory 0 is no longer finite/)
})

test('misuse is refused with a remedy', async () => {
  const loss = { value: () => 0, gradient: () => {} }
  const run =
    (options: object, Y0: readonly (readonly number[])[] = [[1, 1]]) =>
    () =>
      batchSensitivity(spiral, Y0, [0, 1], { method: rk4, step: 0.1, loss, ...options })
  assert.throws(run({ method: implicitMidpoint }), /explicit Runge–Kutta/)
  assert.throws(run({ step: 0 }), /positive finite step/)
  assert.throws(run({ saveAt: [2] }), /times between 0 and 1/)
  assert.throws(run({}, [[1]]), /rows of 2 numbers/)
  assert.throws(run({ theta: [1] }), /parameters, as prepared/)
  const open = system({ state: ['x'], input: ['u'], dynamics: { x: 'u' } })
  assert.throws(
    () => batchSensitivity(open, [[1]], [0, 1], { method: rk4, step: 0.1, loss }),
    /without inputs/,
  )
  const adaptive = trajectoryLoss({
    method: dopri5,
    rtol: 1e-6,
    atol: 1e-6,
    data: {
      t: [0, 1],
      y: [
        [1, 1],
        [1, 1],
      ],
    },
  })
  await assert.rejects(
    fit({ field: spiral, loss: adaptive, optimizer: lbfgs(), steps: 1, seed: 0, backend: 'wasm' }),
    /equal steps/,
  )
})

test.run()
