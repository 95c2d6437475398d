import assert from 'node:assert/strict'
import { divergence, interpret, network, system } from '@separatrix/field'
import { cnf, standardNormal, volumeField } from '@separatrix/flows'
import { dopri5, rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const linear = system({
  name: 'linear',
  state: ['x', 'y'],
  params: { a: 0.3, b: -0.8, c: 0.5, d: -0.6 },
  dynamics: { x: 'a*x + b*y', y: 'c*x + d*y' },
})
const A = [
  [0.3, -0.8],
  [0.5, -0.6],
]
const tight = { method: dopri5, rtol: 1e-10, atol: 1e-10 }
const neural = network({ widths: [2, 12, 2], activation: 'tanh', seed: 3 })

/** e^(At)x by its Taylor series, which for |At| ≤ 2 ends after 40 terms below 1e-16. */
function exponential(t: number, x: readonly number[]): number[] {
  let term = [...x]
  const sum = [...x]
  for (let k = 1; k <= 40; k++) {
    term = A.map((row) => ((row[0] * term[0] + row[1] * term[1]) * t) / k)
    sum.forEach((_, i) => {
      sum[i] += term[i]
    })
  }
  return sum
}

test('a linear field: log p(x) = log N(e^(−AT)x; 0, I) − T·tr A', () => {
  const flow = cnf({ field: linear, span: [0, 1.5], ...tight })
  const points = [
    [0, 0],
    [1, -0.5],
    [-2, 1.5],
    [0.3, 4],
  ]
  const found = flow.logProb(points)
  points.forEach((x, i) => {
    const z = exponential(-1.5, x)
    const expected = -(z[0] ** 2 + z[1] ** 2) / 2 - Math.log(2 * Math.PI) - 1.5 * (0.3 - 0.6)
    // a solve at 1e-10 errs by some 1e-9 of z, and log N by |z| times that
    assert.ok(Math.abs(found[i] - expected) < 1e-8, `${found[i]} against ${expected}`)
  })
  flow.inverseError(points).forEach((e) => {
    assert.ok(e < 1e-8)
  })
})

test('samples and their log densities agree with logProb', () => {
  const flow = cnf({ field: neural, ...tight })
  const { x, logProb, standardError } = flow.sampleWithLogProb(40, 5)
  const again = flow.logProb(x)
  logProb.forEach((v, i) => {
    assert.ok(Math.abs(v - again[i]) < 1e-8)
  })
  assert.ok(standardError.every((e) => e === 0))
  assert.ok(flow.sample(40, 5).data.every((v, i) => Math.abs(v - x.data[i]) < 1e-9))
  assert.deepEqual(flow.sampleWithLogProb(40, 5), { x, logProb, standardError })
  assert.notDeepEqual(flow.sample(40, 6).data, flow.sample(40, 5).data)
})

test('a density on the plane integrates to 1', () => {
  const flow = cnf({ field: neural, method: rk4, step: 0.1 })
  // the trapezoidal rule on a grid of spacing 0.25 is exact far beyond 1e-4 for densities as smooth as this
  // one; outside of ±8 a normal that is stretched by at most e¹ has less than 1e-2·e^(−(8/2.7)²/2)
  const spacing = 0.25
  const line = Array.from({ length: 65 }, (_, i) => -8 + spacing * i)
  const logProb = flow.logProb(line.flatMap((x) => line.map((y) => [x, y])))
  const total = logProb.reduce((sum, v) => sum + Math.exp(v) * spacing ** 2, 0)
  assert.ok(Math.abs(total - 1) < 1e-3, `${total}`)
})

test('a gentle flow of the base stays the base where volume and length are kept', () => {
  const rotation = system({ state: ['x', 'y'], dynamics: { x: 'y', y: '-x' } })
  const flow = cnf({ field: rotation, span: [0, 2], ...tight })
  const base = standardNormal(2)
  const points = [
    [1, 2],
    [-0.5, 0.3],
  ]
  flow.logProb(points).forEach((v, i) => {
    assert.ok(Math.abs(v - base.logProb(points[i])) < 1e-8)
  })
})

test("Hutchinson's estimate: unbiased within its standard error, exact for diagonal Jacobians", () => {
  const points = Array.from({ length: 30 }, (_, i) => [Math.cos(i), 0.7 * Math.sin(1.3 * i)])
  const exact = cnf({ field: neural, ...tight }).logProb(points)
  for (const distribution of ['rademacher', 'normal'] as const) {
    const flow = cnf({ field: neural, ...tight, trace: { probes: 32, distribution, seed: 1 } })
    const { logProb, standardError } = flow.logProbEstimate(points)
    assert.ok(standardError.every((e) => e > 0 && e < 1))
    // of 30 deviations in units of their standard error the mean square is about 1 ± √(2/30); 2 is four
    // deviations off
    const spread = logProb.reduce((sum, v, i) => sum + ((v - exact[i]) / standardError[i]) ** 2, 0) / 30
    assert.ok(spread < 2, `${distribution}: ${spread}`)
    assert.deepEqual(flow.logProbEstimate(points), { logProb, standardError })
  }
  const diagonal = system({ state: ['x', 'y'], dynamics: { x: 'cos(2*x)', y: 'sin(y)' } })
  const both = [
    cnf({ field: diagonal, ...tight }),
    cnf({ field: diagonal, ...tight, trace: { probes: 3, seed: 2 } }),
  ]
  const [one, other] = both.map((flow) => flow.logProb(points))
  one.forEach((v, i) => {
    assert.ok(Math.abs(v - other[i]) < 1e-8)
  })
})

test("Hutchinson's variance on a linear field is that of the theory", () => {
  // per probe 2(|S|² − ΣSᵢᵢ²) for ±1 and 2|S|² for normals, S = (A + Aᵀ)/2 constant along the solve
  const S = [A[0][0], (A[0][1] + A[1][0]) / 2, (A[0][1] + A[1][0]) / 2, A[1][1]]
  const offDiagonal = 2 * (S[1] ** 2 + S[2] ** 2)
  const all = 2 * S.reduce((sum, v) => sum + v * v, 0)
  const probes = 1000
  for (const [distribution, variance] of [
    ['rademacher', offDiagonal],
    ['normal', all],
  ] as const) {
    const flow = cnf({ field: linear, method: rk4, step: 0.5, trace: { probes, distribution, seed: 3 } })
    const { standardError } = flow.logProbEstimate([[0.1, 0.2]])
    // a variance from 1000 draws whose fourth moment is below 15 σ⁴ (a squared normal) is within √(14/1000) =
    // 12 %; four times that
    assert.ok(Math.abs((standardError[0] ** 2 * probes) / variance - 1) < 0.48)
  }
})

test('volumeField carries the divergence', () => {
  const f = volumeField(neural, 'exact')
  const out = interpret(f, 0, [0.3, -0.4, 7])
  assert.equal(f.stateSize, 3)
  assert.ok(Math.abs(out[2] - interpret(divergence(neural), 0, [0.3, -0.4])[0]) < 1e-14)
})

test('what cannot flow is refused', () => {
  const down = network({ widths: [2, 3, 1], activation: 'tanh', seed: 0 })
  assert.throws(() => cnf({ field: down, ...tight }), /from Rⁿ to Rⁿ/)
  assert.throws(() => cnf({ field: neural, ...tight, trace: { probes: 0, seed: 0 } }), /number of probes/)
  assert.throws(() => standardNormal(0), /a dimension/)
  const flow = cnf({ field: neural, ...tight })
  assert.throws(() => flow.logProb([[1]]), /points of 2 finite numbers/)
  assert.throws(() => flow.logProb([[1, Number.NaN]]), /points of 2 finite numbers/)
  const blowUp = system({ state: ['x'], dynamics: { x: 'x^2' } })
  assert.throws(() => cnf({ field: blowUp, ...tight, span: [1, 0] }).logProb([[2]]), /expected a solve over/)
})

test.run()
