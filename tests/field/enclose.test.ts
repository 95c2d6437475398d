import { closeLoop, expression, gradient, interpret, lieDerivative, network, system } from '@separatrix/field'
import { type Enclosure, enclose, encloseInterpreted, type Field, seededRandom } from '@separatrix/field/core'
import type { FactoryFunctionMap } from 'mathjs'
import math from 'mathjs/lib/browser/math.js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

/** 80 digits; decimal.js adds those that a reduction or a cancellation eats where it knows of them. */
const big = math.create((math as unknown as { readonly all: FactoryFunctionMap }).all, {
  number: 'BigNumber',
  precision: 80,
})
type Big = import('mathjs').BigNumber
const B = (x: number) => big.bignumber(exactDecimal(x)) as Big

/** The decimal expansion of a double, all of it. */
function exactDecimal(x: number): string {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, Math.abs(x))
  const raw = bits.getBigUint64(0)
  const biased = Number(raw >> 52n)
  const significand = (raw & 0xfffffffffffffn) | (biased === 0 ? 0n : 0x10000000000000n)
  const exponent = (biased === 0 ? 1 : biased) - 1075
  const sign = x < 0 ? '-' : ''
  if (exponent >= 0) return `${sign}${significand << BigInt(exponent)}`
  return `${sign}${significand * 5n ** BigInt(-exponent)}e${exponent}`
}

const bigFunctions: Readonly<Record<string, (x: Big) => Big>> = {
  sqrt: (x) => big.sqrt(x) as Big,
  exp: (x) => big.exp(x) as unknown as Big,
  log: (x) => big.log(x) as unknown as Big,
  sin: (x) => big.sin(x) as Big,
  cos: (x) => big.cos(x) as Big,
  tan: (x) => big.tan(x) as Big,
  atan: (x) => big.atan(x) as Big,
  sinh: (x) => big.sinh(x) as Big,
  cosh: (x) => big.cosh(x) as Big,
  tanh: (x) => big.tanh(x) as Big,
  sigmoid: (x) => big.evaluate('1/(1+exp(-x))', { x }) as Big,
  softplus: (x) => big.evaluate('log(1+exp(x))', { x }) as Big,
}

const random = seededRandom(11)
const tiny = [0, 5e-324, -5e-324, 1e-310, -1e-310, 2.3e-308, 1e-200, -1e-200, 1e-20, 3e-9, -3e-9]
const near = [
  0.1,
  0.3466,
  0.55,
  0.55000001,
  0.7853981633974483,
  0.7853981633974484,
  1,
  Math.SQRT2,
  0.9999999,
  1.0000001,
  2,
  20,
  20.5,
  36.7,
  40,
]
const turns = [1, 2, 3, 4, 5, 100, 12345, 636619].flatMap((k) => [k * (Math.PI / 2), -k * (Math.PI / 2)])
const spread = Array.from(
  { length: 60 },
  () => (random.uniform() < 0.5 ? -1 : 1) * 10 ** (random.uniform() * 8 - 5),
)
const huge = [
  1e6,
  1000000.5,
  1e10,
  -1e10,
  1.2345e17,
  6381956970095103 * 2 ** 797,
  1e300,
  -1e300,
  Number.MAX_VALUE,
]
const steep = [700, 709.5, 709.7, 709.78, 710, 711, -700, -708.5, -720, -744, -745, -745.3, -1000]

const points: Readonly<Record<string, readonly number[]>> = {
  sqrt: [...tiny, ...near, ...spread, ...huge].filter((x) => x >= 0),
  exp: [...tiny, ...near, ...spread.filter((x) => Math.abs(x) < 800), ...steep],
  log: [...tiny, ...near, ...spread, ...huge].filter((x) => x > 0),
  sin: [...tiny, ...near, ...turns, ...spread, ...huge],
  cos: [...tiny, ...near, ...turns, ...spread, ...huge],
  tan: [...tiny, ...near, ...spread],
  atan: [...tiny, ...near, ...near.map((x) => -x), ...spread, ...huge],
  sinh: [...tiny, ...near, ...spread.filter((x) => Math.abs(x) < 800), ...steep],
  cosh: [...tiny, ...near, ...spread.filter((x) => Math.abs(x) < 800), ...steep],
  tanh: [...tiny, ...near, ...near.map((x) => -x), ...spread.filter((x) => Math.abs(x) < 800), ...steep],
  sigmoid: [...tiny, ...near, ...near.map((x) => -x), ...spread.filter((x) => Math.abs(x) < 800), ...steep],
  softplus: [...tiny, ...near, ...near.map((x) => -x), ...spread.filter((x) => Math.abs(x) < 800), ...steep],
}

/** log(1 + e^x) and the hyperbolic functions, as decimal.js forms them, lose the digits of a tiny result. */
function cancels(name: string, x: number): boolean {
  return ['softplus', 'sinh', 'tanh'].includes(name) && (Math.abs(x) < 1e-8 || x < -20)
}

function at(f: Enclosure, lo: readonly number[], hi: readonly number[]): [number, number] {
  const [a, b] = [new Float64Array(1), new Float64Array(1)]
  f(lo, hi, a, b)
  return [a[0] as number, b[0] as number]
}

for (const [name, xs] of Object.entries(points)) {
  test(`${name} at a point encloses the truth, tightly`, () => {
    const f = enclose(expression(`${name}(x)`, ['x']))
    for (const x of xs) {
      big.config({ precision: cancels(name, x) ? 450 : 80 })
      const truth = (bigFunctions[name] as (x: Big) => Big)(B(x))
      const [lo, hi] = at(f, [x], [x])
      const seen = `${name}(${x}) = ${truth.toPrecision(25)} against [${lo}, ${hi}]`
      assert.ok(lo === -Infinity || B(lo).lte(truth), seen)
      assert.ok(hi === Infinity || B(hi).gte(truth), seen)
      // 80u of the value, or of the larger side of a sum: what the stated error bounds add up to
      const scale = Math.max(Math.abs(lo), ['sin', 'cos', 'tan'].includes(name) && Math.abs(x) > 0.7 ? 1 : 0)
      if (Math.abs(x) < 700)
        assert.ok(
          hi - lo <= 80 * 2 ** -53 * scale + 1e-320 || (name === 'tan' && hi - lo < 1e-14 * lo * lo),
          `wide: ${seen}`,
        )
    }
  })
}

const vanDerPol = system({ state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } })
const V = expression('1.5*x^2 - x*y + y^2', ['x', 'y'])
const pendulum = system({
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l)*sin(theta) - b/(m*l^2)*omega + u/(m*l^2)' },
})
const loop = closeLoop(pendulum, network({ widths: [2, 16, 1], activation: 'tanh', seed: 3, bias: false }))
const wide = closeLoop(pendulum, network({ widths: [2, 24, 24, 1], activation: 'softplus', seed: 4 }))

/** Fields whose samples must lie inside their enclosures; `radius` keeps partial functions in their domain. */
const fields: Readonly<
  Record<string, { readonly field: Field; readonly centre: number; readonly radius: number }>
> = {
  polynomial: { field: lieDerivative(V, vanDerPol), centre: 0, radius: 3 },
  'closed loop': { field: gradient(lieDerivative(V, loop)), centre: 0, radius: 3 },
  'deep network': { field: gradient(lieDerivative(V, wide)), centre: 0, radius: 3 },
  'all functions': {
    field: expression(
      'sin(3x)*cos(y) + tan(x/4) - atan(x*y) + exp(-x)*sinh(y) - cosh(x-y)*tanh(x) + sigmoid(y)*softplus(x)',
      ['x', 'y'],
    ),
    centre: 0,
    radius: 4,
  },
  'kinks and powers': {
    field: expression(
      'relu(x)*abs(y) + min(x, y^3) - max(x*y, 0.1)^2 + x^5 - x^4*y^-2 + sign(x) - relu(-y)',
      ['x', 'y'],
    ),
    centre: 3,
    radius: 2.9,
  },
  'positive arguments': {
    field: expression('sqrt(x) + log(y) - x^y + x/y + atan2(y, x - 3) + y^(-1.5)', ['x', 'y']),
    centre: 2.5,
    radius: 2.4,
  },
  decimals: { field: expression('0.1*x + pi/3 - 0.7*(y + 0.3)', ['x', 'y']), centre: 0, radius: 1 },
}

for (const [name, { field, centre, radius }] of Object.entries(fields)) {
  test(`${name}: samples lie inside, by the generated code and by the table of rules`, () => {
    const readings = [enclose(field), encloseInterpreted(field)]
    const random = seededRandom(5)
    const m = field.outputSize
    const bounds = readings.map(() => [new Float64Array(m), new Float64Array(m)] as const)
    for (let k = 0; k < 150; k++) {
      const size = radius * 10 ** (-4 * random.uniform())
      const lo = [0, 1].map(() => centre + (radius - size) * (2 * random.uniform() - 1) - size / 2)
      const hi = lo.map((v) => v + size)
      readings.forEach((f, r) => {
        f(lo, hi, ...(bounds[r] as readonly [Float64Array, Float64Array]))
      })
      const points = [
        lo,
        hi,
        ...Array.from({ length: 20 }, () =>
          lo.map((v, i) => Math.min(hi[i] as number, v + size * random.uniform())),
        ),
      ]
      for (const [low, high] of bounds) {
        for (const x of points) {
          interpret(field, 0, x).forEach((value, i) => {
            // the sample itself is rounded: a few hundred operations on values up to the bounds' size
            const slack = 1e-12 * (1 + Math.abs(value))
            assert.ok(!((low[i] as number) > value + slack), `${value} below ${low[i]} at ${x}`)
            assert.ok(!((high[i] as number) < value - slack), `${value} above ${high[i]} at ${x}`)
          })
        }
      }
      // the two order their sums alike but share and specialise differently: ulps of intermediates differ
      const [printed, table] = bounds as unknown as readonly (readonly [Float64Array, Float64Array])[]
      for (let i = 0; i < m; i++) {
        const [a, b] = [printed?.[0][i] as number, table?.[0][i] as number]
        assert.ok(Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-10 * (1 + Math.abs(a)), `${a} and ${b}`)
      }
    }
  })
}

test('undefined somewhere in the box means no bound at all', () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ['1/x', -1, 1],
    ['1/x', 0, 1],
    ['log(x)', 0, 1],
    ['log(x)', -2, -1],
    ['sqrt(x)', -1e-300, 1],
    ['x^-2', -1, 1],
    ['x^0.5', -1, 1],
    ['x^x', 0, 1],
    ['tan(x)', 1.5, 1.6],
    ['abs(log(x))', -1, 1],
    ['relu(1/x)', -1, 1],
    ['(1/x)^2', -1, 1],
    ['min(1/x, 3)', -1, 1],
    ['0 * (1/x)', -1, 1],
    ['(1/x)^0', -1, 1],
    ['atan2(x, -1)', -0.1, 0.1],
    ['atan2(x, 0)', 0, 1],
    ['exp(log(x))', Number.NaN, Number.NaN],
  ]
  for (const [text, lo, hi] of cases) {
    for (const read of [enclose, encloseInterpreted]) {
      const [a, b] = at(read(expression(text, ['x'])), [lo], [hi])
      assert.ok(Number.isNaN(a) && Number.isNaN(b), `${text} on [${lo}, ${hi}] gave [${a}, ${b}]`)
    }
  }
})

test('an overflow never becomes a bound on the inner side', () => {
  for (const text of ['x*x*x', 'exp(exp(x))', 'x + x', 'cosh(x)', 'x^7']) {
    const [lo, hi] = at(enclose(expression(text, ['x'])), [1e308], [1.7e308])
    assert.ok(lo !== Infinity && !(hi < Infinity), `${text}: [${lo}, ${hi}]`)
  }
})

test('ranges of the waves: every extremum inside is found, none outside is invented', () => {
  const sine = enclose(expression('sin(x)', ['x']))
  const random = seededRandom(9)
  for (let k = 0; k < 4000; k++) {
    const lo = (random.uniform() - 0.5) * 10 ** (1 + 5 * random.uniform())
    const hi = lo + 7 * random.uniform() ** 2
    const [a, b] = at(sine, [lo], [hi])
    const first = (offset: number) => offset + 2 * Math.PI * Math.ceil((lo - offset) / (2 * Math.PI))
    const wanted = [
      first(-Math.PI / 2) <= hi ? -1 : Math.min(Math.sin(lo), Math.sin(hi)),
      first(Math.PI / 2) <= hi ? 1 : Math.max(Math.sin(lo), Math.sin(hi)),
    ] as const
    // the reference rounds its arguments, of size up to 1e6, to 1e-10
    assert.ok(
      a <= wanted[0] + 1e-9 && b >= wanted[1] - 1e-9,
      `sin [${lo}, ${hi}]: [${a}, ${b}], not ${wanted}`,
    )
    if (hi - lo < 4.6) assert.ok(a >= wanted[0] - 1e-9 && b <= wanted[1] + 1e-9, `loose: sin [${lo}, ${hi}]`)
  }
})

test('constants: decimals get an ulp on each side, dyadic ones and weights are points', () => {
  const at0 = (f: Field) => at(enclose(f), [0], [0])
  const [least, most] = at0(expression('0.1', ['x']))
  assert.ok(least < 0.1 && most > 0.1 && most - least < 1e-16)
  const [lo, hi] = at0(expression('x + 0.1', ['x']))
  assert.ok(lo < 0.1 && hi > 0.1)
  assert.equal(
    at0(expression('x + 0.375', ['x'])).map((v) => Math.abs(v - 0.375) < 2e-16),
    [true, true],
  )
  assert.equal(at0(expression('0*x', ['x'])), [0, 0])
  assert.equal(at0(expression('x^2', ['x']))[0], 0)
  assert.equal(at0(expression('x + abs(x)', ['x'])), [0, 0])
  // x + 1e16 − 1e16 is not x in doubles, and the enclosure must know
  const [a, b] = at(enclose(expression('(x + 1e16) - 1e16', ['x'])), [0.3], [0.3])
  assert.ok(a <= 0.3 && b >= 0.3 && a >= -8 && b <= 8)
})

test('a field of input and time takes their bounds after the state', () => {
  const f = system({ state: ['x'], input: ['u'], dynamics: { x: 'u - t*x' } })
  const [lo, hi] = at(enclose(f), [1, 10, 2], [1, 11, 3])
  assert.ok(lo <= 7 && lo > 6.999 && hi >= 9 && hi < 9.001)
})

test.run()
