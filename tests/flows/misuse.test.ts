import assert from 'node:assert/strict'
import { network, SeparatrixError, seededRandom } from '@separatrix/field'
import * as flows from '@separatrix/flows'
import { rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const plane = flows.withTime(network({ widths: [3, 4, 2], activation: 'tanh', seed: 0 }))
const given = flows.withTime(network({ widths: [4, 4, 2], activation: 'tanh', seed: 0 }), { condition: 1 })
const bridge = flows.lightBridge({ dimension: 2, components: 2, regularization: 1, seed: 0 })
const torus = flows.torus(2)
const tangent = torus.tangent(network({ widths: [4, 4, 2], activation: 'tanh', seed: 0 }))
const fixed = { method: rk4, step: 0.25 }
const flow = flows.cnf({ field: plane, ...fixed })
const mixture = flows.eightGaussians('ffjord')
const nan = Number.NaN
const three = flows.standardNormal(3)

/** The functions as somebody calls them who has no types. */
type Loose = (...args: unknown[]) => unknown
const loose = flows as unknown as Record<string, Loose>
const evaluate = (loss: unknown, field = plane) => {
  const bound = (loss as ReturnType<typeof flows.flowMatching>).bind(field)
  return bound.evaluate(field.theta, seededRandom(0), new Float64Array(field.theta.length))
}
const matching = (options: object) =>
  loose.flowMatching({ target: flows.moons, coupling: 'exact', ...options })
const guide = (options: object) =>
  loose.guideByRule({ field: plane, rule: () => 0, candidates: 2, steps: 2, count: 1, seed: 0, ...options })

const cases: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['cnf: unknown option', () => loose.cnf({ field: plane, ...fixed, spam: [0, 1] }), /"spam"/],
  ['cnf: span', () => loose.cnf({ field: plane, ...fixed, span: [0] }), /two different finite times/],
  ['cnf: base of another size', () => loose.cnf({ field: plane, ...fixed, base: three }), /points of 2/],
  [
    'cnf: probes of no distribution',
    () => loose.cnf({ field: plane, ...fixed, trace: { probes: 2, seed: 0, distribution: 'uniform' } }),
    /'rademacher' or 'normal'/,
  ],
  ['cnf: probes without a seed', () => loose.cnf({ field: plane, ...fixed, trace: { probes: 2 } }), /a seed/],
  ['sample: a negative count', () => flow.sample(-1, 0), /a number of samples/],
  ['sample: half a count', () => flow.sampleWithLogProb(1.5, 0), /a number of samples/],
  ['sample: no seed', () => flow.sample(1, nan), /finite seed/],
  ['logProb: nothing', () => (flow.logProb as Loose)(), /points of 2/],
  ['flowMatching: no target', () => matching({ target: undefined }), /a source/],
  ['flowMatching: a source that draws nothing', () => matching({ source: {} }), /a source/],
  ['flowMatching: target of another size', () => evaluate(matching({ target: three })), /points of 2/],
  ['flowMatching: source of another size', () => evaluate(matching({ source: three })), /points of 2/],
  ['flowMatching: unknown option', () => matching({ bach: 3 }), /"bach".*"batch"/],
  ['flowMatching: condition', () => matching({ condition: -1 }), /entries of the condition/],
  ['flowMatching: weight', () => matching({ condition: 1, conditionWeight: nan }), /conditionWeight/],
  ['flowMatching: absent', () => matching({ condition: 1, absent: nan }), /absent/],
  ['flowMatching: path', () => matching({ path: {} }), /alpha, beta/],
  [
    'flowMatching: points that are not finite',
    () => evaluate(matching({ target: { draw: (_: unknown, x: Float64Array) => x.fill(nan) } })),
    /finite costs/,
  ],
  [
    'scoreAndFlowMatching: coupling',
    () => loose.scoreAndFlowMatching({ target: flows.moons, coupling: 'x', sigma: 1 }),
    /scoreAndFlowMatching: expected coupling/,
  ],
  ['likelihoodLoss: no data', () => loose.likelihoodLoss(fixed), /data, a method/],
  ['likelihoodLoss: no method', () => loose.likelihoodLoss({ data: [[0, 0]] }), /data, a method/],
  [
    'likelihoodLoss: base of another size',
    () => evaluate(loose.likelihoodLoss({ data: [[0, 0]], base: three, ...fixed })),
    /points of 2/,
  ],
  ['otFlowPenalty', () => loose.otFlowPenalty({ kinetic: -1, hamiltonJacobi: 1, of: plane }), /kinetic ≥ 0/],
  ['probabilityFlow', () => loose.probabilityFlow(plane, { least: nan }), /finite least/],
  ['withTime', () => loose.withTime(), /a field/],
  ['classifierFree', () => loose.classifierFree(given, { condition: 1, weight: 1, absent: nan }), /absent/],
  ['guideByRule: count', () => guide({ count: nan }), /a number of samples/],
  ['guideByRule: no rule', () => guide({ rule: undefined }), /a function of the predicted end/],
  ['guideByRule: a rule without an opinion', () => guide({ rule: () => nan }), /how good the end is/],
  ['guideByRule: endless noise', () => guide({ noise: Number.POSITIVE_INFINITY }), /noise/],
  ['torus', () => loose.torus(1.5), /at least 1 angles/],
  ['tangent: features', () => torus.tangent(plane), /4 numbers, or of these and the time/],
  ['tangent: values', () => flows.sphere.tangent(plane), /with 3 values/],
  ['moserFlow', () => loose.moserFlow({ manifold: torus, field: tangent, least: 0 }), /finite least > 0/],
  ['moserFlow: no manifold', () => loose.moserFlow({ field: tangent }), /a manifold/],
  [
    'moserLoss: weight',
    () => loose.moserLoss({ manifold: torus, target: flows.moons, weight: Number.POSITIVE_INFINITY }),
    /a positive weight/,
  ],
  [
    'riemannianFlowMatching: field',
    () => evaluate(loose.riemannianFlowMatching({ manifold: flows.torus(3), target: three }), plane),
    /a tangent field of the torus\(3\)/,
  ],
  [
    'lightBridgeLoss: field',
    () => evaluate(loose.lightBridgeLoss({ source: three, target: three })),
    /the field of a light bridge/,
  ],
  [
    'lightBridgeLoss: source',
    () => evaluate(loose.lightBridgeLoss({ source: three, target: flows.moons }), bridge),
    /points of 2/,
  ],
  [
    'bridgeSamples',
    () => loose.bridgeSamples(bridge, [[0, 0]], { regularization: -1, seed: 0 }),
    /regularization > 0/,
  ],
  ['variancePreserving', () => loose.variancePreserving({ least: -1 }), /a positive number/],
  [
    'sinkhorn: iterations',
    () => loose.sinkhorn(Float64Array.of(0), 1, { regularization: 1, maxIterations: nan }),
    /iterations/,
  ],
  [
    'sinkhorn: an endless regularization',
    () => loose.sinkhorn(Float64Array.of(0), 1, { regularization: Number.POSITIVE_INFINITY }),
    /positive regularization/,
  ],
  ['assignment: a list', () => loose.assignment([1], 1), /1 × 1 matrix/],
  ['wasserstein2: nothing', () => flows.wasserstein2([], []), /two samples of one size/],
  ['maximumMeanDiscrepancy', () => flows.maximumMeanDiscrepancy([], [], { bandwidth: 1 }), /two points/],
  [
    'samplingFloor',
    () => flows.samplingFloor(flows.wasserstein2, mixture, { count: 4, repeats: 0, seed: 0 }),
    /at least 1 repeats/,
  ],
  [
    'lossFloor',
    () => flows.lossFloor(plane, { target: mixture, coupling: 'independent' }, { count: nan, seed: 0 }),
    /at least 1 samples/,
  ],
  ['evaluations', () => flows.evaluations(flow, []), /at least 1 points/],
  ['bitsPerDimension', () => flows.bitsPerDimension(nan, { dimensions: 1, levels: 2 }), /a log density/],
  ['normalizedPathEnergy', () => flows.normalizedPathEnergy(1, 0), /w2 > 0/],
  ['mixtureVelocity: path', () => loose.mixtureVelocity({ target: mixture, path: 'curvy' }), /straight/],
  ['mixtureVelocity: target', () => loose.mixtureVelocity({ target: flows.moons }), /a mixture of normals/],
  ['drawPoints', () => loose.drawPoints({}, { count: 1, seed: 0, size: 2 }), /a source/],
  ['fourierFeatures', () => loose.fourierFeatures({}), /at least 1 entries/],
  ['marginRadius', () => loose.marginRadius(), /two or more outputs/],
]

for (const [name, call, text] of cases)
  test(`${name} is refused`, () => {
    assert.throws(call, (error: unknown) => {
      assert.ok(error instanceof SeparatrixError, String(error))
      assert.match(error.message, text)
      return true
    })
  })

test('what is asked of later answers is refused as well', async () => {
  await assert.rejects(() => flow.batched().sample(-1, 0), /a number of samples/)
  await assert.rejects(() => flows.negativeLogLikelihood(flow, []), /at least 1 points/)
  const options = { count: 2, seed: 0, ...fixed }
  await assert.rejects(() => flows.pathEnergy(plane, { ...options, source: three }), /points of 2/)
  await assert.rejects(
    () => flows.moserFlow({ manifold: torus, field: tangent }).sample(0, 0, fixed),
    /at least 1 samples/,
  )
})

test.run()
