import { expression, interpret, system } from '@separatrix/field'
import { seededRandom } from '@separatrix/field/core'
import {
  care,
  cartPole,
  dare,
  dlqr,
  dlyap,
  equilibria,
  linearize,
  lqr,
  lyap,
  quadratic,
} from '@separatrix/lyapunov'
import type { NdArray } from 'ndarray'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

type Rows = readonly (readonly number[])[]
const rowsOf = (m: NdArray<Float64Array>): number[][] =>
  Array.from({ length: m.shape[0] as number }, (_, i) =>
    Array.from({ length: m.shape[1] as number }, (_, j) => m.get(i, j)),
  )
const times = (a: Rows, b: Rows) =>
  a.map((row) =>
    (b[0] as readonly number[]).map((_, j) => row.reduce((s, v, k) => s + v * (b[k]?.[j] as number), 0)),
  )
const turned = (a: Rows) => (a[0] as readonly number[]).map((_, j) => a.map((row) => row[j] as number))
const plus = (...list: readonly Rows[]) =>
  (list[0] as Rows).map((row, i) => row.map((_, j) => list.reduce((s, m) => s + (m[i]?.[j] as number), 0)))
const scaled = (a: Rows, k: number) => a.map((row) => row.map((v) => k * v))
const size = (a: Rows) => Math.max(...a.flat().map(Math.abs))
const eye = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)))
const randomRows = (n: number, m: number, seed: number) => {
  const random = seededRandom(seed)
  return Array.from({ length: n }, () => Array.from({ length: m }, () => 2 * random.uniform() - 1))
}
const near = (m: NdArray<Float64Array>, wanted: Rows, tolerance: number) => {
  assert.ok(
    size(plus(rowsOf(m), scaled(wanted, -1))) <= tolerance,
    `${JSON.stringify(rowsOf(m))}, not ${JSON.stringify(wanted)}`,
  )
}

test('lyap and dlyap satisfy their equations', () => {
  near(
    lyap(
      [
        [-1, 1],
        [-1, 0],
      ],
      eye(2),
    ),
    [
      [1, 0.5],
      [0.5, 1.5],
    ],
    1e-14,
  )
  for (const n of [1, 3, 6, 8]) {
    const A = plus(randomRows(n, n, n), scaled(eye(n), -n))
    const Q = randomRows(n, n, n + 1)
    const X = rowsOf(lyap(A, Q))
    // backward stable up to the condition of the equation, here below 100
    assert.ok(size(plus(times(A, X), times(X, turned(A)), Q)) <= 1e-13 * (1 + size(X) * size(A)))
    const D = scaled(randomRows(n, n, n + 2), 0.5 / n)
    const Y = rowsOf(dlyap(D, Q))
    assert.ok(size(plus(times(times(D, Y), turned(D)), scaled(Y, -1), Q)) <= 1e-13 * (1 + size(Y)))
  }
  assert.throws(
    () =>
      lyap(
        [
          [0, 1],
          [-1, 0],
        ],
        eye(2),
      ),
    /eigenvalues/,
  )
})

test('care: CAREX 1.1, random problems, and the ill-conditioned CAREX 2.1', () => {
  near(
    care(
      [
        [0, 1],
        [0, 0],
      ],
      [[0], [1]],
      [
        [1, 0],
        [0, 2],
      ],
      [[1]],
    ),
    [
      [2, 1],
      [1, 2],
    ],
    1e-13,
  )
  for (const [n, m] of [
    [2, 1],
    [4, 2],
    [6, 1],
    [8, 3],
  ] as const) {
    const [A, B] = [scaled(randomRows(n, n, 10 * n), 2), randomRows(n, m, 10 * n + 1)]
    const X = rowsOf(care(A, B, eye(n), eye(m)))
    const XB = times(X, B)
    const residual = plus(times(turned(A), X), times(X, A), scaled(times(XB, turned(XB)), -1), eye(n))
    assert.ok(
      size(residual) <= 1e-13 * n * (1 + size(XB) ** 2 + size(X) * size(A)),
      `n = ${n}: ${size(residual)}`,
    )
  }
  // CAREX 2.1: the exact solution is known; rows of size 1/ε² punish careless solvers
  const eps = 1e-6
  const a = 1
  const b = -2
  const X = rowsOf(
    care(
      [
        [a, 0],
        [0, b],
      ],
      [[eps], [0]],
      [
        [1, 1],
        [1, 1],
      ],
      [[1]],
    ),
  )
  const x11 = (a + Math.sqrt(a * a + eps * eps)) / (eps * eps)
  const x12 = 1 / (2 + Math.sqrt(a * a + eps * eps))
  // the first row of the equation: 2x11 − ε²x11² + 1 = 0 and (1 − ε²x11 − 2)x12 + 1 = 0
  assert.ok(Math.abs((X[0]?.[0] as number) / x11 - 1) < 1e-11)
  assert.ok(Math.abs((X[0]?.[1] as number) / x12 - 1) < 1e-9)
  assert.throws(
    () =>
      care(
        [
          [1, 0],
          [0, 1],
        ],
        [[1], [0]],
        eye(2),
        [[1]],
      ),
    /stabilizable/,
  )
})

test('dare satisfies its equation and stabilizes', () => {
  for (const [n, m] of [
    [2, 1],
    [5, 2],
  ] as const) {
    const [A, B] = [randomRows(n, n, 77 + n), randomRows(n, m, 78 + n)]
    const X = rowsOf(dare(A, B, eye(n), eye(m)))
    // X = AᵀX(I + GX)⁻¹A + Q with G = BBᵀ; multiplied out through K = (R + BᵀXB)⁻¹BᵀXA by normal equations for m = 1, 2
    const XA = times(X, A)
    const S = plus(eye(m), times(times(turned(B), X), B))
    const inverse = m === 1 ? [[1 / (S[0]?.[0] as number)]] : inverse2(S)
    const K = times(inverse, times(turned(B), XA))
    const residual = plus(
      times(turned(A), XA),
      scaled(X, -1),
      scaled(times(turned(times(turned(B), XA)), K), -1),
      eye(n),
    )
    assert.ok(size(residual) <= 1e-12 * (1 + size(X)), `${size(residual)}`)
  }
})

function inverse2([[p, q], [r, s]]: (Rows & { 0: readonly number[] }) | Rows): number[][] {
  const d = (p as number) * (s as number) - (q as number) * (r as number)
  return [
    [(s as number) / d, -(q as number) / d],
    [-(r as number) / d, (p as number) / d],
  ]
}

const pendulum = system({
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l)*sin(theta) - b/(m*l^2)*omega + u/(m*l^2)' },
})

test('lqr: the double integrator, and the inverted pendulum from its linearization', () => {
  const root3 = Math.sqrt(3)
  const { K, S, E } = lqr(
    [
      [0, 1],
      [0, 0],
    ],
    [[0], [1]],
    eye(2),
    [[1]],
  )
  near(K, [[1, root3]], 1e-13)
  near(
    S,
    [
      [root3, 1],
      [1, root3],
    ],
    1e-13,
  )
  assert.ok(E.every(({ re }) => Math.abs(re + root3 / 2) < 1e-12))
  const { A, B } = linearize(pendulum)
  near(
    A,
    [
      [0, 1],
      [19.62, -0.1 / 0.0375],
    ],
    1e-13,
  )
  const regulator = lqr(A, B, eye(2), [[1]])
  near(regulator.K, [[1.977252340916057, 0.976240644822852]], 1e-12)
  near(
    regulator.S,
    [
      [1.409730279936563, 0.074146962784352],
      [0.074146962784352, 0.036609024180857],
    ],
    1e-12,
  )
})

test('lqr of the cart-pole reaches the reference gain', () => {
  const { A, B } = linearize(cartPole())
  near(lqr(A, B, eye(4), [[1]]).K, [[-1, -34.389428571144336, -2.410621610426158, -10.703923554904563]], 1e-9)
})

test('dlqr: the integrator by hand, and poles of a closed map within the unit circle', () => {
  // a = b = q = r = 1: s² = s + 1 and k = s/(1 + s), the golden ratio and its inverse square's complement
  const golden = (1 + Math.sqrt(5)) / 2
  const { K, S, E } = dlqr([[1]], [[1]], [[1]], [[1]])
  near(S, [[golden]], 1e-12)
  near(K, [[golden / (1 + golden)]], 1e-12)
  assert.ok(Math.abs(E[0].re - 1 / golden ** 2) < 1e-12)
  const sampled = dlqr([[1, 0.1], [0.2, 1.1]], [[0], [0.1]], eye(2), [[1]]) // biome-ignore format: matrices
  assert.ok(sampled.E.every(({ re, im }) => Math.hypot(re, im) < 1))
})

test('quadratic is xᵀPx, symmetric or not', () => {
  const x = [0.3, -1.7]
  for (const P of [
    [
      [1.5, -0.5],
      [-0.5, 1],
    ],
    [
      [1, 2],
      [3, 4],
    ],
  ] as const) {
    const wanted = P.reduce(
      (s, row, i) => s + row.reduce((t, v, j) => t + v * (x[i] as number) * (x[j] as number), 0),
      0,
    )
    assert.ok(Math.abs((interpret(quadratic(P), 0, x)[0] as number) - wanted) < 1e-14)
  }
  assert.throws(() => quadratic([[1, 2]]), /square/)
  assert.equal(interpret(expression('x^2', ['x']), 0, [2])[0], interpret(quadratic([[1]]), 0, [2])[0])
})

test('equilibria of the Duffing field, with their eigenvalues', () => {
  const duffing = system({ state: ['x', 'y'], dynamics: { x: 'y', y: 'x - x^3 - 0.1*y' } })
  const found = equilibria(duffing, {
    domain: [
      [-2, 2],
      [-2, 2],
    ],
    seed: 1,
  })
  assert.equal(
    found.map((e) => Math.round(e.x[0] as number)),
    [-1, 0, 1],
  )
  assert.ok(found.every((e) => e.residual < 1e-14))
  assert.equal(
    found.map((e) => e.eigenvalues.some(({ re }) => re > 0)),
    [false, true, false],
  )
})

test.run()
