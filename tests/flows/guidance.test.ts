import assert from 'node:assert/strict'
import { interpret, network, system } from '@separatrix/field'
import {
  classifierFree,
  cnf,
  gaussianMixture,
  guideByRule,
  mixtureVelocity,
  probabilityFlow,
  withTime,
} from '@separatrix/flows'
import { dopri5 } from '@separatrix/ode'
import { test } from 'uvu'

const target = gaussianMixture({ means: [[-2], [2]], deviation: 0.5 })
const field = mixtureVelocity({ target })

const columns = (data: Float64Array) => {
  const mean = data.reduce((s, v) => s + v / data.length, 0)
  return { mean, variance: data.reduce((s, v) => s + (v - mean) ** 2 / data.length, 0) }
}

test('one candidate: the stochastic equation has the marginals of the flow', () => {
  for (const noise of [0, 0.5, 2]) {
    const { data } = guideByRule({
      field,
      rule: () => 0,
      candidates: 1,
      steps: 100,
      noise,
      count: 1500,
      seed: 1,
    })
    const { mean, variance } = columns(data)
    // mean 0, variance 4.25; four standard errors of 1500: .22 and .22, and Euler's error of some h
    assert.ok(Math.abs(mean) < 0.25 && Math.abs(variance - 4.25) < 0.35, `${noise}: ${mean}, ${variance}`)
    const right = data.filter((v) => v > 0).length / 1500
    assert.ok(Math.abs(right - 0.5) < 0.055)
  }
})

test('candidates: a rule without a gradient is obeyed more the more there are, and samples stay in the modes', () => {
  const share = (candidates: number) => {
    const { data } = guideByRule({
      field,
      rule: ([x]) => (x > 0 ? 1 : 0),
      candidates,
      steps: 50,
      count: 300,
      seed: 2,
    })
    const inModes = data.filter((v) => Math.abs(Math.abs(v) - 2) < 2).length / 300
    assert.ok(inModes > 0.99)
    return data.filter((v) => v > 0).length / 300
  }
  const [one, four, sixteen] = [share(1), share(4), share(16)]
  // deviations of a share of 300 are .03
  assert.ok(four > one + 0.2 && sixteen >= four - 0.03 && sixteen > 0.75, `${one}, ${four}, ${sixteen}`)
})

test('classifier-free guidance extrapolates from the unconditional velocity', () => {
  const f = withTime(network({ widths: [4, 6, 2], activation: 'tanh', seed: 1 }), { condition: 1 })
  const at = (c: number) => interpret(f, 0.3, [0.5, -1, c])
  const guided = interpret(classifierFree(f, { condition: 1, weight: 2, absent: 0 }), 0.3, [0.5, -1, 1])
  guided.forEach((v, i) => {
    assert.ok(Math.abs(v - (3 * at(1)[i] - 2 * at(0)[i])) < 1e-14)
  })
  assert.throws(() => classifierFree(f, { condition: 0, weight: 1 }), /reads a condition/)
})

test('the probability flow of an exact score has the density of the data', () => {
  // N(c, v) under the diffusion with b = .1 + 19.9t: mean c·m, variance v·m² + 1 − m², m = e^{−½∫b}
  const [c, v] = [1.5, 0.3]
  const score = system({
    state: ['x'],
    params: { c, v },
    dynamics: {
      x: '-(x - c*exp(-0.5*(0.1*t + 9.95*t^2)))/(v*exp(-(0.1*t + 9.95*t^2)) + 1 - exp(-(0.1*t + 9.95*t^2)))',
    },
  })
  const flow = cnf({ field: probabilityFlow(score), span: [1, 0], method: dopri5, rtol: 1e-9, atol: 1e-9 })
  for (const x of [0.5, 1.5, 2.2]) {
    const expected = -((x - c) ** 2) / (2 * v) - 0.5 * Math.log(2 * Math.PI * v)
    // at t = 1 the mean is c·.0066 instead of 0, which moves log p by .01·|z|, |z| below 1.9
    assert.ok(
      Math.abs(flow.logProb([[x]])[0] - expected) < 0.019,
      `${flow.logProb([[x]])[0]} against ${expected}`,
    )
  }
  assert.throws(() => probabilityFlow(network({ widths: [2, 3, 1], activation: 'tanh', seed: 0 })), /a score/)
})

test('guidance without a meaning is refused', () => {
  const options = { field, rule: () => 0, steps: 10, count: 1, seed: 0 }
  assert.throws(() => guideByRule({ ...options, candidates: 0 }), /positive number of candidates/)
  assert.throws(
    () => guideByRule({ ...options, candidates: 2, noise: 0 }),
    /noise that makes candidates differ/,
  )
})

test.run()
