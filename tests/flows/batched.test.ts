import assert from 'node:assert/strict'
import { Builder, embed, type Field, makeField, network, system } from '@separatrix/field'
import { cnf, type Flow, samplePaths, volumeField, withTime } from '@separatrix/flows'
import { dopri5, rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const neural = withTime(network({ widths: [3, 12, 2], activation: 'tanh', seed: 3 }))
const given = withTime(network({ widths: [4, 12, 2], activation: 'tanh', seed: 4 }), { condition: 1 })
const linear = system({
  state: ['x', 'y', 'z'],
  dynamics: { x: '0.3*x - 0.8*y + 0.2*z', y: '0.5*x - 0.6*y', z: '0.1*x + 0.4*z' },
})
const fixed = { method: rk4, step: 0.1 }
const points = Array.from({ length: 30 }, (_, i) => [Math.cos(i), 0.7 * Math.sin(1.3 * i)])

const close = (found: ArrayLike<number>, wanted: ArrayLike<number>, allowed: number) => {
  assert.equal(found.length, wanted.length)
  for (let i = 0; i < found.length; i++)
    assert.ok(
      Math.abs(found[i] - wanted[i]) <= allowed * (1 + Math.abs(wanted[i])),
      `${found[i]}, ${wanted[i]}`,
    )
}

const flows: readonly (readonly [string, Flow])[] = [
  ['exact trace', cnf({ field: neural, ...fixed })],
  ['probes', cnf({ field: neural, ...fixed, trace: { probes: 4, seed: 1 } })],
  ['a sketch', cnf({ field: neural, ...fixed, trace: { probes: 3, sketch: 1, seed: 1 } })],
]

for (const backend of ['wasm', 'js'] as const)
  for (const [name, flow] of flows)
    test(`all points at once on '${backend}' with ${name}: as one by one, to rounding`, async () => {
      const batched = flow.batched({ backend })
      // ten steps of four stages; elementary functions on vectors err by a few units in the last place
      const allowed = 1e-12
      close((await batched.sample(20, 5)).data, flow.sample(20, 5).data, allowed)
      close(await batched.logProb(points), flow.logProb(points), allowed)
      const [one, other] = [await batched.sampleWithLogProb(20, 5), flow.sampleWithLogProb(20, 5)]
      close(one.x.data, other.x.data, allowed)
      close(one.logProb, other.logProb, allowed)
      close(one.standardError, other.standardError, allowed)
      close(await batched.inverseError(points), flow.inverseError(points), allowed)
      assert.equal((await batched.sample(0, 1)).shape[0], 0)
    })

test('chosen steps: batched answers agree to the tolerance', async () => {
  const flow = cnf({ field: neural, method: dopri5, rtol: 1e-8, atol: 1e-8 })
  // the error of a step is at most 1e-8·(1 + |y|), of a handful of steps
  close(await flow.batched({ backend: 'wasm' }).logProb(points), flow.logProb(points), 1e-6)
})

test('a conditional flow: every point has its condition, and the trace is that of x alone', async () => {
  const flow = cnf({ field: given, ...fixed, condition: 1 })
  const conditions = points.map((_, i) => [0.1 * i - 1])
  const all = flow.logProb(points, { condition: conditions })
  close(await flow.batched({ backend: 'wasm' }).logProb(points, { condition: conditions }), all, 1e-12)
  // with the condition written into the field there is no conditional flow any more
  const at = (c: number): Field =>
    system({ state: ['x', 'y'], params: { c }, dynamics: { x: 'c*x + t*y', y: 'sin(c*x)' } })
  const open = system({ state: ['x', 'y', 'c'], dynamics: { x: 'c*x + t*y', y: 'sin(c*x)', c: '0' } })
  const opened = cnf({ field: firstTwo(open), ...fixed, condition: 1 })
  for (const c of [-0.7, 0.4])
    close(opened.logProb(points, { condition: [c] }), cnf({ field: at(c), ...fixed }).logProb(points), 1e-13)
  assert.throws(() => flow.logProb(points), /a condition of 1 numbers/)
  assert.throws(() => flow.logProb(points, { condition: [[1], [2]] }), /30 rows/)
  assert.throws(() => flows[0][1].sample(1, 0, { condition: [1] }), /no condition/)
})

test('paths of samples: from the draws of the base to the samples, with conditions too', async () => {
  for (const [flow, condition] of [
    [cnf({ field: neural, ...fixed }), undefined],
    [cnf({ field: neural, ...fixed, span: [1, 0] }), undefined],
    [cnf({ field: given, ...fixed, condition: 1 }), [0.3]],
  ] as const) {
    // frames at the ends of steps, so that steps are the same
    const { t, x } = await samplePaths(flow, { count: 5, seed: 3, frames: 10, condition })
    assert.deepEqual([x.shape, t[0], t[10]], [[11, 5, 2], ...flow.span])
    const ends = Array.from({ length: 10 }, (_, k) => x.get(10, Math.floor(k / 2), k % 2))
    close(ends, flow.sample(5, 3, { condition }).data, 1e-12)
    // half of the way is the flow over half of the span
    const middle = cnf({
      field: flow.field,
      ...fixed,
      condition: flow.condition,
      span: [flow.span[0], 0.5],
    }).sample(5, 3, { condition })
    close(
      Array.from({ length: 10 }, (_, k) => x.get(5, Math.floor(k / 2), k % 2)),
      middle.data,
      1e-12,
    )
  }
  const flow = cnf({ field: neural, ...fixed })
  await assert.rejects(() => samplePaths(flow, { count: 0, seed: 0 }), /at least 1 samples/)
  await assert.rejects(() => samplePaths(flow, { count: 1, seed: 0, frames: 0.5 }), /at least 1 frames/)
})

/** A field of [x; y; c] whose last entry is left out. */
function firstTwo(f: Field): Field {
  const b = new Builder()
  return makeField(b, b.gather(embed(b, f), [0, 1]), f)
}

test('Hutch++: exact where the sketch spans everything, unbiased elsewhere, and nearer than Hutchinson', () => {
  const exact = cnf({ field: linear, ...fixed }).logProb([[0.1, 0.2, 0.3]])[0]
  const whole = cnf({
    field: linear,
    ...fixed,
    trace: { probes: 2, sketch: 3, distribution: 'normal', seed: 1 },
  })
  const answer = whole.logProbEstimate([[0.1, 0.2, 0.3]])
  // Q is orthonormal to rounding, and what is left for the probes is 0
  close(answer.logProb, [exact], 1e-12)
  assert.ok(answer.standardError[0] < 1e-12)
  const many = Array.from({ length: 400 }, () => [0.1, 0.2, 0.3])
  const deviation = (sketch: number) => {
    const trace = { probes: 2, sketch, distribution: 'normal', seed: 2 } as const
    const { logProb, standardError } = cnf({ field: linear, ...fixed, trace }).logProbEstimate(many)
    const mean = logProb.reduce((sum, v) => sum + v / 400, 0)
    const spread = Math.sqrt(logProb.reduce((sum, v) => sum + (v - mean) ** 2 / 400, 0))
    // five standard errors of the mean of 400
    assert.ok(Math.abs(mean - exact) < (5 * spread) / 20, `${mean} against ${exact}`)
    const claimed = Math.sqrt(standardError.reduce((sum, e) => sum + (e * e) / 400, 0))
    return { spread, claimed }
  }
  const [plain, sketched] = [deviation(0), deviation(2)]
  assert.ok(sketched.spread < 0.7 * plain.spread, `${sketched.spread} against ${plain.spread}`)
  // the claimed error of two probes is right on average: its square over 400 points is within 30 %
  assert.ok(Math.abs(plain.claimed / plain.spread - 1) < 0.3)
})

test('a sketch larger than the space is refused', () => {
  assert.throws(() => volumeField(neural, { probes: 1, sketch: 3, seed: 0 }), /at most 2 directions/)
})

test.run()
