import assert from 'node:assert/strict'
import { adam, fit, type Loss } from '@separatrix/adjoint'
import { closeLoop, expression, network, seededRandom, system } from '@separatrix/field'
import { checkerboard, flowMatching, withTime } from '@separatrix/flows'
import {
  ball,
  barrierLoss,
  box,
  ellipsoidLoss,
  higherOrderLyapunovLoss,
  hybridBarrierLoss,
  imitationLoss,
  lyapunovLoss,
  measuredLoop,
  regionLoss,
  trainableQuadratic,
} from '@separatrix/lyapunov'
import { test } from 'uvu'

const plant = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'sin(x) + u' } })
const loop = closeLoop(plant, network({ widths: [2, 12, 1], activation: 'tanh', seed: 1, bias: false }))
const measured = measuredLoop(plant, network({ widths: [2, 9, 1], activation: 'tanh', seed: 5, bias: false }))
const disturbance = { error_x: [-0.1, 0.1], error_v: [-0.2, 0.1] } as const
const flow = network({ widths: [3, 16, 16, 2], activation: 'swish', seed: 2 })
const V = trainableQuadratic(2, { epsilon: 1e-3 })
const sampling = { sampler: ball(1), batch: 50 }

const losses: readonly { readonly loss: Loss; readonly field: typeof loop }[] = [
  { loss: lyapunovLoss({ V, rate: 0.5, ...sampling, normalize: 'V' }), field: loop },
  {
    loss: barrierLoss({ barrier: expression('1 - x^2 - v^2', ['x', 'v']), alpha: 1, ...sampling }),
    field: loop,
  },
  {
    loss: barrierLoss({
      barrier: expression('1 - x^2 - v^2', ['x', 'v']),
      alpha: 1,
      ...sampling,
      disturbance,
      counterexamples: { points: [[0.3, -0.2, 0.1, 0.05]] },
      worstOf: 3,
    }),
    field: measured,
  },
  { loss: higherOrderLyapunovLoss({ V, coefficients: [2, 3], ...sampling }), field: loop },
  {
    loss: ellipsoidLoss({
      P: [[2, 0.5], [0.5, 1]], // biome-ignore format: a matrix
      rate: 0.1,
      domain: [[-1, 1], [-1, 1]], // biome-ignore format: a box
      reward: 0.1,
      batch: 50,
      shell: [0.9, 1.1],
      disturbance,
    }),
    field: measured,
  },
  {
    loss: hybridBarrierLoss({
      barriers: expression('1 - x^2 - v^2', ['x', 'v']),
      alpha: 1,
      ...sampling,
      guard: box([
        [-1, 1],
        [-2, 0],
      ]),
      reset: system({ state: ['x', 'v'], dynamics: { x: 'x', v: '-0.8*v' } }),
    }),
    field: loop,
  },
  {
    loss: regionLoss({
      V,
      rate: 0.2,
      domain: [
        [-1, 1],
        [-1, 1],
      ],
      reward: 0.1,
      batch: 50,
    }),
    field: loop,
  },
  {
    loss: imitationLoss({ teacher: expression('-2*x', ['x', 'v']), ...sampling }),
    field: network({ widths: [2, 5, 1], activation: 'sin', seed: 3 }),
  },
  { loss: flowMatching({ target: checkerboard, coupling: 'independent', batch: 50 }), field: withTime(flow) },
]

/**
 * Relative to the largest entry of the gradient: in double precision the errors of elementary functions and of sums
 * over 50 samples; in single precision some hundred roundings of 6e-8, amplified by cancellation among samples (the
 * means here are down to a fiftieth of their largest term).
 */
const tolerance = { double: 1e-12, single: 3e-4 } as const

for (const { loss, field } of losses)
  for (const precision of ['double', 'single'] as const)
    test(`${loss.name} on vectors, ${precision}, is the loss of JavaScript on the same samples`, () => {
      const at = (bound: ReturnType<Loss['bind']>) => {
        const gradient = new Float64Array(bound.theta.length)
        const value = bound.evaluate(bound.theta, seededRandom(4), gradient)
        return [value, ...gradient]
      }
      const expected = at(loss.bind(field))
      const bound = loss.bind(field, undefined, { backend: 'wasm', precision })
      assert.deepEqual(bound.execution, { backend: 'wasm', precision })
      const size = Math.max(...expected.map(Math.abs))
      at(bound).forEach((v, i) => {
        assert.ok(Math.abs(v - expected[i]) <= tolerance[precision] * size, `${i}: ${v} for ${expected[i]}`)
      })
    })

test('a fit says what it ran on, resumes bit for bit, and refuses what cannot run there', async () => {
  const { loss, field } = losses[0]
  const common = { field, loss, optimizer: adam({ rate: 0.01 }), seed: 1, backend: 'wasm' as const }
  const whole = await fit({ ...common, steps: 6 })
  assert.equal(whole.backend, 'wasm')
  assert.equal(whole.precision, 'double')
  const half = await fit({ ...common, steps: 3 })
  const rest = await fit({ ...common, steps: 6, resume: half.checkpoint })
  assert.deepEqual(rest.theta, whole.theta)
  assert.equal((await fit({ ...common, backend: undefined, steps: 1 })).backend, 'js')
  await assert.rejects(
    fit({ ...common, backend: 'js', precision: 'single', steps: 1 }),
    /'double' with backend 'js'/,
  )
})

test.run()
