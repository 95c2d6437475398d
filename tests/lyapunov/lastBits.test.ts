import { compile, expression, network, withParams } from '@separatrix/field'
import {
  type Builder,
  enclose,
  encloseInterpreted,
  type Field,
  Builder as GraphBuilder,
  makeField,
  type Ref,
  seededRandom,
} from '@separatrix/field/core'
import { certifiedRadius, lipschitzConstant } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluationError } from '../../packages/lyapunov/src/certify/evaluationError.js'
import { type IntervalMatrix, multiplyIntervals } from '../../packages/lyapunov/src/certify/intervalMatrix.js'
import { matrixNorm } from '../../packages/lyapunov/src/certify/lipschitzConstant.js'
import {
  type Exact,
  exact,
  isAtMost,
  minus,
  over,
  plus,
  size,
  squareOf,
  sumOf,
  times,
  whole,
} from '../support/exact.js'

/**
 * Bounds against exact rational arithmetic, to the last bit: a rounding that is missing, or points the other way, shows in
 * about every third of random cases. No tolerances.
 */

const random = seededRandom(41)
const sign = () => (random.uniform() < 0.5 ? -1 : 1)
const magnitudes = [0, 0, 0, 1, -3, 40, -40, 300, -300, -1060]
/** A double of any size, mostly ordinary. */
const anyDouble = () =>
  sign() * (1 + random.uniform()) * 2 ** (magnitudes[random.integer(magnitudes.length)] as number)
const ordinary = () => sign() * (1 + random.uniform()) * 2 ** (random.integer(7) - 3)

type Side = readonly [number, number]
/** Points, narrow sides, and sides about 0. */
function side(draw: () => number): Side {
  const a = draw()
  const b = [a, a + 1e-9 * Math.abs(a), draw()][random.integer(3)] as number
  return a < b ? [a, b] : [b, a]
}
/** Where the extremes of the operations below can lie. */
const extremes = ([lo, hi]: Side) => (lo < 0 && hi > 0 ? [lo, 0, hi] : [lo, hi])

interface Operand {
  readonly text: (name: string) => string
  readonly value: (x: Exact) => Exact
}
/** Of either sign as far as a printer knows, of none below 0, and of none above. */
const operands: readonly Operand[] = [
  { text: (x) => x, value: (x) => x },
  { text: (x) => `abs(${x})`, value: size },
  { text: (x) => `(-abs(${x}))`, value: (x) => minus(whole(0), size(x)) },
]
const power = (x: Exact, k: number): Exact =>
  k < 0 ? over(whole(1), power(x, -k)) : Array.from({ length: k }, () => x).reduce(times, whole(1))
const binary = [
  ['+', plus],
  ['-', minus],
  ['*', times],
  ['/', over],
] as const

interface Operation {
  readonly text: string
  readonly value: (x: Exact, y: Exact) => Exact
  /** where it has no value */
  readonly pole?: (x: Side, y: Side) => boolean
}

const holdsZero = ([lo, hi]: Side) => lo <= 0 && hi >= 0
const operations: readonly Operation[] = [
  ...operands.flatMap((p) =>
    operands.flatMap((q) =>
      binary.map(([op, f]): Operation => ({
        text: `${p.text('x')} ${op} ${q.text('y')}`,
        value: (x, y) => f(p.value(x), q.value(y)),
        ...(op === '/' && { pole: (_x, y) => holdsZero(y) }),
      })),
    ),
  ),
  ...operands.flatMap((p) =>
    [1, 2, 3, 4, 5, 7, -1, -2, -3].map((k): Operation => ({
      text: `${p.text('x')}^${k < 0 ? `(${k})` : k}`,
      value: (x) => power(p.value(x), k),
      ...(k < 0 && { pole: (x) => holdsZero(x) }),
    })),
  ),
  ...operands.flatMap((p) =>
    (['3', '(-3)', '4', '(-0.25)', '0.1'] as const).flatMap((c): Operation[] => {
      const factor = c === '0.1' ? over(whole(1), whole(10)) : exact(Number(c.replace(/[()]/g, '')))
      return [
        { text: `${c} * ${p.text('x')}`, value: (x) => times(factor, p.value(x)) },
        { text: `${p.text('x')} / ${c}`, value: (x) => over(p.value(x), factor) },
        { text: `${p.text('x')} - ${c}`, value: (x) => minus(p.value(x), factor) },
      ]
    }),
  ),
] // biome-ignore format: one operation a line

const readings = { printed: enclose, 'by the rules': encloseInterpreted }

for (const [reading, read] of Object.entries(readings))
  test(`sums, products, quotients and powers, ${reading}: no value lies beyond its bounds`, () => {
    const [lo, hi] = [new Float64Array(1), new Float64Array(1)]
    for (const { text, value, pole } of operations) {
      const run = read(expression(text, ['x', 'y']))
      for (let k = 0; k < 16; k++) {
        const [x, y] = [side(anyDouble), side(anyDouble)]
        if (pole?.(x, y)) continue
        run([x[0], y[0]], [x[1], y[1]], lo, hi)
        const [low, high] = [lo[0] as number, hi[0] as number]
        for (const a of extremes(x))
          for (const b of extremes(y)) {
            const truth = value(exact(a), exact(b))
            const isBelow = Number.isFinite(low) && !isAtMost(exact(low), truth)
            const isAbove = Number.isFinite(high) && !isAtMost(truth, exact(high))
            if (isBelow || isAbove) assert.unreachable(`${text} at [${x}], [${y}]: [${low}, ${high}]`)
          }
      }
    }
  })

test('square roots: the squares of the bounds lie about the number', () => {
  for (const read of Object.values(readings)) {
    const [run, lo, hi] = [read(expression('sqrt(x)', ['x'])), new Float64Array(1), new Float64Array(1)]
    for (let k = 0; k < 300; k++) {
      const x = Math.abs(anyDouble())
      run([x], [x], lo, hi)
      assert.ok(isAtMost(squareOf(exact(lo[0] as number)), exact(x)), `${x}`)
      assert.ok(isAtMost(exact(x), squareOf(exact(hi[0] as number))), `${x}`)
    }
  }
})

test('products of intervals of either sign, one by one', () => {
  for (let k = 0; k < 600; k++) {
    const sides = [side(ordinary), side(ordinary)] as const
    const matrix = ([lo, hi]: Side): IntervalMatrix => ({ n: 1, lo: Float64Array.of(lo), hi: Float64Array.of(hi) })
    const { lo, hi } = multiplyIntervals(matrix(sides[0]), matrix(sides[1]))
    for (const a of sides[0])
      for (const b of sides[1]) {
        const truth = times(exact(a), exact(b))
        assert.ok(isAtMost(exact(lo[0] as number), truth) && isAtMost(truth, exact(hi[0] as number)), `${sides}`)
      }
  }
}) // biome-ignore format: one row

test('norms of matrices of one row or column, whose squares are sums of squares', () => {
  for (let k = 0; k < 1500; k++) {
    const n = 1 + random.integer(3)
    const sides = Array.from({ length: n }, () => side(ordinary))
    const [lo, hi] = [sides.map(([v]) => v), sides.map(([, v]) => v)]
    const most = sides.map(([l, h]) => exact(Math.max(-l, h)))
    for (const [rows, cols] of [[1, n], [n, 1]] as const) {
      const bound = exact(matrixNorm({ rows, cols, lo, hi }, 2))
      assert.ok(isAtMost(sumOf(most.map(squareOf)), squareOf(bound)), `${sides}`)
      const largest = exact(matrixNorm({ rows, cols, lo, hi }, 'max', cols === 1))
      assert.ok(isAtMost(sumOf(most), largest), `${sides}`)
    }
  }
}) // biome-ignore format: shapes

test('norms of intervals about a matrix of equal singular values: each is reached within them', () => {
  // H = [[1, 1], [1, −1]]·s stretches all by s√2; with r more in its first column (1, 0) becomes (s + r, s + r)
  for (let k = 0; k < 200; k++) {
    const s = Math.abs(ordinary())
    const r = s * 2 ** -random.integer(30)
    const entries = [s, s, s, -s]
    const [lo, hi] = [entries.map((v) => v - r), entries.map((v) => v + r)]
    const bound = exact(matrixNorm({ rows: 2, cols: 2, lo, hi }, 2))
    const reached = times(whole(2), squareOf(exact(hi[0] as number)))
    assert.ok(isAtMost(reached, squareOf(bound)), `${s} ${r}`)
  }
})

function drawn(size: number, draw: (b: Builder, x: Ref) => Ref): Field {
  const b = new GraphBuilder()
  const stateNames = Array.from({ length: size }, (_, i) => `x${i}`)
  return makeField(b, draw(b, b.leaf('state', size)), { name: 'f', stateNames, inputNames: [], theta: new Float64Array(0), layout: [] })
} // biome-ignore format: one row

/** What moves and mixes entries of a vector of four, and what comes out exactly. */
const weights = [3, -0.7, 1.9, 5.3]
const w = weights.map(exact)
const mixtures: readonly (readonly [string, (b: Builder, x: Ref) => Ref, (x: readonly Exact[]) => readonly Exact[]])[] = [
  ['affine', (b, x) => b.affine(b.constant(weights, true), b.gather(x, [0, 1]), b.gather(x, [2, 3]), 2, 2), ([p, q, r, s]) => [
    sumOf([times(w[0], p), times(w[1], q), r]), sumOf([times(w[2], p), times(w[3], q), s]),
  ]],
  ['matvec', (b, x) => b.matvec(b.constant(weights, true), b.gather(x, [0, 1]), 2, 2), ([p, q]) => [
    plus(times(w[0], p), times(w[1], q)), plus(times(w[2], p), times(w[3], q)),
  ]],
  ['matvec, transposed', (b, x) => b.matvec(b.constant(weights, true), b.gather(x, [0, 1]), 2, 2, true), ([p, q]) => [
    plus(times(w[0], p), times(w[2], q)), plus(times(w[1], p), times(w[3], q)),
  ]],
  ['dot', (b, x) => b.dot(b.gather(x, [0, 1]), b.gather(x, [2, 3])), ([p, q, r, s]) => [plus(times(p, r), times(q, s))]],
  ['outer', (b, x) => b.outer(b.gather(x, [0, 1]), b.gather(x, [2, 3])), ([p, q, r, s]) => [times(p, r), times(p, s), times(q, r), times(q, s)]],
  ['sum', (b, x) => b.sum(x), (x) => [sumOf(x)]],
  ['scatter', (b, x) => b.scatter(x, [1, 0, 1, 1], 3), ([p, q, r, s]) => [q, sumOf([p, r, s]), whole(0)]],
] // biome-ignore format: one operation a row

test('sums of products of vectors: no value lies beyond its bounds', () => {
  for (const [name, draw, value] of mixtures)
    for (const read of Object.values(readings)) {
      const field = drawn(4, draw)
      const [run, lo, hi] = [read(field), new Float64Array(field.outputSize), new Float64Array(field.outputSize)]
      for (let k = 0; k < 60; k++) {
        const x = [0, 0, 0, 0].map(ordinary)
        run(x, x, lo, hi)
        for (const [i, truth] of value(x.map(exact)).entries()) {
          const isInside = isAtMost(exact(lo[i] as number), truth) && isAtMost(truth, exact(hi[i] as number))
          assert.ok(isInside, `${name} at ${x}, entry ${i}`)
        }
      }
    }
}) // biome-ignore format: one row

/** Fields whose Lipschitz constant is known, as its square in the Euclidean norm. */
const constants: readonly (readonly [string, () => readonly [Field, Exact]])[] = [
  ['layer after layer', () => {
    const w = [ordinary(), ordinary(), ordinary()]
    const field = drawn(1, (b, x) => w.reduce((y, v) => b.matvec(b.constant([v], true), y, 1, 1), x))
    return [field, squareOf(w.map(exact).reduce(times))]
  }],
  ['a sum', () => {
    const [p, q] = [ordinary(), ordinary()]
    const field = drawn(1, (b, x) => b.add(b.matvec(b.constant([p], true), x, 1, 1), b.matvec(b.constant([q], true), b.unary('abs', x), 1, 1)))
    return [field, squareOf(plus(size(exact(p)), size(exact(q))))]
  }],
  ['an affine map of x by x', () => {
    const [p, q] = [ordinary(), ordinary()]
    const field = drawn(1, (b, x) => b.affine(b.constant([p], true), x, b.matvec(b.constant([q], true), b.unary('abs', x), 1, 1), 1, 1))
    return [field, squareOf(plus(size(exact(p)), size(exact(q))))]
  }],
  ['a product with a constant', () => {
    const c = ordinary()
    return [drawn(1, (b, x) => b.mul(b.constant(c, true), b.mul(b.constant(c, true), x))), power(exact(c), 4)]
  }],
  ['a quotient by a constant', () => {
    const [c, w] = [ordinary(), ordinary()]
    return [drawn(1, (b, x) => b.div(b.matvec(b.constant([w], true), x, 1, 1), b.constant(c, true))), squareOf(over(exact(w), exact(c)))]
  }],
  ['parts side by side', () => {
    const [p, q] = [ordinary(), ordinary()]
    const field = drawn(1, (b, x) => b.concat([b.matvec(b.constant([p], true), x, 1, 1), b.matvec(b.constant([q], true), b.unary('abs', x), 1, 1)]))
    return [field, plus(squareOf(exact(p)), squareOf(exact(q)))]
  }],
  ['an entry that is taken three times', () => {
    const w = ordinary()
    return [drawn(1, (b, x) => b.gather(b.matvec(b.constant([w], true), x, 1, 1), [0, 0, 0])), times(whole(3), squareOf(exact(w)))]
  }],
  ['a sum of three entries', () => {
    const w = ordinary()
    return [drawn(3, (b, x) => b.sum(b.matvec(b.constant([w, 0, 0, 0, w, 0, 0, 0, w], true), x, 3, 3))), times(whole(3), squareOf(exact(w)))]
  }],
  ['the slope of a sigmoid', () => {
    const [p, q] = [ordinary(), ordinary()]
    const field = drawn(1, (b, x) => b.matvec(b.constant([q], true), b.unary('sigmoid', b.matvec(b.constant([p], true), x, 1, 1)), 1, 1))
    return [field, squareOf(over(times(exact(p), exact(q)), whole(4)))]
  }],
] // biome-ignore format: one field a line

for (const [name, draw] of constants)
  test(`Lipschitz constants that are known: ${name}`, () => {
    for (let k = 0; k < 60; k++) {
      const [field, square] = draw()
      const bound = exact(lipschitzConstant(field).upper)
      assert.ok(isAtMost(square, squareOf(bound)), `${bound.top}/${bound.bottom}`)
    }
  })

test('a linear classifier: no certified radius reaches past the boundary', () => {
  for (let k = 0; k < 400; k++) {
    const [a, b, x] = [Math.abs(ordinary()), Math.abs(ordinary()), Math.abs(ordinary())]
    // (a x, −b x): decided at 0; with a = b nothing is lost, in either norm
    for (const weights of [[a, -a], [a, -b]]) {
      const f = withParams(network({ widths: [1, 2], activation: 'tanh', seed: 0, bias: false }), { 'network.weight1': weights })
      for (const norm of [2, 'max'] as const)
        for (const method of ['local', 'layers'] as const)
          assert.ok(certifiedRadius(f, [x], { norm, method }).radius <= x, `${weights} ${x} ${norm} ${method}`)
    }
  }
}) // biome-ignore format: one row

test('the margin at a point is at most the true one', () => {
  for (let k = 0; k < 400; k++) {
    const [a, b, x] = [ordinary(), ordinary(), ordinary()]
    const f = withParams(network({ widths: [1, 2], activation: 'tanh', seed: 0, bias: false }), { 'network.weight1': [a, b] }) // biome-ignore format: one line
    const { margin } = certifiedRadius(f, [x], { method: 'layers' })
    assert.ok(
      isAtMost(exact(margin), times(size(minus(exact(a), exact(b))), size(exact(x)))),
      `${a} ${b} ${x}`,
    )
  }
})

test('roundings that all point one way stay within the bound of an evaluation', () => {
  // each weight is drawn until its product errs upward by the most
  const weights: number[] = []
  let [y, truth] = [1.1, exact(1.1)]
  for (let k = 0; k < 30; k++) {
    const trials = Array.from({ length: 60 }, () => 1 + random.uniform() / 8)
    const gains = trials.map((w) => {
      const { top, bottom } = over(exact(w * y), times(exact(w), exact(y)))
      return Number(((top - bottom) << 80n) / bottom)
    })
    const w = trials[gains.indexOf(Math.max(...gains))] as number
    weights.push(w)
    truth = times(truth, exact(w))
    y = w * y
  }
  const field = drawn(1, (b, x) => weights.reduce((v, w) => b.matvec(b.constant([w], true), v, 1, 1), x))
  const out = new Float64Array(1)
  compile(field)(0, Float64Array.of(1.1), out)
  assert.is(out[0], y)
  const error = minus(exact(y), truth)
  // the roundings of thirty layers add up to more than those of one, twice bounded
  assert.ok(isAtMost(times(exact(y * 2 ** -53), whole(8)), size(error)))
  assert.ok(isAtMost(size(error), exact(evaluationError(field, 1.1))))
})

test.run()
