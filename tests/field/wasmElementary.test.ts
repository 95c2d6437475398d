import assert from 'node:assert/strict'
import {
  type Binary,
  Builder,
  compileBatch,
  decompose,
  type Field,
  interpret,
  makeField,
  seededRandom,
  type Unary,
  ulps,
} from '@separatrix/field'
import { test } from 'uvu'
import { type Big, bigInterpret, toBig } from '../support/bigInterpret.js'

const header = (n: number) => ({
  name: 'one operation',
  stateNames: Array.from({ length: n }, (_, i) => `x${i}`),
  inputNames: [],
  theta: new Float64Array(0),
  layout: [],
})

function unaryField(op: Unary): Field {
  const b = new Builder()
  return makeField(b, b.unary(op, b.leaf('state', 1)), { ...header(1), name: op })
}

function binaryField(op: Binary): Field {
  const b = new Builder()
  const x = b.leaf('state', 2)
  return makeField(b, b.binary(op, b.gather(x, [0]), b.gather(x, [1])), { ...header(2), name: op })
}

type Lanes = 'f64x2' | 'f32x4'
const lanesList: readonly Lanes[] = ['f64x2', 'f32x4']

/** Distance of neighbouring numbers at v in the format of the lanes; subnormals have that of the smallest. */
function ulp(v: number, lanes: Lanes): number {
  const [bits, least] = lanes === 'f64x2' ? [52, -1074] : [23, -149]
  if (v === 0) return 2 ** least
  return 2 ** Math.max(Math.floor(Math.log2(Math.abs(v))) - bits, least)
}

async function evaluate(field: Field, points: readonly (readonly number[])[], lanes: Lanes) {
  const f = await compileBatch(field, { lanes, capacity: points.length })
  points.forEach((p, i) => {
    p.forEach((v, k) => {
      f.x[k * f.stride + i] = v
    })
  })
  f.evaluate(points.length, 0)
  return Array.from(f.out.subarray(0, points.length))
}

/** Intervals to draw arguments from: [lo, hi, whether by magnitude]. */
type Range = readonly [number, number, 'even' | 'magnitude']

const ranges: Readonly<Record<string, { readonly [L in Lanes]: readonly Range[] }>> = {
  exp: { f64x2: [[-708, 709, 'even'], [-1, 1, 'even'], [1e-20, 1, 'magnitude']], f32x4: [[-87, 88, 'even'], [-1, 1, 'even']] },
  log: { f64x2: [[1e-300, 1e300, 'magnitude'], [0.5, 2, 'even']], f32x4: [[1e-37, 1e37, 'magnitude'], [0.5, 2, 'even']] },
  sin: { f64x2: [[-10, 10, 'even'], [-2e6, 2e6, 'even'], [1e-20, 1e10, 'magnitude']], f32x4: [[-10, 10, 'even'], [-2e4, 2e4, 'even'], [1e-10, 1e6, 'magnitude']] },
  cos: { f64x2: [[-10, 10, 'even'], [-2e6, 2e6, 'even']], f32x4: [[-10, 10, 'even'], [-2e4, 2e4, 'even']] },
  tan: { f64x2: [[-10, 10, 'even'], [-1e5, 1e5, 'even']], f32x4: [[-10, 10, 'even'], [-1e4, 1e4, 'even']] },
  atan: { f64x2: [[-3, 3, 'even'], [1e-20, 1e20, 'magnitude']], f32x4: [[-3, 3, 'even'], [1e-10, 1e10, 'magnitude']] },
  sinh: { f64x2: [[-3, 3, 'even'], [-709, 709, 'even'], [1e-20, 1, 'magnitude']], f32x4: [[-3, 3, 'even'], [-88, 88, 'even']] },
  cosh: { f64x2: [[-3, 3, 'even'], [-709, 709, 'even']], f32x4: [[-3, 3, 'even'], [-88, 88, 'even']] },
  tanh: { f64x2: [[-3, 3, 'even'], [-30, 30, 'even'], [1e-20, 1, 'magnitude']], f32x4: [[-3, 3, 'even'], [-15, 15, 'even'], [1e-10, 1, 'magnitude']] },
  sigmoid: { f64x2: [[-5, 5, 'even'], [-700, 700, 'even']], f32x4: [[-5, 5, 'even'], [-86, 80, 'even']] },
  softplus: { f64x2: [[-5, 5, 'even'], [-60, 700, 'even']], f32x4: [[-5, 5, 'even'], [-60, 80, 'even']] },
} // biome-ignore format: one table

/** The double itself; `toBig(number)` would take the decimal that it prints as. */
function exactBig(v: number): Big {
  const { significand, exponent } = decompose(Math.abs(v))
  const magnitude = toBig(String(significand)).times(toBig(2).pow(exponent))
  return v < 0 ? magnitude.neg() : magnitude
}

const random = seededRandom(29)
const round = (v: number, lanes: Lanes) => (lanes === 'f64x2' ? v : Math.fround(v))

function draw([lo, hi, how]: Range, lanes: Lanes): number {
  const u = random.uniform()
  return round(
    how === 'even' ? lo + (hi - lo) * u : Math.exp(Math.log(lo) * (1 - u) + Math.log(hi) * u),
    lanes,
  )
}

/** Largest error in ulp against 60 digits; results that are the same number count as none. */
function worst(
  field: Field,
  points: readonly (readonly number[])[],
  values: readonly number[],
  lanes: Lanes,
) {
  const reference = bigInterpret(field)
  let most = { error: 0, at: points[0] }
  points.forEach((p, i) => {
    const exact = reference(toBig(0), p.map(exactBig))[0] as Big
    const value = values[i] as number
    assert.ok(Number.isFinite(value), `${field.name}(${p}) = ${value}`)
    const error = Math.abs(exactBig(value).minus(exact).toNumber()) / ulp(exact.toNumber(), lanes)
    if (error > most.error) most = { error, at: p }
  })
  return most
}

for (const [name, byLanes] of Object.entries(ranges)) {
  for (const lanes of lanesList) {
    test(`${name} on ${lanes} holds its stated error`, async () => {
      const points = byLanes[lanes].flatMap((range) =>
        Array.from({ length: 150 }, () => [draw(range, lanes)]),
      )
      const field = unaryField(name as Unary)
      const { error, at } = worst(field, points, await evaluate(field, points, lanes), lanes)
      const stated = (ulps[lanes] as Readonly<Record<string, number>>)[name] as number
      assert.ok(error <= stated, `${error} ulp at ${at}, ${stated} stated`)
    })
  }
}

test('tanh on f32x4 at every 997th number up to where it ends: odd, at most 1', async () => {
  const field = unaryField('tanh')
  const bits = new Int32Array(1)
  const single = new Float32Array(bits.buffer)
  const points: number[] = []
  // from 2⁻¹², below which x² is lost in 1 + c·x², to 16
  for (bits[0] = 0x39800000; (single[0] as number) < 16; bits[0] += 997) points.push(single[0] as number)
  const values = await evaluate(
    field,
    points.flatMap((x) => [[x], [-x]]),
    'f32x4',
  )
  let worstError = 0
  points.forEach((x, i) => {
    const [y, mirrored] = [values[2 * i] as number, values[2 * i + 1] as number]
    assert.ok(y <= 1 && mirrored === -y, `tanh(${x}) = ${y}, tanh(${-x}) = ${mirrored}`)
    // Math.tanh is off by an ulp of a double, 2⁻²⁹ of ours
    worstError = Math.max(worstError, Math.abs(y - Math.tanh(x)) / ulp(Math.tanh(x), 'f32x4'))
  })
  assert.ok(worstError <= ulps.f32x4.tanh, `${worstError} ulp`)
})

for (const lanes of lanesList) {
  test(`sin and cos on ${lanes} next to multiples of π/2`, async () => {
    const largest = lanes === 'f64x2' ? 600_000 : 7000
    const points = Array.from({ length: 300 }, (_, k) => {
      const n = 1 + Math.floor((largest * k * k) / 90_000)
      return [round((n * Math.PI) / 2, lanes)]
    })
    for (const name of ['sin', 'cos'] as const) {
      const field = unaryField(name)
      const { error, at } = worst(field, points, await evaluate(field, points, lanes), lanes)
      assert.ok(error <= ulps[lanes][name], `${name}: ${error} ulp at ${at}`)
    }
  })

  test(`powers on ${lanes}: the error grows with |y log x|`, async () => {
    const points = Array.from({ length: 300 }, () => [
      draw([1e-3, 1e3, 'magnitude'], lanes),
      draw([-10, 10, 'even'], lanes),
    ])
    const field = binaryField('pow')
    const values = await evaluate(field, points, lanes)
    points.forEach((p, i) => {
      const { error } = worst(field, [p], [values[i] as number], lanes)
      const [x, y] = p as [number, number]
      // half an ulp from each of log, product and exponential's argument, relative to |y log x|, and exp's own
      const stated = ulps[lanes].exp + 1.5 * Math.abs(y * Math.log(x))
      assert.ok(error <= stated, `${error} ulp at ${p}, ${stated} stated`)
    })
  })

  test(`half-integer powers on ${lanes} are products and one root`, async () => {
    for (const exponent of [0.5, 1.5, -1.5, 2.5, -0.5, 3.5]) {
      const b = new Builder()
      const field = makeField(b, b.binary('pow', b.leaf('state', 1), b.constant(exponent)), header(1))
      const points = Array.from({ length: 100 }, () => [draw([1e-5, 1e5, 'magnitude'], lanes)])
      const { error, at } = worst(field, points, await evaluate(field, points, lanes), lanes)
      // at most one root, four products and a quotient, each half an ulp, doubled where the binade changes
      assert.ok(error <= 6, `x^${exponent}: ${error} ulp at ${at}`)
    }
  })

  test(`atan2 on ${lanes} in all quadrants`, async () => {
    const field = binaryField('atan2')
    const points = Array.from({ length: 400 }, () =>
      [0, 1].map(() => (random.uniform() < 0.5 ? -1 : 1) * draw([1e-6, 1e6, 'magnitude'], lanes)),
    )
    const values = await evaluate(field, points, lanes)
    points.forEach((p, i) => {
      const [y, x] = p as [number, number]
      // Math.atan2 is good to about one ulp of a double
      const slack = lanes === 'f64x2' ? 1 : 0
      const exact = Math.atan2(y, x)
      const error = Math.abs((values[i] as number) - exact) / ulp(exact, lanes)
      assert.ok(error <= ulps[lanes].atan2 + slack, `${error} ulp at ${p}`)
    })
  })
}

/** What decides branches: zeros of both signs, ends of ranges, subnormals, infinities, NaN. */
const special = [
  0, -0, 1, -1, 0.5, -2, 3, 1e-310, -1e-310, 1e-40, 1e308, -1e308, 2e6, -3e4, 89, -104, 711, -746, 22, -22,
  Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, Number.MIN_VALUE,
] // biome-ignore format: one table

/** Agreement at special points: the same NaN, infinity or zero, otherwise close. */
function expectSame(name: string, p: readonly number[], value: number, exact: number, lanes: Lanes) {
  const target = round(exact, lanes)
  const grows = name === 'pow' ? 1.5 * Math.abs((p[1] as number) * Math.log(p[0] as number)) : 0
  const close = Math.abs(value - target) <= (8 + (Number.isFinite(grows) ? grows : 0)) * ulp(target, lanes)
  const tiny =
    Math.abs(exact) <= (lanes === 'f64x2' ? 4e-308 : 2e-38) &&
    Math.abs(value) <= (lanes === 'f64x2' ? 4e-308 : 2e-38)
  assert.ok(Object.is(value + 0, target + 0) || close || tiny, `${name}(${p}) = ${value}, not ${target}`)
}

const unaryNames: readonly Unary[] = [
  'neg', 'sqrt', 'exp', 'log', 'sin', 'cos', 'tan', 'atan', 'sinh', 'cosh', 'tanh', 'sigmoid', 'softplus',
  'relu', 'abs', 'sign', 'step',
] // biome-ignore format: one table

for (const lanes of lanesList) {
  for (const name of unaryNames) {
    test(`${name} on ${lanes} at special values, NaN included`, async () => {
      const field = unaryField(name)
      const points = special.map((v) => [round(v, lanes)])
      const values = await evaluate(field, points, lanes)
      points.forEach((p, i) => {
        expectSame(name, p, values[i] as number, interpret(field, 0, p)[0] as number, lanes)
      })
    })
  }
  for (const name of ['add', 'sub', 'mul', 'div', 'min', 'max', 'pow', 'atan2'] as const) {
    test(`${name} on ${lanes} at special pairs, NaN included`, async () => {
      const field = binaryField(name)
      const list = special.map((v) => round(v, lanes)).filter((v) => Math.abs(v) !== 1e308)
      const points = list.flatMap((v) => list.map((w) => [v, w]))
      const values = await evaluate(field, points, lanes)
      points.forEach((p, i) => {
        expectSame(name, p, values[i] as number, interpret(field, 0, p)[0] as number, lanes)
      })
    })
  }
}

test.run()
