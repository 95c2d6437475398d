import { Builder, expression, type Field, makeField, network, type Ref } from '@separatrix/field'
import { encloseLinear, lieDerivative, seededRandom, type Unary } from '@separatrix/field/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Big, bigInterpret, toBig } from '../support/bigInterpret.js'
import { closedLoop, kepler, lorenz, vanDerPol, vectorOperations } from './fields.js'

/** A double, all of it. */
const exactly = (x: number) => toBig(x.toPrecision(60))

/** θ as enclosures mean it: parameters as the decimals that they print as, weights as their doubles. */
function meaning({ theta, layout }: Field): Big[] {
  const isParameter = (i: number) =>
    layout.some(({ kind, offset, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1)
      return kind === 'parameter' && i >= offset && i < offset + size
    })
  return Array.from(theta, (v, i) => (isParameter(i) ? toBig(v) : exactly(v)))
}

/** A field of n states, drawn by hand. */
function drawn(name: string, n: number, draw: (b: Builder, x: Ref) => Ref): Field {
  const b = new Builder()
  const stateNames = Array.from({ length: n }, (_, i) => `x${i}`)
  return makeField(b, draw(b, b.leaf('state', n)), {
    name,
    stateNames,
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}

/** A function of one variable on its own. */
const single = (op: Unary): Field => drawn(op, 1, (b, x) => b.unary(op, x))

/**
 * What |x| leaves over, times something large and on nothing else: where an operation forgets its remainder, or weighs it
 * wrongly on the way back, points leave the form at once.
 */
const bare: readonly Field[] = [
  drawn('sums of vectors', 3, (b, x) =>
    b.add(b.unary('abs', x), b.unary('abs', b.mul(x, b.constant([3, 5, 7])))),
  ),
  drawn('differences of vectors', 3, (b, x) => b.sub(b.constant([1, 2, 3]), b.unary('abs', x))),
  drawn('products of vectors', 2, (b, x) => b.mul(b.unary('abs', x), b.add(b.constant([90, 80]), x))),
  drawn('products, turned', 2, (b, x) => b.mul(b.add(b.constant([90, 80]), x), b.unary('abs', x))),
  drawn('a dot product', 2, (b, x) =>
    b.mul(b.constant(10), b.dot(b.unary('abs', x), b.add(b.constant([90, 80]), x))),
  ),
  drawn('a dot product, turned', 2, (b, x) =>
    b.mul(b.constant(10), b.dot(b.add(b.constant([90, 80]), x), b.unary('abs', x))),
  ),
  drawn('an outer product', 2, (b, x) => b.outer(b.unary('abs', x), b.add(b.constant([90, 80]), x))),
  drawn('a sum', 3, (b, x) => b.sum(b.unary('abs', x))),
  drawn('a scattered sum', 3, (b, x) => b.scatter(b.unary('abs', x), [1, 1, 0], 2)),
  drawn('a gathered vector', 2, (b, x) => b.gather(b.unary('abs', x), [1, 0, 1])),
  drawn('weights', 2, (b, x) => b.matvec(b.constant([9, 80, 70, -6, 50, 4]), b.unary('abs', x), 3, 2)),
  drawn('weights, turned', 3, (b, x) =>
    b.matvec(b.constant([9, 80, 70, -6, 50, 4]), b.unary('abs', x), 3, 2, true),
  ),
  drawn('a bias', 2, (b, x) => b.affine(b.constant([1, 2, 3, 4]), x, b.unary('abs', x), 2, 2)),
  drawn('a matrix of the state', 2, (b, x) =>
    b.matvec(
      b.concat([b.unary('abs', x), b.add(x, b.constant([50, 40]))]),
      b.add(x, b.constant([50, 40])),
      2,
      2,
    ),
  ),
  drawn('a quotient', 2, (b, x) => {
    const y = b.add(b.constant([4, 5]), x)
    return b.div(b.unary('abs', x), y)
  }),
  drawn('a square', 2, (b, x) => b.powi(b.add(b.unary('abs', x), b.constant([30, 20])), 2)),
  drawn('a cube', 2, (b, x) => b.powi(b.add(b.unary('abs', x), b.constant([30, 20])), 3)),
  drawn('extremes', 2, (b, x) => {
    const y = b.unary('abs', x)
    return b.concat([b.binary('min', y, x), b.binary('max', b.neg(y), x)])
  }),
  drawn('a decimal', 1, (b, x) => b.concat([b.constant(0.1), x])),
]

const bowl = network({ widths: [2, 6, 6, 1], activation: 'tanh', seed: 4 })

/** Fields, and a box in which they are defined. */
const cases: readonly { readonly field: Field; readonly lo: number; readonly hi: number }[] = [
  ...(['neg', 'sin', 'cos', 'exp', 'sinh', 'cosh', 'tanh', 'sigmoid', 'softplus', 'atan', 'relu', 'abs', 'step'] as const).map(
    (op) => ({ field: single(op), lo: -6, hi: 7 }),
  ),
  ...(['sqrt', 'log', 'tan'] as const).map((op) => ({ field: single(op), lo: 0.01, hi: 1.5 })),
  { field: expression('x^3*y^-2 - x/y + x^y', ['x', 'y']), lo: 0.2, hi: 2 },
  { field: expression('max(x, y) - 3*min(x*y, y^5)', ['x', 'y']), lo: -2, hi: 2 },
  ...bare.map((field) => ({ field, lo: -2, hi: 1.5 })),
  { field: drawn('what underflows', 2, (b, x) => b.mul(b.mul(x, x), b.constant([1e-300, 3e-308]))), lo: -1e-9, hi: 2e-9 },
  { field: drawn('a sensitivity that underflows', 1, (b, x) => b.mul(b.constant(1e-200), b.mul(b.constant(1e-200), b.mul(x, x)))), lo: -1e150, hi: 1e150 },
  { field: lorenz, lo: -20, hi: 30 },
  { field: kepler, lo: 0.1, hi: 2 },
  { field: vanDerPol, lo: -3, hi: 3 },
  { field: closedLoop, lo: -2, hi: 2 },
  { field: vectorOperations, lo: -1.5, hi: 2 },
  { field: bowl, lo: -3, hi: 3 },
  { field: lieDerivative(bowl, vanDerPol), lo: -2, hi: 2 },
  { field: network({ widths: [2, 5, 1], activation: 'relu', seed: 5 }), lo: -2, hi: 2 },
  { field: network({ widths: [2, 5, 1], activation: 'swish', seed: 6 }), lo: -2, hi: 2 },
] // biome-ignore format: a list

/** Centre and half-width of each side, as the forms have them. */
function symbols(n: number, lo: Float64Array, hi: Float64Array) {
  const b = new Builder()
  const names = Array.from({ length: n }, (_, i) => `x${i}`)
  const meta = { name: 'x', stateNames: names, inputNames: [], theta: new Float64Array(0), layout: [] }
  const form = new Float64Array(n * (n + 2))
  encloseLinear(makeField(b, b.leaf('state', n), meta)).evaluate(lo, hi, form)
  return Array.from({ length: n }, (_, i) => ({
    centre: form[i] as number,
    half: form[(1 + i) * n + i] as number,
  }))
}

for (const { field, lo: least, hi: most } of cases)
  test(`${field.name}: random points lie within the form, to 60 digits`, () => {
    const n = field.stateSize
    const m = field.outputSize
    const { evaluate } = encloseLinear(field)
    const value = bigInterpret(field)
    const theta = meaning(field)
    const random = seededRandom(7)
    const form = new Float64Array(m * (n + 2))
    // from boxes where the remainder is of the functions to those where it is all of roundings
    for (const width of [1, 0.3, 1e-2, 1e-6, 1e-13, 0])
      for (let k = 0; k < 6; k++) {
        const lo = Float64Array.from({ length: n }, () => least + (most - least) * random.uniform())
        const hi = lo.map((v) => Math.min(most, v + width * (most - least) * random.uniform()))
        evaluate(lo, hi, form)
        const sides = symbols(n, lo, hi)
        for (let j = 0; j < 4; j++) {
          const x = lo.map((v, i) =>
            j < 2
              ? (k + j * (i + 1)) & 1
                ? v
                : (hi[i] as number)
              : v + ((hi[i] as number) - v) * random.uniform(),
          )
          const inside = x.map((v, i) => Math.min(Math.max(v, lo[i] as number), hi[i] as number))
          value(toBig(0), Array.from(inside, exactly), theta).forEach((f, entry) => {
            const line = sides.reduce(
              (sum, { centre, half }, i) => {
                if (half === 0) return sum
                const epsilon = exactly(inside[i] as number)
                  .minus(exactly(centre))
                  .div(exactly(half))
                return sum.plus(exactly(form[(1 + i) * m + entry] as number).times(epsilon))
              },
              exactly(form[entry] as number),
            )
            const r = form[(1 + n) * m + entry] as number
            // wide boxes may have no bounds, where a range passes the end of a domain; narrow ones must
            if (width > 0.1 && Number.isNaN(r)) return
            // the line itself is formed to 60 digits
            const own = f.abs().plus(line.abs()).times('1e-55')
            assert.ok(
              f.minus(line).abs().lte(exactly(r).plus(own)),
              `${field.name} at [${inside}] of [${lo}; ${hi}]: ${f} ${line} ± ${r}`,
            )
          })
        }
      }
  })

test('what is left over is of second order in the width', () => {
  const smooth = ['softplus', 'tanh', 'sigmoid', 'atan', 'sin', 'exp', 'log', 'sqrt', 'tan', 'cosh'] as const
  const fields = [
    ...smooth.map(single),
    vanDerPol,
    lorenz,
    bowl,
    lieDerivative(bowl, vanDerPol),
    expression('x/y + x^y', ['x', 'y']),
  ]
  for (const field of fields) {
    const [n, m] = [field.stateSize, field.outputSize]
    const form = new Float64Array(m * (n + 2))
    const remainder = (half: number) => {
      const at = Array.from({ length: n }, (_, i) => 0.6 + 0.1 * i)
      encloseLinear(field).evaluate(
        at.map((v) => v - half),
        at.map((v) => v + half),
        form,
      )
      return form.slice((1 + n) * m).reduce((s, v) => Math.max(s, v), 0)
    }
    const ratio = remainder(2 ** -7) / remainder(2 ** -8)
    // 4 up to terms of the next order, about 2⁻⁷ of it times a few; no less where third-order terms are all there is
    assert.ok(ratio > 3.6, `${field.name}: ${ratio}`)
  }
})

test('signs cancel on the way back: less is left over than forward', () => {
  // h − h² + h² has the remainder of h alone, up to what squaring leaves over twice
  const field = expression('(x + y)*(x - y) - x*x + y*y', ['x', 'y'])
  const deep = network({ widths: [2, 20, 20, 1], activation: 'tanh', seed: 9 })
  const form = new Float64Array(4)
  encloseLinear(field).evaluate([-1, -1], [1, 1], form)
  assert.ok((form[3] as number) <= 4, `${form}`)
  encloseLinear(deep).evaluate([0.2, 0.2], [0.3, 0.3], form)
  const range = (form[3] as number) + Math.abs(form[1] as number) + Math.abs(form[2] as number)
  assert.ok((form[3] as number) < 0.05 * range, `${form}`)
})

const undefinedCases: readonly { readonly text: string; readonly lo: number[]; readonly hi: number[] }[] = [
  { text: '1/x', lo: [-1], hi: [1] },
  { text: '1/x', lo: [0], hi: [1] },
  { text: '0*log(x)', lo: [-1], hi: [1] },
  { text: 'sqrt(x) - sqrt(x) + x', lo: [-1], hi: [1] },
  { text: 'tan(x)', lo: [1], hi: [2] },
  { text: 'atan2(x, -1)', lo: [-1], hi: [1] },
  { text: 'max(1, log(x))', lo: [-1], hi: [1] },
  { text: 'x', lo: [1], hi: [0] },
  { text: 'tanh(x)', lo: [-Infinity], hi: [1] },
  { text: 'exp(exp(x))', lo: [7], hi: [8] },
  { text: 'x*x', lo: [1e200], hi: [2e200] },
  { text: 'tanh(x)', lo: [Number.NaN], hi: [1] },
]

for (const { text, lo, hi } of undefinedCases)
  test(`${text} on [${lo}, ${hi}] has no finite bounds`, () => {
    const form = new Float64Array(3)
    encloseLinear(expression(text, ['x'])).evaluate(lo, hi, form)
    assert.not(Number.isFinite(form[2] as number), `${form}`)
  })

test.run()
