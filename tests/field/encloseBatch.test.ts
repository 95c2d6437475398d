import { expression, gradient, lieDerivative, system } from '@separatrix/field'
import {
  type BatchEnclosure,
  canEncloseBatch,
  type EncloseBatchForm,
  enclose,
  encloseAffine,
  encloseBatch,
  type Field,
  freeze,
  type Node,
  scalarize,
  seededRandom,
} from '@separatrix/field/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

/** m·2ᵉ, exactly. */
interface Dyadic {
  readonly m: bigint
  readonly e: number
}

function dyadic(x: number): Dyadic {
  const raw = new DataView(new ArrayBuffer(8))
  raw.setFloat64(0, Math.abs(x))
  const bits = raw.getBigUint64(0)
  const biased = Number(bits >> 52n)
  const m = (bits & 0xfffffffffffffn) | (biased === 0 ? 0n : 1n << 52n)
  return { m: x < 0 ? -m : m, e: Math.max(biased, 1) - 1075 }
}

const plus = (x: Dyadic, y: Dyadic): Dyadic => {
  const e = Math.min(x.e, y.e)
  return { m: (x.m << BigInt(x.e - e)) + (y.m << BigInt(y.e - e)), e }
}
const minus = (x: Dyadic): Dyadic => ({ m: -x.m, e: x.e })
const times = (x: Dyadic, y: Dyadic): Dyadic => ({ m: x.m * y.m, e: x.e + y.e })
const isBelow = (x: Dyadic, y: Dyadic) => plus(x, minus(y)).m <= 0n

/** The value of a polynomial with dyadic constants at a point, without rounding. */
function exactly(field: Field, point: readonly (number | Dyadic)[]): Dyadic[] {
  const { nodes, output } = scalarize(freeze(field))
  const values: (readonly Dyadic[])[] = []
  const exact = point.map((x) => (typeof x === 'number' ? dyadic(x) : x))
  for (const node of nodes) values.push(rule(node, exact, values))
  return [...(values[output] as readonly Dyadic[])]
}

function rule(node: Node, point: readonly Dyadic[], values: readonly (readonly Dyadic[])[]): Dyadic[] {
  const args = node.args.map((a) => values[a] as readonly Dyadic[])
  const [x, y] = args.map((a) => a[0]) as [Dyadic, Dyadic]
  switch (node.op) {
    case 'const':
      return Array.from(node.values, dyadic)
    case 'state':
      return [...point]
    case 'gather':
      return node.indices.map((i) => (args[0] as readonly Dyadic[])[i] as Dyadic)
    case 'concat':
      return args.flat()
    case 'neg':
      return [minus(x)]
    case 'add':
      return [plus(x, y)]
    case 'sub':
      return [plus(x, minus(y))]
    case 'mul':
      return [times(x, y)]
    case 'powi':
      return [Array.from({ length: node.exponent }, () => x).reduce(times, { m: 1n, e: 0 })]
    default:
      throw new Error(`no exact rule for ${node.op}`)
  }
}

const vanDerPol = system({ state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } })
const V = expression('1.5*x^2 - x*y + y^2', ['x', 'y'])

/** Every sign that the factors of a product can be known to have, and every operation. */
const polynomials: Readonly<Record<string, Field>> = {
  'V̇ of Van der Pol': lieDerivative(V, vanDerPol),
  'its gradient': gradient(lieDerivative(V, vanDerPol)),
  'known signs': expression('x^2*y^2 - x^2*y + (-x^2)*y^4 + (-y^2)*(-x^4) - (-x^2)*x', ['x', 'y']),
  'negative sums': expression(
    '(-1 - x^2)*y^2 - (-1 - x^2)*(-2 - y^2) + (-1 - x^2)*y + (-1 - x^2)^3 - (-2 - y^2)^2',
    ['x', 'y'],
  ),
  'a product of known signs': expression('y^2*(-1 - x^2)', ['x', 'y']),
  'a square': expression('x^2', ['x', 'y']),
  'a shift': expression('8*y', ['x', 'y']),
  'odd powers': expression('x^3 - 0.5*y^5 + x^7*y - x^1*(y - 3)^3', ['x', 'y']),
  constants: expression('-3*x + 8*y - 1.25*x^2 + 0*y - (-4)*x*y + (2 - x)^0', ['x', 'y']),
}

/** Writes boxes, a pair of corners each, and encloses them. */
function evaluate(f: BatchEnclosure, boxes: readonly (readonly [readonly number[], readonly number[]])[]) {
  boxes.forEach(([lo, hi], i) => {
    lo.forEach((v, k) => {
      f.lo[k * f.stride + i] = v
    })
    hi.forEach((v, k) => {
      f.hi[k * f.stride + i] = v
    })
  })
  f.evaluate(boxes.length)
}

/** What must hold of every reading of a polynomial in batches. */
const variants: Readonly<Record<string, EncloseBatchForm>> = {
  natural: {},
  'affine, in WebAssembly': { form: 'affine' },
  'affine, in JavaScript': { form: 'affine', backend: 'js' },
}

const ordered = (a: number, b: number) => (a < b ? ([a, b] as const) : ([b, a] as const))

/** A box between two random points of the given coordinates. */
function boxOf(coordinate: () => number): readonly [readonly number[], readonly number[]] {
  const sides = [0, 1].map(() => ordered(coordinate(), coordinate()))
  return [sides.map(([lo]) => lo), sides.map(([, hi]) => hi)]
}

for (const [name, field] of Object.entries(polynomials)) {
  test(`${name}: the bounds of the scalar code, bit for bit`, () => {
    const [count, m] = [601, field.outputSize]
    const f = encloseBatch(field, { capacity: count })
    const scalar = enclose(field)
    const random = seededRandom(3)
    const boxes = Array.from({ length: count }, () => {
      const size = 3 * 10 ** (-6 * random.uniform())
      const centre = 6 * random.uniform() - 3
      return boxOf(() => centre + size * (random.uniform() - 0.5))
    })
    evaluate(f, boxes)
    const [low, high] = [new Float64Array(m), new Float64Array(m)]
    boxes.forEach(([lo, hi], i) => {
      scalar(lo, hi, low, high)
      for (let k = 0; k < m; k++) {
        assert.is(f.outLo[k * f.stride + i], low[k])
        assert.is(f.outHi[k * f.stride + i], high[k])
      }
    })
  })

  test(`${name}: exact values at points of the box lie inside, whatever the exponents`, () => {
    const [count, m] = [400, field.outputSize]
    const random = seededRandom(8)
    const edges = [0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-162, 1e-154, 1, 3, 1e100, 1e154, 1.7e308]
    const signed = () => (random.uniform() < 0.5 ? -1 : 1)
    const coordinates = [
      () => 4 * random.uniform() - 2,
      () => signed() * (edges[Math.floor(edges.length * random.uniform())] as number),
      () => signed() * 2 ** (2000 * random.uniform() - 1000),
      () => signed() * 2 ** (80 * random.uniform() - 40),
    ]
    const boxes = Array.from({ length: count }, (_, i) => boxOf(coordinates[i % 4] as () => number))
    // points, at which the roundings are all that there is to cover
    boxes.slice(0, count / 4).forEach(([lo], i) => {
      if (i % 2 === 0) boxes.push([lo, lo])
    })
    // beyond the greatest double after one operation
    for (const end of [1.7e308, -1.7e308]) boxes.push(boxOf(() => end))
    const batches = Object.entries(variants).map(([variant, options]) => {
      const f = encloseBatch(field, { capacity: boxes.length, ...options })
      evaluate(f, boxes)
      return { variant, f, finite: 0 }
    })
    boxes.forEach(([lo, hi], i) => {
      const points = [
        lo,
        hi,
        ...[1, 2, 3].map(() =>
          lo.map((v, k) => Math.min(hi[k] as number, v * random.uniform() + (hi[k] as number) / 3)),
        ),
      ].filter((x) => x.every((v, k) => v >= (lo[k] as number)))
      for (const x of points) {
        exactly(field, x).forEach((truth, k) => {
          for (const batch of batches) {
            const { f, variant } = batch
            const [least, most] = [f.outLo[k * f.stride + i], f.outHi[k * f.stride + i]] as [number, number]
            const seen = `${variant} [${least}, ${most}] at ${x} of [${lo}], [${hi}]`
            assert.not(least === Infinity || most === -Infinity, seen)
            if (Number.isFinite(least)) assert.ok(isBelow(dyadic(least), truth), `too high: ${seen}`)
            if (Number.isFinite(most)) assert.ok(isBelow(truth, dyadic(most)), `too low: ${seen}`)
            if (Number.isFinite(least) && Number.isFinite(most)) batch.finite++
          }
        })
      }
    })
    // a kind in four is of moderate size, another of moderate exponents: nothing of those may overflow
    for (const { variant, finite } of batches)
      assert.ok(finite >= count * m, `${variant}: ${finite} of ${count} boxes × ${m} have bounds`)
  })

  for (const [variant, options] of Object.entries(variants))
    test(`${name}, ${variant}: a bound that is no number fails its own box, and no other`, () => {
      const scalar = enclose(field)
      const f = encloseBatch(field, { capacity: 64, ...options })
      const alone = encloseBatch(field, { capacity: 64, ...options })
      const sound = [
        [-1, 0.5],
        [2, 1],
      ] as const
      evaluate(alone, [sound])
      const odd = [Number.NaN, Infinity, -Infinity].flatMap((bad) =>
        [0, 1].flatMap((corner) =>
          [0, 1].map((k) => {
            const box = sound.map((side) => [...side]) as [number[], number[]]
            ;(box[corner] as number[])[k] = bad
            return box
          }),
        ),
      )
      const boxes = odd.flatMap((box) => [box, sound])
      evaluate(f, boxes)
      const m = field.outputSize
      const [low, high] = [new Float64Array(m), new Float64Array(m)]
      boxes.forEach(([lo, hi], i) => {
        scalar(lo, hi, low, high)
        for (let k = 0; k < m; k++) {
          const [least, most] = [f.outLo[k * f.stride + i], f.outHi[k * f.stride + i]] as [number, number]
          if (i % 2 === 1) assert.equal([least, most], [alone.outLo[k * f.stride], alone.outHi[k * f.stride]])
          // never tighter than the scalar code, which keeps NaN through every operation
          else {
            assert.not(least > (low[k] as number), `${least} over ${low[k]} on [${lo}], [${hi}]`)
            assert.not(most < (high[k] as number), `${most} under ${high[k]} on [${lo}], [${hi}]`)
            if (Number.isNaN(low[k])) assert.not(least > -Infinity, `${least} on [${lo}], [${hi}]`)
            if (Number.isNaN(high[k])) assert.not(most < Infinity, `${most} on [${lo}], [${hi}]`)
          }
        }
      })
    })
}

test('decimals, inputs and time: as the scalar code', () => {
  const field = system({
    state: ['x'],
    input: ['u'],
    dynamics: { x: '0.1*u*x - t*x + pi/3 - 0.7*x^2 + u/(-7)' },
  })
  const f = encloseBatch(field, { capacity: 3 })
  const box = [
    [1, 10, -2],
    [1.5, 11, 3],
  ] as const
  evaluate(f, [box, box, box])
  const [low, high] = [new Float64Array(1), new Float64Array(1)]
  enclose(field)(...box, low, high)
  for (const i of [0, 1, 2]) assert.equal([f.outLo[i], f.outHi[i]], [low[0], high[0]])
})

for (const [variant, options] of Object.entries(variants)) {
  test(`${variant}: decimals mean themselves, not their doubles`, () => {
    // ten times as large without a fraction, which dyadic numbers can say
    const tenth = expression('0.1*x*y - 0.3*x^2 + 0.7*y/4 - 1.3', ['x', 'y'])
    const whole = expression('x*y - 3*x^2 + 1.75*y - 13', ['x', 'y'])
    const ten = dyadic(10)
    const f = encloseBatch(tenth, { capacity: 300, ...options })
    const random = seededRandom(4)
    const boxes = Array.from({ length: 300 }, () => {
      const x = [0, 1].map(() => 2 ** (40 * random.uniform() - 20) * (random.uniform() - 0.5))
      return [x, x] as const
    })
    evaluate(f, boxes)
    boxes.forEach(([x], i) => {
      const truth = exactly(whole, x)[0] as Dyadic
      assert.ok(isBelow(times(ten, dyadic(f.outLo[i] as number)), truth), `too high at ${x}`)
      assert.ok(isBelow(truth, times(ten, dyadic(f.outHi[i] as number))), `too low at ${x}`)
    })
  })

  test(`${variant}: powers so high that sizes near 0 are rounded up, or that they cannot be bounded`, () => {
    const field = expression('x^9*y^40 - x^64 + 3*y', ['x', 'y'])
    const f = encloseBatch(field, { capacity: 200, ...options })
    const random = seededRandom(6)
    const boxes = Array.from({ length: 200 }, () => boxOf(() => 2 ** (60 * random.uniform() - 50) - 0.01))
    evaluate(f, boxes)
    boxes.forEach(([lo, hi], i) => {
      for (const x of [lo, hi]) {
        const truth = exactly(field, x)[0] as Dyadic
        const [least, most] = [f.outLo[i], f.outHi[i]] as [number, number]
        if (Number.isFinite(least)) assert.ok(isBelow(dyadic(least), truth), `${least} at ${x}`)
        if (Number.isFinite(most)) assert.ok(isBelow(truth, dyadic(most)), `${most} at ${x}`)
      }
    })
  })
}

for (const [name, field] of Object.entries(polynomials)) {
  test(`${name}: exact values at corners and centres lie within r of the line c + Σ gᵢεᵢ`, () => {
    const { evaluate: read, sides, outputs } = encloseAffine(field)
    const form = new Float64Array(outputs * (sides + 2))
    const random = seededRandom(12)
    const sizes = [
      () => 4 * random.uniform() - 2,
      () => (random.uniform() - 0.5) * 2 ** (400 * random.uniform() - 300),
      () => (random.uniform() - 0.5) * 2 ** (60 * random.uniform() - 40),
    ]
    let finite = 0
    for (let trial = 0; trial < 150; trial++) {
      const [lo, hi] = boxOf(sizes[trial % 3] as () => number)
      read(lo, hi, form)
      for (const signs of [
        [-1, -1],
        [1, -1],
        [0, 0],
      ] as const) {
        // at ε = 0 the midpoint is no double, yet dyadic
        const point = signs.map((sign, k) => {
          const [from, to] = [dyadic(lo[k] as number), dyadic(hi[k] as number)]
          const twice = plus(sign === 1 ? to : from, sign === -1 ? from : to)
          return { m: twice.m, e: twice.e - 1 }
        })
        exactly(field, point).forEach((truth, k) => {
          const entry = (p: number) => form[p * outputs + k] as number
          if (!form.every(Number.isFinite)) return
          finite++
          const line = signs.reduce<Dyadic>(
            (sum, sign, i) => plus(sum, times(dyadic(sign), dyadic(entry(1 + i)))),
            dyadic(entry(0)),
          )
          const r = dyadic(entry(1 + sides))
          const off = plus(truth, minus(line))
          const seen = `${name} at ${signs} of [${lo}], [${hi}]: ${form}`
          assert.ok(isBelow(off, r) && isBelow(minus(r), off), seen)
        })
      }
    }
    assert.ok(finite >= 300)
  })
}

test('affine forms: narrower than natural bounds on the boxes of a bisection', () => {
  const field = polynomials['V̇ of Van der Pol'] as Field
  for (const [depth, goal] of [
    [4, 0.7],
    [6, 0.55],
    [8, 0.5],
  ] as const) {
    const cells = 2 ** depth
    const boxes = Array.from({ length: cells ** 2 }, (_, i) => {
      const corner = [i % cells, Math.floor(i / cells)].map((at) => (4 * at) / cells - 2)
      return [corner, corner.map((v) => v + 4 / cells)] as const
    })
    const [natural, wasm, js] = Object.values(variants).map((options) => {
      const f = encloseBatch(field, { capacity: boxes.length, ...options })
      evaluate(f, boxes)
      return {
        f,
        width: boxes.reduce((sum, _, i) => sum + (f.outHi[i] as number) - (f.outLo[i] as number), 0),
      }
    }) as [Seen, Seen, Seen]
    assert.ok(wasm.width < goal * natural.width, `${wasm.width} of ${natural.width} at depth ${depth}`)
    // the same operations in the same order
    boxes.forEach((_, i) => {
      assert.equal([wasm.f.outLo[i], wasm.f.outHi[i]], [js.f.outLo[i], js.f.outHi[i]])
    })
  }
})

interface Seen {
  readonly f: BatchEnclosure
  readonly width: number
}

test('affine forms: a side, a constant and 0 are themselves, points nearly so', () => {
  const field = system({ state: ['x', 'y'], dynamics: { x: 'y', y: '0.1' } })
  for (const options of [{ form: 'affine' }, { form: 'affine', backend: 'js' }] as const) {
    const f = encloseBatch(field, { capacity: 1, ...options })
    evaluate(f, [
      [
        [1, -3],
        [2, 0.3],
      ],
    ])
    assert.equal([f.outLo[0], f.outHi[0]], [-3, 0.3])
    const [low, high] = [f.outLo[f.stride], f.outHi[f.stride]] as [number, number]
    assert.ok(low < 0.1 && 0.1 < high && high - low < 1e-16, `[${low}, ${high}]`)
    const g = encloseBatch(polynomials['V̇ of Van der Pol'] as Field, { capacity: 1, ...options })
    evaluate(g, [
      [
        [1, 2],
        [1, 2],
      ],
    ])
    // V̇ = −x² − y² + 2x²y² − x³y = 1: some 26 roundings of sums of the sizes, which are 35
    assert.ok((g.outHi[0] as number) - (g.outLo[0] as number) < 2 * 40 * 35 * 2 ** -53)
  }
})

test('what affine forms do not bound is refused', () => {
  assert.throws(() => encloseAffine(expression('sin(x)', ['x'])), /the operation .*sin.*Try encloseLinear/)
  const js = { form: 'affine', backend: 'js' } as const
  assert.not(canEncloseBatch(expression('1e-200*(1e-100*x)', ['x']), js), 'sizes below 2⁻⁹⁰⁰')
  const nested = (times: number): string => (times === 0 ? '8*x' : `(${nested(times - 1)})^60 + 1`)
  assert.not(canEncloseBatch(expression(nested(5), ['x']), js), 'too many roundings')
  assert.ok(canEncloseBatch(expression(nested(3), ['x']), js))
  assert.throws(
    () => encloseBatch(expression('x^2', ['x']), { capacity: 4, backend: 'js' }),
    /natural.*Try form: 'affine'/,
  )
  const long = expression(
    Array.from({ length: 150 }, (_, i) => `(x + ${i}*y)*(y + ${i + 1}*x)`).join(' + '),
    ['x', 'y'],
  )
  assert.not(canEncloseBatch(long, js), 'more than V8 optimises')
  assert.ok(canEncloseBatch(long, { form: 'affine' }))
})

test('what lanes do not enclose is refused', () => {
  for (const text of ['sin(x)', '1/x', 'x/0.1', 'x/0', 'x^-2', 'sqrt(x)', 'abs(x)']) {
    const field = expression(text, ['x'])
    assert.not(canEncloseBatch(field), text)
    assert.throws(() => encloseBatch(field, { capacity: 4 }), /Try enclose/)
  }
  const square = expression('x^2', ['x'])
  assert.ok(canEncloseBatch(square))
  for (const capacity of [0, 1.5, Number.NaN])
    assert.throws(() => encloseBatch(square, { capacity }), /positive whole capacity/)
  const f = encloseBatch(square, { capacity: 4 })
  for (const count of [5, -1, 1.5, Number.NaN]) assert.throws(() => f.evaluate(count), /whole count/)
  f.evaluate(0)
})

test.run()
