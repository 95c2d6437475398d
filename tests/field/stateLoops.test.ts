import {
  Builder,
  compileStateLoops,
  type Field,
  gradient,
  interpret,
  jacobian,
  makeField,
  makeLayout,
  network,
  planStateLoops,
  system,
  vectorize,
  vjp,
} from '@separatrix/field'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { closedFields, samplePoint } from './fields.js'

const test = suite('loops along the state')

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Equations written one by one: the rate of x_i as text. */
function written(n: number, rate: (i: number, x: (k: number) => string) => string, params = {}): Field {
  const state = range(n).map((i) => `x${i}`)
  const dynamics = Object.fromEntries(
    state.map((name, i) => [name, rate(i, (k) => `x${(((i + k) % n) + n) % n}`)]),
  )
  return system({ name: `written${n}`, state, params, dynamics })
}

const coefficients = Object.fromEntries(range(40).map((i) => [`a${i}`, Math.cos(i)]))

/** Sizes are odd or even, and below and above whole tiles; every way to read an array occurs. */
const large: Readonly<Record<string, Field>> = {
  ring: written(37, (_i, x) => `(${x(1)} - ${x(-2)})*${x(-1)} - ${x(0)} + 8`),
  'two ends': written(50, (i, x) =>
    i === 0 ? `${x(1)} - ${x(0)}` : i === 49 ? `2*${x(-1)} - ${x(0)}` : `${x(-1)} - 2*${x(0)} + ${x(1)}`,
  ),
  'constants of their own': written(23, (i, x) => `${1 + 0.1 * i}*${x(0)} - ${x(1)}^3/${i + 2}`),
  'parameters of their own': written(40, (i, x) => `a${i}*sin(${x(0)}) + a3*${x(-1)}*t`, coefficients),
  'two species by turns': written(44, (i, x) =>
    i % 2 === 0
      ? `1 + ${x(0)}^2*${x(1)} - 4*${x(0)} + .02*(${x(-2)} - 2*${x(0)} + ${x(2)})`
      : `3*${x(-1)} - ${x(-1)}^2*${x(0)} + .02*(${x(-2)} - 2*${x(0)} + ${x(2)})`,
  ),
  'no order': written(30, (i, x) => `${x(7 * i)} - ${x(11 * i + 3)} + exp(-${x(i * i)})`),
  'shared among neighbours': written(21, (_i, x) => `exp(${x(0)} - ${x(1)}) - exp(${x(-1)} - ${x(0)})`),
  'a common mean': meanField(33),
  network: network({ widths: [10, 33, 17, 10], activation: 'tanh', seed: 4 }),
  'gradient of a network': gradient(network({ widths: [9, 21, 1], activation: 'softplus', seed: 5 })),
}

function meanField(n: number): Field {
  const b = new Builder()
  const x = b.leaf('state', n)
  const theta = b.leaf('theta', n)
  const mean = b.mul(b.constant(1 / n), b.sum(b.unary('sin', x)))
  const pull = b.sub(b.broadcast(mean, n), b.unary('sin', x))
  const reversed = b.gather(x, range(n).reverse())
  const work = b.dot(theta, b.mul(x, reversed))
  const spread = b.scatter(b.gather(pull, [0, 3, 3]), [5, 2, 5], n)
  const out = b.add(b.add(b.mul(theta, pull), spread), b.broadcast(work, n))
  return makeField(b, out, {
    name: 'mean',
    stateNames: range(n).map((i) => `x${i}`),
    inputNames: [],
    theta: Float64Array.from({ length: n }, (_, i) => Math.sin(i + 1)),
    layout: [{ name: 'weights', offset: 0, shape: [n], kind: 'parameter' }],
  })
}

/**
 * Sums of some hundred terms in another order, and elementary functions of at most 4 ulp: some hundred roundings
 * of 1e-16 each, of the largest number in between, which in these fields is some ten times the result.
 */
const tolerance = 2e-13

function agree(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const size = 1 + Math.max(...Array.from(expected, Math.abs))
  for (let i = 0; i < expected.length; i++)
    assert.ok(
      Math.abs((actual[i] as number) - (expected[i] as number)) <= tolerance * size,
      `${what}, ${i}: ${actual[i]} against ${expected[i]}`,
    )
}

const derived = (f: Field) => [f, jacobian(f), vjp(f, { wrt: ['state', 'theta'] })]

for (const field of [...closedFields, ...Object.values(large)].flatMap(derived))
  test(`${field.name} (${field.stateSize} → ${field.outputSize}) agrees with the interpreter`, () => {
    const f = compileStateLoops(field)
    for (let k = 0; k < 2; k++) {
      const x = samplePoint(field.stateSize, k)
      const out = new Float64Array(field.outputSize)
      f(0.2, x, out)
      agree(out, interpret(field, 0.2, x), 'loops')
    }
  })

for (const [name, field] of Object.entries(large))
  test(`${name}: vectors mean what the equations mean`, () => {
    const x = samplePoint(field.stateSize, 1)
    agree(interpret(vectorize(field), 0.2, x), interpret(field, 0.2, x), 'vectors')
  })

/** Pieces that the output falls into. */
const pieces = (name: string) =>
  planStateLoops(large[name] as Field, makeLayout()).output.map((p) => [p.first, p.end])

test('equations of one shape become one loop', () => {
  assert.equal(pieces('two ends'), [
    [0, 1],
    [1, 49],
    [49, 50],
  ])
  // around the ring: x₋₁ of the first, x₋₂ of the first two, and x₁ of the last lie at the other end
  assert.equal(pieces('ring'), [
    [0, 1],
    [1, 2],
    [2, 36],
    [36, 37],
  ])
  assert.equal(pieces('constants of their own').length, 3)
})

test('what several neighbours need is computed once', () => {
  const { tasks } = planStateLoops(large['shared among neighbours'] as Field, makeLayout())
  assert.is(tasks.filter((t) => t.kind === 'store').length, 1)
})

test('a thousand equations of one shape are a handful of vectors', () => {
  const field = written(1000, (_i, x) => `${x(-1)} - 2*${x(0)} + ${x(1)}`)
  assert.ok(vectorize(field).nodes.length < 12, `${vectorize(field).nodes.length}`)
})

test('NaN and parameters pass through', () => {
  const field = large['parameters of their own'] as Field
  const f = compileStateLoops(field)
  const [x, out] = [new Float64Array(40).fill(0.5), new Float64Array(40)]
  x[7] = Number.NaN
  const theta = Float64Array.from(field.theta, (v) => 2 * v)
  f(1, x, out, theta)
  assert.equal(
    range(40).filter((i) => Number.isNaN(out[i])),
    [7, 8],
  )
  agree(out.subarray(9), interpret(field, 1, x, theta).subarray(9), 'parameters')
})

test.run()
