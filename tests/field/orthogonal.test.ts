import assert from 'node:assert/strict'
import {
  Builder,
  cayley,
  enclose,
  type Field,
  groupSort,
  interpret,
  jacobian,
  jvp,
  makeField,
  orthogonalNetwork,
  projectOntoSimplex,
  seededRandom,
  vjp,
} from '@separatrix/field/core'
import { test } from 'uvu'

const random = seededRandom(41)
const normals = (n: number, scale = 1) => Float64Array.from({ length: n }, () => scale * random.normal())
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((s, v, i) => s + v * b[i], 0)

/** A field of one operation on a vector. */
function fieldOf(n: number, build: (b: Builder, x: number) => number): Field {
  const b = new Builder()
  return makeField(b, build(b, b.leaf('state', n)), {
    name: 'operation',
    stateNames: Array.from({ length: n }, (_, i) => `x${i + 1}`),
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
}

for (const [n, scale] of [
  [1, 1],
  [2, 1],
  [3, 10],
  [8, 0.1],
  [40, 1],
  [40, 30],
] as const)
  test(`the Cayley transform of size ${n} at scale ${scale}: orthogonal, and its derivatives are adjoint`, () => {
    const map = cayley(n)
    const Q = new Float64Array(n * n)
    const a = normals(map.parameters, scale)
    map.forward(a, Q)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const product = dot(Q.subarray(i * n, (i + 1) * n), Q.subarray(j * n, (j + 1) * n))
        // |M| ≤ 1 by elimination without growth: a few n roundings, at most some 1e-14 for 40
        assert.ok(Math.abs(product - Number(i === j)) < 1e-12)
      }
    // w·(dQ v) = (dQᵀ w)·v
    const [v, w] = [normals(map.parameters), normals(n * n)]
    const [dQ, back] = [new Float64Array(n * n), new Float64Array(map.parameters)]
    map.push(v, dQ)
    map.pull(w, back)
    const [left, right] = [dot(w, dQ), dot(back, v)]
    const size = Math.hypot(...w) * Math.hypot(...dQ)
    assert.ok(Math.abs(left - right) <= 1e-13 * size, `${left} and ${right}`)
    // a central difference: h²/6 of the third derivative, which is at most 12|M|⁴|dA|³, and rounding over h
    const h = 1e-5 / (1 + Math.hypot(...v))
    const [up, down] = [new Float64Array(n * n), new Float64Array(n * n)]
    cayley(n).forward(
      a.map((x, i) => x + h * v[i]),
      up,
    )
    cayley(n).forward(
      a.map((x, i) => x - h * v[i]),
      down,
    )
    const error = Math.hypot(...dQ.map((d, k) => d - (up[k] - down[k]) / (2 * h)))
    assert.ok(error <= 1e-9 * (1 + Math.hypot(...v)) ** 2, `${error}`)
  })

test('the Cayley transform commutes with its definition: Q(I + A) = I − A', () => {
  const n = 6
  const map = cayley(n)
  const a = normals(map.parameters)
  const Q = new Float64Array(n * n)
  map.forward(a, Q)
  const A = (i: number, j: number) =>
    i === j ? 0 : i > j ? a[(i * (i - 1)) / 2 + j] : -a[(j * (j - 1)) / 2 + i]
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let k = 0; k < n; k++) sum += Q[i * n + k] * (Number(k === j) + A(k, j))
      // six products of numbers about 1
      assert.ok(Math.abs(sum - (Number(i === j) - A(i, j))) < 1e-13)
    }
})

test('an orthogonal network starts with orthonormal layers, and brings no two points apart', () => {
  const f = orthogonalNetwork({ widths: [5, 8, 6, 3], seed: 3 })
  for (const { name, offset, shape } of f.layout.filter(({ name }) => name.includes('weight'))) {
    const [rows, cols] = shape
    const count = Math.min(rows, cols)
    const at = (i: number, k: number) => f.theta[offset + (rows <= cols ? i * cols + k : k * cols + i)]
    for (let i = 0; i < count; i++)
      for (let j = 0; j < count; j++) {
        let product = 0
        for (let k = 0; k < Math.max(rows, cols); k++) product += at(i, k) * at(j, k)
        assert.ok(Math.abs(product - Number(i === j)) < 1e-14, name)
      }
  }
  for (let trial = 0; trial < 200; trial++) {
    const [x, y] = [normals(5, 2), normals(5, 2)]
    const [fx, fy] = [interpret(f, 0, x), interpret(f, 0, y)]
    const distance = (a: Float64Array, b: Float64Array) => Math.hypot(...a.map((v, i) => v - b[i]))
    assert.ok(distance(fx, fy) <= distance(x, y) * (1 + 1e-13))
  }
})

test('GroupSort permutes: its Jacobian is a permutation matrix', () => {
  const f = fieldOf(6, groupSort)
  const x = normals(6)
  const y = interpret(f, 0, x)
  assert.deepEqual(Array.from(y).sort(), Array.from(x).sort())
  const J = interpret(jacobian(f), 0, x)
  for (let i = 0; i < 6; i++) {
    assert.equal(dot(J.subarray(6 * i, 6 * i + 6), new Array(6).fill(1)), 1)
    assert.equal(dot(J.subarray(6 * i, 6 * i + 6), x), y[i])
  }
})

for (const [n, total] of [
  [1, 1],
  [2, 0.5],
  [5, 1],
  [10, 4],
] as const)
  test(`projection onto the simplex in ${n} numbers: its conditions of Karush, Kuhn and Tucker`, () => {
    const f = fieldOf(n, (b, z) => projectOntoSimplex(b, z, total))
    const read = enclose(f)
    const J = jacobian(f)
    for (let trial = 0; trial < 50; trial++) {
      const z = normals(n, 3)
      const w = interpret(f, 0, z)
      assert.ok(w.every((v) => v >= 0))
      // sums of ten numbers of size at most 10
      assert.ok(Math.abs(dot(w, new Array(n).fill(1)) - total) < 1e-13)
      const active = Array.from(w.keys()).filter((i) => w[i] > 0)
      const mu = z[active[0]] - w[active[0]]
      for (let i = 0; i < n; i++)
        assert.ok(w[i] > 0 ? Math.abs(z[i] - w[i] - mu) < 1e-13 : z[i] <= mu + 1e-13)
      // the derivative is I − 11ᵀ/k on the k positive entries, exact up to the division
      const slopes = interpret(J, 0, z)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          const isIn = active.includes(i) && active.includes(j)
          const expected = isIn ? Number(i === j) - 1 / active.length : 0
          assert.ok(Math.abs(slopes[i * n + j] - expected) < 1e-15)
        }
      const [u, v] = [normals(n), normals(n)]
      const forward = interpret(jvp(f), 0, [...z, ...v])
      const backward = interpret(vjp(f), 0, [...z, ...u])
      assert.ok(Math.abs(dot(u, forward) - dot(backward, v)) < 1e-13)
      // points of a box are enclosed
      const [lo, hi] = [new Float64Array(n), new Float64Array(n)]
      read(
        z.map((v) => v - 0.1),
        z.map((v) => v + 0.1),
        lo,
        hi,
      )
      const inside = interpret(
        f,
        0,
        z.map((v) => v + 0.2 * random.uniform() - 0.1),
      )
      for (let i = 0; i < n; i++) assert.ok(lo[i] <= inside[i] && inside[i] <= hi[i])
    }
  })

const refused: readonly [string, () => unknown, RegExp][] = [
  ['a Cayley transform of no size', () => cayley(0), /positive size/],
  ['too few parameters', () => cayley(3).forward([1], new Float64Array(9)), /3 numbers/],
  ['a matrix of a wrong size', () => cayley(2).pull(new Float64Array(3), new Float64Array(1)), /4 numbers/],
  ['an odd width', () => orthogonalNetwork({ widths: [2, 3, 1], seed: 0 }), /even widths/],
  ['an empty simplex', () => fieldOf(2, (b, z) => projectOntoSimplex(b, z, 0)), /total > 0/],
] // biome-ignore format: one table
for (const [what, make, pattern] of refused)
  test(`${what} is refused with a reason and a remedy`, () => {
    assert.throws(make, pattern)
    assert.throws(make, /Try /)
  })

test.run()
