import assert from 'node:assert/strict'
import { adam, fit, type Loss } from '@separatrix/adjoint'
import { type Field, network } from '@separatrix/field'
import {
  checkerboard,
  flowMatching,
  lightBridge,
  lightBridgeLoss,
  likelihoodLoss,
  moons,
  moserLoss,
  riemannianFlowMatching,
  rnode,
  type Source,
  scoreAndFlowMatching,
  standardNormal,
  torus,
  withTime,
} from '@separatrix/flows'
import { rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const plane = withTime(network({ widths: [3, 6, 2], activation: 'swish', seed: 0 }))
const given = withTime(network({ widths: [4, 6, 2], activation: 'swish', seed: 0 }), { condition: 1 })
const both = withTime(network({ widths: [3, 6, 4], activation: 'swish', seed: 0 }), { outputs: 4 })
const manifold = torus(2)
const around = (inputs: number) =>
  manifold.tangent(network({ widths: [inputs, 6, 2], activation: 'swish', seed: 0 }))
const labelled: Source = {
  draw(random, x) {
    moons.draw(random, x)
    x[2] = random.integer(2)
  },
}

const cases: readonly (readonly [string, Field, Loss])[] = [
  [
    'maximum likelihood with probes and a penalty',
    plane,
    likelihoodLoss({
      data: checkerboard,
      batch: 8,
      method: rk4,
      step: 0.25,
      trace: { probes: 2, seed: 1 },
      penalty: rnode({ kinetic: 0.1, jacobian: 0.1 }),
    }),
  ],
  [
    'flow matching with exact plans larger than the batch',
    plane,
    flowMatching({ target: moons, coupling: 'exact', batch: 8, planBatch: 80, sigma: 0.1 }),
  ],
  [
    'flow matching with entropic plans smaller than the batch',
    plane,
    flowMatching({ target: moons, coupling: 'sinkhorn', regularization: 1, batch: 16, planBatch: 8 }),
  ],
  [
    'flow matching with conditions that are seen by the plan and dropped at times',
    given,
    flowMatching({
      target: labelled,
      coupling: 'exact',
      batch: 16,
      condition: 1,
      conditionWeight: 2,
      dropCondition: 0.3,
    }),
  ],
  [
    'velocity and score of a bridge',
    both,
    scoreAndFlowMatching({ target: moons, coupling: 'exact', sigma: 0.5, batch: 8 }),
  ],
  [
    'a light bridge',
    lightBridge({ dimension: 2, components: 3, regularization: 0.5, seed: 0 }),
    lightBridgeLoss({ source: standardNormal(2), target: moons, batch: 8 }),
  ],
  ['a Moser flow', around(4), moserLoss({ manifold, target: moons, weight: 2, batch: 8 })],
  ['flow matching on the torus', around(5), riemannianFlowMatching({ manifold, target: moons, batch: 8 })],
]

for (const [name, field, loss] of cases)
  for (const backend of ['wasm', 'js'] as const)
    test(`${name} on '${backend}': interrupted and resumed gives the same flow, bit for bit`, async () => {
      const options = { field, loss, optimizer: adam({ rate: 1e-2 }), seed: 4, backend }
      const whole = await fit({ ...options, steps: 7 })
      const part = await fit({ ...options, steps: 3 })
      const resume = JSON.parse(JSON.stringify(part.checkpoint))
      const resumed = await fit({ ...options, steps: 7, resume })
      assert.deepEqual(resumed.theta, whole.theta)
      assert.deepEqual(resumed.losses, whole.losses)
      assert.notDeepEqual(part.theta, whole.theta)
    })

test.run()
