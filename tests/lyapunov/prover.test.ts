import { expression, system } from '@separatrix/field'
import { Builder, type Field, makeField, network, seededRandom } from '@separatrix/field/core'
import { certify, invariantSet, reachAvoidStay } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { boxEvaluator } from '../../packages/lyapunov/src/certify/boxBounds.js'
import { vanishesAtOrigin } from '../../packages/lyapunov/src/certify/equilibrium.js'
import {
  combineIntervals,
  type IntervalMatrix,
  isPositiveDefinite,
  multiplyIntervals,
  symmetricPart,
} from '../../packages/lyapunov/src/certify/intervalMatrix.js'
import { matrixNorm } from '../../packages/lyapunov/src/certify/lipschitzConstant.js'
import { isPositive, polynomialOf } from '../../packages/lyapunov/src/certify/polynomial.js'
import { readPair } from '../../packages/lyapunov/src/certify/readings.js'
import { toBig } from '../support/bigInterpret.js'

/** What mutants of the prover showed that no other test looks at: single roundings, and guards of parts. */

const exactly = (x: number) => toBig(x.toPrecision(60))
const random = seededRandom(31)
const between = (lo: number, hi: number) => lo + (hi - lo) * random.uniform()
const matrixOf = (n: number, width: number): IntervalMatrix => {
  const lo = Float64Array.from({ length: n * n }, () => between(-2, 2))
  return { n, lo, hi: lo.map((v) => v + width * random.uniform()) }
}
const at = (m: IntervalMatrix, upper: boolean) => Array.from(upper ? m.hi : m.lo, exactly)
const encloses = ({ lo, hi }: IntervalMatrix, i: number, value: ReturnType<typeof exactly>) =>
  exactly(lo[i] as number).lte(value) && exactly(hi[i] as number).gte(value)

test('one rounding of the mean-value form: linear functions, whose bounds are exact but for it', () => {
  const [a, b] = [0.3, 0.7]
  const V = expression(`${a}*x + ${b}*y`, ['x', 'y'])
  // V̇ = a(−x + 3y) + b(x/7 − y), and V: at the corners they are their bounds
  const field = system({ state: ['x', 'y'], dynamics: { x: '-x + 3*y', y: '0.2*x - y' } })
  const readings = readPair('test', field, V)
  assert.ok('natural' in readings)
  if (!('natural' in readings)) return
  const { bounds, evaluate } = boxEvaluator(readings, [1, 1], () => false)
  const decimal = (text: string) => toBig(text)
  for (let k = 0; k < 400; k++) {
    const lo = Float64Array.of(between(-2, 2), between(-2, 2))
    const hi = lo.map((v) => v + between(0, 0.5))
    evaluate(lo, hi)
    for (const corner of [0, 1, 2, 3]) {
      const [x, y] = [0, 1].map((i) => exactly(((corner >> i) & 1 ? hi[i] : lo[i]) as number)) as [
        ReturnType<typeof exactly>,
        ReturnType<typeof exactly>,
      ]
      const value = decimal('0.3').times(x).plus(decimal('0.7').times(y))
      const rate = decimal('0.3')
        .times(y.times(3).minus(x))
        .plus(decimal('0.7').times(decimal('0.2').times(x).minus(y)))
      for (const [low, high, exact] of [
        [bounds.valueLow, bounds.valueHigh, value],
        [bounds.rateLow, bounds.rateHigh, rate],
      ] as const)
        assert.ok(
          exactly(low).lte(exact) && exactly(high).gte(exact),
          `${[...lo]} ${[...hi]}: ${low} ${exact} ${high}`,
        )
    }
  }
})

test('products, sums and symmetric parts of interval matrices hold those of the matrices within', () => {
  for (const n of [1, 2, 3])
    for (let k = 0; k < 60; k++) {
      const [p, q] = [matrixOf(n, k % 2), matrixOf(n, k % 3 === 0 ? 1e-3 : 0)]
      for (const isUpper of [false, true]) {
        const [a, b] = [at(p, isUpper), at(q, !isUpper)]
        for (const isTurned of [false, true]) {
          const product = multiplyIntervals(p, q, isTurned)
          for (let i = 0; i < n; i++)
            for (let j = 0; j < n; j++) {
              const entry = (m: number) =>
                (isTurned ? a[m * n + i] : a[i * n + m]) as ReturnType<typeof exactly>
              let total = toBig(0)
              for (let m = 0; m < n; m++)
                total = total.plus(entry(m).times(b[m * n + j] as ReturnType<typeof exactly>))
              assert.ok(encloses(product, i * n + j, total))
            }
        }
        const combined = combineIntervals(p, q, 0.3)
        const half = symmetricPart(p, -1)
        for (let e = 0; e < n * n; e++) {
          const [i, j] = [Math.floor(e / n), e % n]
          const own = a[e] as ReturnType<typeof exactly>
          const mirrored = a[j * n + i] as ReturnType<typeof exactly>
          assert.ok(encloses(combined, e, own.plus(exactly(0.3).times(b[e] as ReturnType<typeof exactly>))))
          assert.ok(encloses(half, e, own.plus(mirrored).div(-2)))
        }
      }
    }
})

test('a matrix that is definite in its midpoint only is not positive definite', () => {
  const matrix = (entries: readonly number[], width: number): IntervalMatrix => {
    const n = Math.sqrt(entries.length)
    const symmetric = (sign: number) =>
      Float64Array.from(entries, (v, e) => v + (e % (n + 1) === 0 ? sign * width : 0))
    return { n, lo: symmetric(-1), hi: symmetric(1) }
  }
  assert.ok(isPositiveDefinite(matrix([2, 1, 1, 2], 0.8)))
  // the least eigenvalue is 1: a width of 1 takes it to 0
  assert.not(isPositiveDefinite(matrix([2, 1, 1, 2], 1.0001)))
  assert.not(isPositiveDefinite(matrix([1, 1, 1, 1], 0)))
  assert.not(isPositiveDefinite(matrix([1, 2, 2, 1], 0)))
  assert.ok(isPositiveDefinite(matrix([4, 1, 0, 1, 3, 1, 0, 1, 2], 0.5)))
  assert.not(isPositiveDefinite(matrix([4, 1, 0, 1, 3, 1, 0, 1, 2], 1.3)))
})

test('the norm of a turned matrix in the largest entry is the sum of its columns', () => {
  const entries = Float64Array.of(1, -2, 3, 4, 0, -4)
  const w = { rows: 2, cols: 3, lo: entries, hi: entries }
  // sums are rounded up, by an ulp or two each
  const near = (x: number, y: number) => assert.ok(x >= y && x <= y * (1 + 1e-15), `${x} ${y}`)
  near(matrixNorm(w, 'max'), 8)
  near(matrixNorm(w, 'max', true), 7)
})

test('stability asks for a definite Hessian of V', () => {
  // V̇ = −x², but V is flat along y
  const field = system({ state: ['x', 'y'], dynamics: { x: '-x - y^3', y: 'x' } })
  const V = expression('x^2/2 + y^4/4', ['x', 'y'])
  const verdict = certify({ field, V, domain: [[-2, 2], [-2, 2]], property: 'stability' }) // biome-ignore format: a box
  assert.is(verdict.kind, 'unknown', verdict.message)
  assert.match(verdict.message, /Hessian/)
})

test('a set is refuted only where its boundary passes', () => {
  // B = 1 − x² − y² rises along the flow nowhere near B = 0 only: Ḃ < 0 deep inside, and > 0 on the boundary
  const field = system({
    state: ['x', 'y'],
    dynamics: { x: 'x*(0.25 - x^2 - y^2)', y: 'y*(0.25 - x^2 - y^2)' },
  })
  const barrier = expression('1 - x^2 - y^2', ['x', 'y'])
  const verdict = invariantSet({ field, barrier, domain: [[-2, 2], [-2, 2]] }) // biome-ignore format: a box
  assert.is(verdict.kind, 'proved', verdict.message)
})

test('a pivot of 0 beside other entries is indefinite: x·y + x⁴ + y⁴ is no Lyapunov function', () => {
  for (const text of ['2*x*y + x^4 + y^4', 'x*y + x^2 + x^4 + y^4', '2*x*z + y^2 + x^4 + y^4 + z^4']) {
    const names = text.includes('z') ? ['x', 'y', 'z'] : ['x', 'y']
    const polynomial = polynomialOf(expression(text, names))
    assert.ok(polynomial !== undefined && !isPositive(polynomial, names.length), text)
  }
  const sum = polynomialOf(expression('x^2 - x*y + y^2 + x^4', ['x', 'y']))
  assert.ok(sum !== undefined && isPositive(sum, 2, { isUnbounded: true }))
})

test('constants that are exact count as their doubles in polynomials, others as decimals', () => {
  const polynomial = (isExact: boolean): Field => {
    const b = new Builder()
    const x = b.leaf('state', 1)
    const meta = { name: 'p', stateNames: ['x'], inputNames: [], theta: new Float64Array(0), layout: [] }
    return makeField(b, b.mul(b.constant(0.1, isExact), x), meta)
  }
  const coefficient = (isExact: boolean) => [...(polynomialOf(polynomial(isExact))?.values() ?? [])][0]
  assert.equal(coefficient(false), { top: 1n, bottom: 10n })
  // 0.1 as a double: 0x1.999999999999ap-4
  assert.equal(coefficient(true), { top: 3602879701896397n, bottom: 36028797018963968n })
})

test('what is undefined at the origin is not shown to vanish there', () => {
  for (const text of ['x*log(x)', 'x*(1/x)', '0*sqrt(x - 1)'])
    assert.is(vanishesAtOrigin(expression(text, ['x'])), 'unknown', text)
  assert.is(vanishesAtOrigin(expression('x*exp(x) - sin(x)', ['x'])), 'yes')
  assert.is(vanishesAtOrigin(expression('cos(x)', ['x'])), 'no')
})

test('levels that are not finite are refused', () => {
  const field = system({ state: ['x'], dynamics: { x: '-x' } })
  const V = expression('x^2', ['x'])
  for (const [inner, level] of [[0.1, Infinity], [-Infinity, 1], [0.1, Number.NaN], [1, 1]] as const) // biome-ignore format: pairs
    assert.throws(() => reachAvoidStay({ field, V, domain: [[-2, 2]], inner, level }), /levels inner < level/)
})

test('a network V is bounded linearly: no bound is beaten at points, and a box that it cannot bound stays open', () => {
  const V = network({ widths: [2, 12, 12, 1], activation: 'tanh', seed: 3 })
  const field = system({ state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } })
  const readings = readPair('test', field, V)
  if (!('natural' in readings)) throw new Error(readings.why)
  assert.ok(readings.linear !== undefined)
  const wide = boxEvaluator(readings, [1, 1], () => false)
  const point = boxEvaluator(readings, [1, 1], () => false)
  for (let k = 0; k < 200; k++) {
    const lo = Float64Array.of(between(-2, 2), between(-2, 2))
    const hi = lo.map((v) => v + between(0, 0.4))
    wide.evaluate(lo, hi)
    const x = lo.map((v, i) => between(v, hi[i] as number))
    point.evaluate(x, x)
    const [b, p] = [wide.bounds, point.bounds]
    assert.ok(
      b.valueLow <= p.valueHigh &&
        b.valueHigh >= p.valueLow &&
        b.rateLow <= p.rateHigh &&
        b.rateHigh >= p.rateLow,
    )
    assert.ok(p.rateHigh - p.rateLow < 1e-9, 'a point has narrow bounds')
  }
  const partial = readPair(
    'test',
    system({ state: ['x', 'y'], dynamics: { x: '-x + 0*log(y)', y: '-y' } }),
    V,
  )
  if (!('natural' in partial)) throw new Error(partial.why)
  const cut = boxEvaluator(partial, [1, 1], (b) => b.rateHigh < 0 || b.rateHigh >= 0)
  cut.evaluate(Float64Array.of(1, -1), Float64Array.of(1.1, 1))
  assert.ok(Number.isNaN(cut.bounds.rateHigh) && Number.isNaN(cut.bounds.rateLow))
})

test.run()
