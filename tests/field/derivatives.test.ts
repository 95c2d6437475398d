import assert from 'node:assert/strict'
import {
  compile,
  divergence,
  expression,
  type Field,
  gradient,
  interpret,
  jacobian,
  jvp,
  lieDerivative,
  vjp,
} from '@separatrix/field'
import { test } from 'uvu'
import { type Big, bigInterpret, toBig } from '../support/bigInterpret.js'
import { closedFields, closedLoop, lorenz, samplePoint, vanDerPol } from './fields.js'

const unit = (n: number, k: number) => Float64Array.from({ length: n }, (_, i) => (i === k ? 1 : 0))
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((s, v, i) => s + v * (b[i] as number), 0)
const vector = (n: number, phase: number) =>
  Float64Array.from({ length: n }, (_, i) => Math.cos(1.7 * i + phase))
const scale = (a: ArrayLike<number>) => 1 + Math.max(...Array.from(a, Math.abs))

for (const f of closedFields) {
  const x = samplePoint(f.stateSize)
  const v = vector(f.stateSize, 0.3)
  const w = vector(f.outputSize, 1.1)

  test(`${f.name}: w·(J v) = (Jᵀ w)·v to 1e-12`, () => {
    // both sides are the same sum of the same products in another order: a few hundred roundings of 1e-16
    const forward = interpret(jvp(f), 0.2, [...x, ...v])
    const reverse = interpret(vjp(f), 0.2, [...x, ...w])
    const [left, right] = [dot(w, forward), dot(reverse, v)]
    assert.ok(Math.abs(left - right) <= 1e-12 * (1 + Math.abs(left)), `${left} against ${right}`)
  })

  test(`${f.name}: w·(J v) = (Jᵀ w)·v along state, θ and time at once, to 1e-12`, () => {
    const wrt = ['state', 'theta', 'time'] as const
    const all = vector(f.stateSize + f.theta.length + 1, 0.7)
    const forward = interpret(jvp(f, { wrt }), 0.2, [...x, ...all])
    const reverse = interpret(vjp(f, { wrt }), 0.2, [...x, ...w])
    const [left, right] = [dot(w, forward), dot(reverse, all)]
    // sums of up to p ≈ 4,500 products, each rounded to 1e-16 of its size
    const size = all.reduce((s, v, i) => s + Math.abs(v * reverse[i]), 1)
    assert.ok(Math.abs(left - right) <= 1e-12 * size, `${left} against ${right}`)
  })

  test(`${f.name}: the columns of the Jacobian are J·eᵢ, and its trace is the divergence`, () => {
    const [m, n] = [f.outputSize, f.stateSize]
    const J = interpret(jacobian(f), 0.2, x)
    assert.equal(J.length, m * n)
    for (let j = 0; j < n; j++) {
      const column = interpret(jvp(f), 0.2, [...x, ...unit(n, j)])
      for (let i = 0; i < m; i++)
        assert.ok(Math.abs((J[i * n + j] as number) - (column[i] as number)) <= 1e-12 * scale(J))
    }
    if (m !== n) return
    const trace = Array.from({ length: n }, (_, i) => J[i * n + i] as number).reduce((a, b) => a + b, 0)
    assert.ok(Math.abs((interpret(divergence(f), 0.2, x)[0] as number) - trace) <= 1e-12 * scale(J))
  })

  test(`${f.name}: J·v and (∂f/∂θ)ᵀ·w agree with extrapolated differences`, () => {
    const along = (h: number) =>
      interpret(
        f,
        0.2,
        x.map((value, i) => value + h * (v[i] as number)),
      )
    near(interpret(jvp(f), 0.2, [...x, ...v]), richardson(along))
    if (f.theta.length === 0) return
    const direction = vector(f.theta.length, 2)
    const byTheta = (h: number) =>
      interpret(
        f,
        0.2,
        x,
        f.theta.map((value, i) => value + h * (direction[i] as number)),
      )
    const reverse = interpret(vjp(f, { wrt: ['theta'] }), 0.2, [...x, ...w])
    near([dot(reverse, direction)], [dot(w, richardson(byTheta))])
  })
}

/**
 * Central differences at h, h/2, h/4 extrapolated twice: truncation O(h⁶) with h = 1e-2 leaves about 1e-12
 * times a seventh derivative (up to 1e3 in these fields), rounding about 1e-16·10/h = 1e-13.
 */
function richardson(f: (h: number) => Float64Array): Float64Array {
  const central = (h: number) => {
    const [plus, minus] = [f(h), f(-h)]
    return plus.map((p, i) => (p - (minus[i] as number)) / (2 * h))
  }
  const [a, b, c] = [central(1e-2), central(5e-3), central(2.5e-3)]
  const ab = b.map((v, i) => (4 * v - (a[i] as number)) / 3)
  const bc = c.map((v, i) => (4 * v - (b[i] as number)) / 3)
  return bc.map((v, i) => (16 * v - (ab[i] as number)) / 15)
}

function near(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  for (let i = 0; i < actual.length; i++) {
    const [a, e] = [actual[i] as number, expected[i] as number]
    assert.ok(Math.abs(a - e) <= 2e-8 * (1 + Math.abs(e)), `${a} against ${e}`)
  }
}

test('J·v agrees with a difference in 60 digits', () => {
  for (const f of [lorenz, vanDerPol, closedLoop]) {
    const exact = bigInterpret(f)
    const x = samplePoint(f.stateSize)
    const v = vector(f.stateSize, 0.3)
    // one-sided difference with h = 1e-25: truncation 1e-25·f'', rounding 1e-60/1e-25, both far below a double
    const h = toBig('1e-25')
    const moved = exact(
      toBig(0),
      Array.from(x, (value, i) => toBig(value).plus(h.times(toBig(v[i] as number)))),
    )
    const base = exact(toBig(0), Array.from(x, toBig))
    const expected = moved.map((m, i) => Number(m.minus(base[i] as Big).div(h)))
    const actual = interpret(jvp(f), 0, [...x, ...v])
    // the double evaluation: some tens of roundings
    for (let i = 0; i < actual.length; i++)
      assert.ok(Math.abs((actual[i] as number) - (expected[i] as number)) <= 1e-14 * scale(expected))
  }
})

test('second derivatives: the Hessian is symmetric and that of a quadratic is its matrix', () => {
  const V = expression('1.5*x^2 - x*y + y^2', ['x', 'y'])
  assert.deepEqual(Array.from(interpret(jacobian(gradient(V)), 0, [0.3, -2])), [3, -1, -1, 2])
  const rate = lieDerivative(V, closedLoop)
  const H = interpret(jacobian(gradient(rate)), 0, [0.4, 0.2])
  assert.ok(Math.abs((H[1] as number) - (H[2] as number)) <= 1e-12 * scale(H))
})

test('x⁰ of a quotient has slope 0 at 0 too', () => {
  const f = expression('(x/y)^0 + 3*x', ['x', 'y'])
  assert.deepEqual([...interpret(gradient(f), 0, [0, 2])], [3, 0])
  assert.deepEqual([...interpret(jvp(f), 0, [0, 2, 1, 1])], [3])
})

test('the Lie derivative is the gradient times the field', () => {
  const V = expression('1.5*x^2 - x*y + y^2', ['x', 'y'])
  const x = [0.7, -0.4]
  const expected = dot(interpret(gradient(V), 0, x), interpret(vanDerPol, 0, x))
  assert.ok(Math.abs((interpret(lieDerivative(V, vanDerPol), 0, x)[0] as number) - expected) < 1e-15)
})

test('the divergence of Lorenz is −(σ + 1 + β)', () => {
  const d = interpret(divergence(lorenz), 0, [1, 2, 3])[0] as number
  assert.ok(Math.abs(d + 10 + 1 + 8 / 3) < 1e-14)
})

test('derivatives with respect to input and time', () => {
  const f: Field = closedFields[4] as Field
  const byTime = interpret(jacobian(f, { wrt: 'time' }), 0.2, samplePoint(3))
  assert.ok(Math.abs((byTime[0] as number) - 0.31) < 1e-15)
  const out = new Float64Array(f.stateSize * 3)
  compile(jacobian(f))(0.2, samplePoint(3), out)
  assert.ok(out.every(Number.isFinite))
})

test.run()
