import assert from 'node:assert/strict'
import { seededRandom } from '@separatrix/field'
import { assignment, drawPoints, eightGaussians, moons, prepareAssignment } from '@separatrix/flows'
import { test } from 'uvu'
import { loopSearch } from '../../packages/flows/src/matching/loopSearch.js'
import { vectorSearch } from '../../packages/flows/src/matching/vectorSearch.js'

type Costs = (n: number, seed: number) => Float64Array

const clusters: Costs = (n, seed) => {
  const [a, b] = [eightGaussians('torchcfm'), moons('torchcfm')].map((d, k) =>
    drawPoints(d, { count: n, seed: 2 * seed + k }),
  )
  return Float64Array.from({ length: n * n }, (_, k) => {
    const [i, j] = [Math.floor(k / n), k % n]
    return (a.get(i, 0) - b.get(j, 0)) ** 2 + (a.get(i, 1) - b.get(j, 1)) ** 2
  })
}
const drawn =
  (draw: (random: ReturnType<typeof seededRandom>) => number): Costs =>
  (n, seed) => {
    const random = seededRandom(seed)
    return Float64Array.from({ length: n * n }, () => draw(random))
  }

const kinds: readonly (readonly [string, Costs])[] = [
  ['eight normals to moons', clusters],
  ['independent', drawn((random) => random.uniform())],
  ['normal, of either sign', drawn((random) => 100 * random.normal())],
  ['few whole numbers, hence ties', drawn((random) => random.integer(4))],
  ['all the same', drawn(() => 7)],
]

for (const [name, costs] of kinds)
  test(`costs ${name}: prices prove the assignment, with halves of it solved first or not`, () => {
    // odd sizes leave padding; from 64 on there is a half to solve first, from 128 on a half of that
    for (const n of [1, 2, 31, 33, 67, 150, 259]) {
      const { rows, solve, prices } = prepareAssignment(n)
      for (const seed of [1, 2]) {
        const cost = costs(n, seed)
        rows.forEach((row, i) => void row.set(cost.subarray(i * n, (i + 1) * n)))
        const columns = Int32Array.from(solve())
        assert.equal(new Set(columns).size, n)
        // complementary slackness: no assignment costs less than Σuᵢ + Σvⱼ, and this one costs that. A price is a sum of
        // up to n rounded lengths
        const scale = cost.reduce((most, c) => Math.max(most, Math.abs(c)), 0)
        columns.forEach((j, i) => {
          const u = cost[i * n + j] - prices[j]
          for (let k = 0; k < n; k++) assert.ok(u <= cost[i * n + k] - prices[k] + 4e-16 * n * scale)
        })
        assert.deepEqual(assignment(cost, n), columns)
      }
    }
  })

test('vectors search rows as plain loops do, to the bit', () => {
  const random = seededRandom(4)
  for (const n of [3, 4, 9, 64]) {
    const [loops, vectors] = [loopSearch(n), vectorSearch(n)]
    for (let round = 0; round < 20; round++) {
      // thirds and whole numbers: rounding, and ties whose first column both must find
      const draw = () => (round % 2 === 0 ? random.integer(3) : random.normal() / 3)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          loops.cost[i * loops.stride + j] = vectors.cost[i * vectors.stride + j] = draw()
      for (let j = 0; j < n; j++) {
        loops.price[j] = vectors.price[j] = draw()
        const isOpen = j === 0 || random.uniform() < 0.8
        loops.open[j] = vectors.open[j] = isOpen ? loops.price[j] : Number.NEGATIVE_INFINITY
        loops.distance[j] = vectors.distance[j] = isOpen ? draw() : Number.POSITIVE_INFINITY
      }
      for (let i = 0; i < n; i++) {
        assert.equal(vectors.twoLeast(i), loops.twoLeast(i))
        assert.equal(vectors.second[0], loops.second[0])
        const base = draw()
        assert.equal(vectors.relax(i, base), loops.relax(i, base))
        assert.deepEqual(vectors.distance, loops.distance)
        loops.lower(i, base)
        vectors.lower(i, base)
        assert.deepEqual(vectors.price, loops.price)
      }
    }
  }
})

test('where WebAssembly is forbidden the assignment is the same', () => {
  const cost = clusters(80, 5)
  const expected = assignment(cost, 80)
  const original = WebAssembly.Module
  WebAssembly.Module = class {
    constructor() {
      throw new WebAssembly.CompileError('forbidden by a content security policy')
    }
  } as unknown as typeof WebAssembly.Module
  try {
    assert.deepEqual(assignment(cost, 80), expected)
  } finally {
    WebAssembly.Module = original
  }
})

test('costs that are not finite, and sizes that are none, are refused', () => {
  assert.throws(() => assignment(new Float64Array(3), 2), /2 × 2 matrix/)
  assert.throws(() => assignment(Float64Array.of(1, 2, Number.NaN, 0), 2), /finite costs, got NaN/)
  assert.throws(() => assignment(Float64Array.of(1, 2, Number.POSITIVE_INFINITY, 0), 2), /finite costs/)
  assert.throws(() => prepareAssignment(1.5), /a number of rows/)
  assert.equal(assignment(new Float64Array(0), 0).length, 0)
})

test.run()
