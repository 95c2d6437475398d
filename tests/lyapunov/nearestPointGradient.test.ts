import assert from 'node:assert/strict'
import { Builder, interpret, makeField, projectOntoSimplex, seededRandom, vjp } from '@separatrix/field/core'
import { type HalfSpace, nearestPoint, nearestPointGradient } from '@separatrix/lyapunov'
import type { MathJsInstance } from 'mathjs'
import math from 'mathjs/lib/browser/math.js'
import { test } from 'uvu'
import { type Big, toBig } from '../support/bigInterpret.js'

const create = math.create as unknown as (config: object) => MathJsInstance
const big = create({ number: 'BigNumber', precision: 60 })
const random = seededRandom(23)
const normals = (n: number) => Array.from({ length: n }, () => random.normal())

/** The solution of x − v = Aᵀλ, Ax = b in 60 digits. */
function solvePrecisely(v: readonly Big[], A: readonly (readonly Big[])[], b: readonly Big[]): Big[] {
  const zero = toBig(0)
  const rows = [
    ...v.map((_, i) => [...v.map((_v, j) => toBig(Number(i === j))), ...A.map((a) => (a[i] as Big).neg())]),
    ...A.map((a) => [...a, ...A.map(() => zero)]),
  ]
  const solution = big.lusolve(rows as never, [...v, ...b] as never) as unknown as Big[][]
  return solution.slice(0, v.length).map(([value]) => value as Big)
}

test('the gradient of a quadratic program is that of its active conditions, by differences in 60 digits', () => {
  const h = toBig('1e-25')
  const shifted = (values: readonly number[], by: readonly number[], sign: 1 | -1) =>
    values.map((value, i) => toBig(value).plus(h.times(toBig(sign * (by[i] as number)))))
  let tried = 0
  for (let trial = 0; trial < 60; trial++) {
    const n = 2 + (trial % 4)
    const v = normals(n)
    const rows: HalfSpace[] = Array.from({ length: n + 1 }, () => ({ a: normals(n), b: random.normal() }))
    const solution = nearestPoint(v, rows)
    if (solution.status !== 'solved') continue
    const cotangent = normals(n)
    const gradient = nearestPointGradient(rows, solution, cotangent)
    const active = rows.map((_, r) => r).filter((r) => (solution.multipliers[r] as number) > 1e-3)
    // multipliers near 0 are near a kink, where differences and derivatives are of different pieces
    if (solution.multipliers.some((m) => m > 0 && m <= 1e-3)) continue
    if (active.length > 0) tried++
    // one random direction in all that is given
    const [dv, dA, db] = [normals(n), active.map(() => normals(n)), normals(active.length)]
    const at = (sign: 1 | -1) =>
      solvePrecisely(
        shifted(v, dv, sign),
        active.map((r, k) => shifted(Array.from(rows[r].a), dA[k], sign)),
        shifted(
          active.map((r) => rows[r].b),
          db,
          sign,
        ),
      )
    const [up, down] = [at(1), at(-1)]
    const difference = cotangent.reduce(
      (sum, c, i) => sum + c * Number((up[i] as Big).minus(down[i] as Big).div(h.times(toBig(2)))),
      0,
    )
    const product =
      gradient.point.reduce((sum, g, i) => sum + g * dv[i], 0) +
      active.reduce(
        (sum, r, k) =>
          sum + gradient.rows[r].b * db[k] + gradient.rows[r].a.reduce((s, g, i) => s + g * dA[k][i], 0),
        0,
      )
    // the difference errs by 1e-50; normals at a small angle amplify roundings of x and λ by their condition
    const size = 1 + gradient.rows.reduce((s, { a, b }) => s + Math.hypot(...a, b), 0)
    assert.ok(Math.abs(difference - product) < 1e-10 * size * size, `${difference} and ${product}`)
    gradient.rows.forEach(({ a, b }, r) => {
      if (!active.includes(r)) assert.ok(b === 0 && a.every((value) => value === 0))
    })
  }
  assert.ok(tried > 20, `${tried}`)
})

test('the projection onto the simplex as a graph and as a program: one solution, one gradient', () => {
  const n = 6
  const b = new Builder()
  const f = makeField(b, projectOntoSimplex(b, b.leaf('state', n), 2), {
    name: 'projection',
    stateNames: Array.from({ length: n }, (_, i) => `z${i}`),
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
  const unit = (i: number) => Array.from({ length: n }, (_, k) => Number(k === i))
  const rows: HalfSpace[] = [
    { a: new Array(n).fill(1), b: 2 },
    { a: new Array(n).fill(-1), b: -2 },
    ...unit(0).map((_, i) => ({ a: unit(i), b: 0 })),
  ]
  for (let trial = 0; trial < 50; trial++) {
    const [z, w] = [normals(n), normals(n)]
    const solution = nearestPoint(z, rows)
    const value = interpret(f, 0, z)
    const back = interpret(vjp(f), 0, [...z, ...w])
    const { point } = nearestPointGradient(rows, solution, w)
    for (let i = 0; i < n; i++) {
      // a few roundings of numbers about 1
      assert.ok(Math.abs(value[i] - solution.x[i]) < 1e-13)
      assert.ok(Math.abs(back[i] - point[i]) < 1e-13)
    }
  }
})

test('gradients of what has no solution are refused', () => {
  const rows = [
    { a: [1], b: 1 },
    { a: [-1], b: 0 },
  ]
  const solution = nearestPoint([0], rows)
  assert.equal(solution.status, 'infeasible')
  assert.throws(() => nearestPointGradient(rows, solution, [1]), /solved program.*Try /s)
  assert.throws(() => nearestPointGradient([], nearestPoint([0], []), [1, 2]), /cotangent of its length/)
})

test.run()
