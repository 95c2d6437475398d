import assert from 'node:assert/strict'
import {
  type Dataset,
  datasets,
  drawPoints,
  eightGaussians,
  gaussianMixture,
  moons,
  points,
} from '@separatrix/flows'
import { test } from 'uvu'

const all: readonly Dataset[] = [
  ...Object.values(datasets),
  eightGaussians('torchcfm'),
  eightGaussians('moser'),
  moons('torchcfm'),
]

const rowsOf = (dataset: Dataset, count: number, seed: number) => {
  const { data } = drawPoints(dataset, { count, seed })
  return Array.from({ length: count }, (_, i) => data.subarray(2 * i, 2 * i + 2))
}

for (const dataset of all)
  test(`${dataset.name}: −log p of its own samples averages to the entropy`, () => {
    const count = 1500
    const values = rowsOf(dataset, count, 1).map((x) => -dataset.logProb(x))
    const mean = values.reduce((sum, v) => sum + v / count, 0)
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2 / count, 0))
    // four standard errors; the checkerboard's values are all log 32
    const allowed = (4 * deviation) / Math.sqrt(count) + dataset.entropy.error + 1e-12
    assert.ok(Math.abs(mean - dataset.entropy.value) < allowed, `${mean} against ${dataset.entropy.value}`)
  })

// a normal density on a grid of spacing h = σ/2 is integrated to e^(−2π²σ²/h²) = 1e-34 by the trapezoidal rule
for (const [dataset, half, spacing] of [
  [eightGaussians('ffjord'), 6, 0.15],
  [datasets.moons, 5, 0.1],
  [datasets.rings, 4, 0.04],
  [datasets.swissroll, 5, 0.1],
] as const)
  test(`${dataset.name}: the density integrates to 1, and to its entropy`, () => {
    const count = Math.round((2 * half) / spacing)
    let [mass, entropy] = [0, 0]
    for (let i = 0; i <= count; i++)
      for (let j = 0; j <= count; j++) {
        const log = dataset.logProb([-half + i * spacing, -half + j * spacing])
        mass += Math.exp(log) * spacing ** 2
        // beyond e^−700 p log p is 0 in doubles
        if (log > -700) entropy -= log * Math.exp(log) * spacing ** 2
      }
    assert.ok(Math.abs(mass - 1) < 1e-9, `${mass}`)
    // −p log p is less smooth than p; at half the spacing it agrees to 1e-9
    assert.ok(Math.abs(entropy - dataset.entropy.value) < 1e-6, `${entropy}`)
  })

test('the plane of a density is where its samples are, by counts in boxes', () => {
  // shares of samples in nine boxes against integrals of p: five deviations of a share are 5·√(.25/4000)
  for (const dataset of [datasets['2spirals'], datasets.pinwheel, moons('torchcfm')]) {
    const samples = rowsOf(dataset, 4000, 2)
    const spacing = 0.2
    for (const x0 of [-3, -1, 1])
      for (const y0 of [-3, -1, 1]) {
        const inside = samples.filter(([x, y]) => x > x0 && x < x0 + 2 && y > y0 && y < y0 + 2).length / 4000
        let mass = 0
        for (let i = 0; i < 10; i++)
          for (let j = 0; j < 10; j++)
            mass +=
              Math.exp(dataset.logProb([x0 + (i + 0.5) * spacing, y0 + (j + 0.5) * spacing])) * spacing ** 2
        // and the midpoint rule's error on densities with edges
        assert.ok(Math.abs(inside - mass) < 0.04 + 0.02, `${dataset.name}: ${inside} against ${mass}`)
      }
  }
})

test('draws: the same for the same seed, and within their bounds', () => {
  for (const dataset of all) {
    const again = drawPoints(dataset, { count: 50, seed: 3 })
    assert.deepEqual(drawPoints(dataset, { count: 50, seed: 3 }).data, again.data)
    assert.ok(again.data.every(Number.isFinite))
  }
  const board = drawPoints(datasets.checkerboard, { count: 500, seed: 4 })
  for (let i = 0; i < 500; i++)
    assert.equal(datasets.checkerboard.logProb([board.get(i, 0), board.get(i, 1)]), -Math.log(32))
  assert.equal(datasets.checkerboard.logProb([4.1, 0]), Number.NEGATIVE_INFINITY)
})

test('scales of the eight normals: the radius and deviation of each publication', () => {
  const scale = (variant: 'ffjord' | 'torchcfm' | 'moser') => {
    const { means, deviation } = eightGaussians(variant)
    return [Math.hypot(...means[3]), deviation]
  }
  assert.deepEqual(
    scale('ffjord').map((v) => v.toFixed(12)),
    // FFJORD divides by four digits of √2
    [4, 0.5].map((v) => (v / Number('1.414')).toFixed(12)),
  )
  assert.deepEqual(
    scale('torchcfm').map((v) => v.toFixed(6)),
    ['5.000000', '0.562341'],
  )
  assert.deepEqual(
    scale('moser').map((v) => v.toFixed(6)),
    ['0.666667', '0.083333'],
  )
})

test('what cannot be drawn is refused', () => {
  assert.throws(() => eightGaussians('other' as 'moser'), /expected one of ffjord, torchcfm, moser/)
  assert.throws(() => moons('other' as 'ffjord'), /expected one of ffjord, torchcfm/)
  assert.throws(() => gaussianMixture({ means: [[0], [0, 1]], deviation: 1 }), /means of one length/)
  assert.throws(() => drawPoints(points([[0, 1]]), { count: 3, seed: 0 }), /the length of a point/)
})

test.run()
