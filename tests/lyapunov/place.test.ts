import assert from 'node:assert/strict'
import { seededRandom } from '@separatrix/field'
import { cartPole, linearize, place, planarQuadrotor } from '@separatrix/lyapunov'
import { test } from 'uvu'

type Rows = readonly (readonly number[])[]
type Pole = number | { readonly re: number; readonly im: number }

/** Coefficients of det(sI − M), by Faddeev and LeVerrier. */
function characteristic(M: Rows): number[] {
  const n = M.length
  const times = (P: Rows, Q: Rows) =>
    P.map((row) => Q[0].map((_, j) => row.reduce((s, v, k) => s + v * Q[k][j], 0)))
  const c = [1]
  let N: number[][] = M.map((row) => row.map(() => 0))
  for (let k = 1; k <= n; k++) {
    N = times(M, N).map((row, i) => row.map((v, j) => v + (i === j ? c[k - 1] : 0)))
    c.push(-times(M, N).reduce((s, row, i) => s + row[i], 0) / k)
  }
  return c
}

/** Coefficients of Π(s − pole). */
function product(poles: readonly Pole[]): number[] {
  let p = [{ re: 1, im: 0 }]
  for (const pole of poles) {
    const z = typeof pole === 'number' ? { re: pole, im: 0 } : pole
    const shifted = [...p, { re: 0, im: 0 }]
    p = shifted.map((v, i) => {
      const w = i === 0 ? { re: 0, im: 0 } : p[i - 1]
      return { re: v.re - (z.re * w.re - z.im * w.im), im: v.im - (z.re * w.im + z.im * w.re) }
    })
  }
  return p.map(({ re }) => re)
}

function closed(A: Rows, B: Rows, poles: readonly Pole[]): number[][] {
  const K = place(A, B, poles)
  return A.map((row, i) => row.map((v, j) => v - B[i].reduce((s, b, k) => s + b * K.get(k, j), 0)))
}

const rows = (m: { readonly shape: readonly number[]; get(i: number, j: number): number }): Rows =>
  Array.from({ length: m.shape[0] }, (_, i) => Array.from({ length: m.shape[1] }, (_v, j) => m.get(i, j)))

const random = seededRandom(11)
const some = (n: number, m: number): Rows =>
  Array.from({ length: n }, () => Array.from({ length: m }, () => random.normal()))
const [pole, quad] = [linearize(cartPole()), linearize(planarQuadrotor())]
const cases: readonly (readonly [string, Rows, Rows, readonly Pole[]])[] = [
  ['a double integrator', [[0, 1], [0, 0]], [[0], [1]], [-1, -2]], // biome-ignore format: matrices
  ['where its poles are already', [[-1, 0], [0, -2]], [[1], [1]], [-1, -2]], // biome-ignore format: matrices
  ['a double pole with one input', [[0, 1], [0, 0]], [[0], [1]], [-3, -3]], // biome-ignore format: matrices
  ['the cart-pole', rows(pole.A), rows(pole.B), [-1, -2, { re: -3, im: 1 }, { re: -3, im: -1 }]],
  ['the quadrotor, two inputs', rows(quad.A), rows(quad.B), [-1, -1.5, -2, -2.5, -3, -3.5]],
  ['random, with pairs', some(5, 5), some(5, 2), [-1, { re: -2, im: 3 }, { re: -2, im: -3 }, { re: -1, im: 1 }, { re: -1, im: -1 }]], // biome-ignore format: poles
]

for (const [name, A, B, poles] of cases)
  test(`${name}: the characteristic polynomial is that of the poles`, () => {
    const [found, expected] = [characteristic(closed(A, B, poles)), product(poles)]
    // residuals of the solves times the conditions of X and of the coefficients, both up to some thousands
    expected.forEach((c, k) => {
      assert.ok(Math.abs(found[k] - c) < 1e-7 * (1 + Math.abs(c)), `${k}: ${found[k]} and ${c}`)
    })
  })

test('by hand: K of the double integrator', () => {
  const K = place([[0, 1], [0, 0]], [[0], [1]], [-1, -2]) // biome-ignore format: matrices
  assert.ok(Math.abs(K.get(0, 0) - 2) < 1e-12 && Math.abs(K.get(0, 1) - 3) < 1e-12)
})

test('what cannot be placed is refused', () => {
  assert.throws(() => place([[1, 0], [0, 2]], [[1], [0]], [-1, -2]), /controllable pair/) // biome-ignore format: matrices
  assert.throws(() => place([[0, 1], [0, 0]], [[0], [1]], [-1]), /2 poles/) // biome-ignore format: matrices
  assert.throws(() => place([[0, 1], [0, 0]], [[0], [1]], [{ re: -1, im: 1 }, -2]), /conjugate pairs/) // biome-ignore format: matrices
})

test.run()
