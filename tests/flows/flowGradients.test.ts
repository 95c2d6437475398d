import assert from 'node:assert/strict'
import { type Field, network, system, withTheta } from '@separatrix/field'
import {
  type CnfOptions,
  cnf,
  gaussianMixture,
  logProbGradient,
  mixtureVelocity,
  type SampleLoss,
  sampleGradient,
  withTime,
} from '@separatrix/flows'
import { dopri5, implicitMidpoint, rk4 } from '@separatrix/ode'
import { test } from 'uvu'

const neural = withTime(network({ widths: [3, 6, 2], activation: 'tanh', seed: 3 }))
const conditional = withTime(network({ widths: [4, 6, 2], activation: 'tanh', seed: 4 }), { condition: 1 })
const fixed = { method: rk4, step: 0.1 }
const places = [
  [0.3, -1],
  [1.2, 0.4],
  [-0.7, 2],
]
const weights = [1, -0.5, 2]
const conditions = [[0.4], [-1], [0.1]]

/** Derivative of f at 0 by central differences, extrapolated once: h⁴ and rounding 1e-16/h. */
const slopeOf = (f: (h: number) => number) => {
  const slope = (h: number) => (f(h) - f(-h)) / (2 * h)
  return (4 * slope(5e-4) - slope(1e-3)) / 3
}
const close = (found: number, wanted: number, allowed = 1e-9) =>
  assert.ok(Math.abs(found - wanted) <= allowed * (1 + Math.abs(wanted)), `${found}, ${wanted}`)

/**
 * Of differences. Implicit steps end their iteration at a residual of some 1e-12; the direction J·g of a sketch turns
 * quickly where it is short, so that higher derivatives are large.
 */
const allowedOf = ({ method, trace = 'exact' }: Setting) =>
  method === implicitMidpoint ? 1e-7 : trace !== 'exact' && trace.sketch ? 1e-8 : 1e-9

type Setting = Omit<CnfOptions, 'field'>
const settings: readonly (readonly [string, Field, Setting])[] = [
  ['an exact trace', neural, fixed],
  ['probes', neural, { ...fixed, trace: { probes: 3, seed: 2 } }],
  ['a sketch', neural, { ...fixed, trace: { probes: 2, sketch: 1, distribution: 'normal', seed: 2 } }],
  ['a condition', conditional, { ...fixed, condition: 1 }],
  ['an implicit method', neural, { method: implicitMidpoint, step: 0.25 }],
]

const given = (setting: Setting) => (setting.condition === 1 ? { condition: conditions } : {})
const moved = (rows: readonly number[][], i: number, j: number, h: number) =>
  rows.map((row, r) => row.map((v, k) => (r === i && k === j ? v + h : v)))
const nudged = (field: Field, k: number, h: number) =>
  withTheta(
    field,
    field.theta.map((v, i) => (i === k ? v + h : v)),
  )

for (const [name, field, setting] of settings) {
  test(`log densities with ${name}: gradients against differences, and against tangents of the same steps`, () => {
    const flow = cnf({ field, ...setting })
    const total = (f: Field, x: readonly number[][], c = conditions) =>
      cnf({ field: f, ...setting })
        .logProb(x, setting.condition === 1 ? { condition: c } : {})
        .reduce((sum, v, i) => sum + weights[i] * v, 0)
    const found = logProbGradient(flow, places, { ...given(setting), weights })
    assert.deepEqual(found.logProb, flow.logProb(places, given(setting)))
    assert.deepEqual(found.standardError, flow.logProbEstimate(places, given(setting)).standardError)
    const allowed = allowedOf(setting)
    for (let i = 0; i < 3; i++)
      for (let j = 0; j < 2; j++)
        close(
          found.dx.get(i, j),
          slopeOf((h) => total(field, moved(places, i, j, h))),
          allowed,
        )
    for (let k = 0; k < field.theta.length; k += 7)
      close(
        found.dtheta[k],
        slopeOf((h) => total(nudged(field, k, h), places)),
        allowed,
      )
    assert.deepEqual(found.dcondition.shape, [3, setting.condition ?? 0])
    if (setting.condition === 1)
      for (let i = 0; i < 3; i++)
        close(
          found.dcondition.get(i, 0),
          slopeOf((h) => total(field, places, moved(conditions, i, 0, h))),
        )
    const rounding = setting.method === implicitMidpoint ? 1e-10 : 1e-12
    const tangents = logProbGradient(flow, places, { ...given(setting), weights, via: 'forward' })
    for (const key of ['dx', 'dcondition'] as const)
      tangents[key].data.forEach((v, i) => {
        close(found[key].data[i], v, rounding)
      })
    tangents.dtheta.forEach((v, k) => {
      close(found.dtheta[k], v, rounding)
    })
  })

  test(`samples with ${name}: gradients of a loss of x and log p against differences`, () => {
    const loss: SampleLoss = {
      value: (x, logProb) => x[0] * x[1] + 0.3 * logProb * logProb + Math.sin(x[1]),
      gradient(x, logProb, dx) {
        dx[0] = x[1]
        dx[1] = x[0] + Math.cos(x[1])
        return 0.6 * logProb
      },
    }
    const options = { count: 3, seed: 5, loss, ...given(setting) }
    const flow = cnf({ field, ...setting })
    const found = sampleGradient(flow, options)
    const drawn = flow.sampleWithLogProb(3, 5, given(setting))
    assert.deepEqual([found.x, found.logProb], [drawn.x, drawn.logProb])
    const mean = (f: Field, c = conditions) => {
      const { x, logProb } = cnf({ field: f, ...setting }).sampleWithLogProb(
        3,
        5,
        setting.condition === 1 ? { condition: c } : {},
      )
      return logProb.reduce((sum, l, i) => sum + loss.value(x.data.slice(2 * i, 2 * i + 2), l) / 3, 0)
    }
    const allowed = allowedOf(setting)
    close(found.value, mean(field), 1e-14)
    for (let k = 0; k < field.theta.length; k += 7)
      close(
        found.dtheta[k],
        slopeOf((h) => mean(nudged(field, k, h))),
        allowed,
      )
    if (setting.condition === 1)
      for (let i = 0; i < 3; i++)
        close(
          found.dcondition.get(i, 0),
          slopeOf((h) => mean(field, moved(conditions, i, 0, h))),
        )
  })
}

test('the score of a flow with the exact velocity is that of the mixture, by whichever way', () => {
  const target = gaussianMixture({
    means: [
      [2, 0],
      [-1, 1.5],
    ],
    deviation: 0.6,
  })
  const flow = cnf({ field: mixtureVelocity({ target }), method: dopri5, rtol: 1e-9, atol: 1e-9 })
  const score = new Float64Array(2)
  for (const via of ['discrete', 'interpolated', 'quadrature', 'backsolve'] as const) {
    const { dx } = logProbGradient(flow, places, { via })
    places.forEach((x, i) => {
      target.score(x, score)
      // solves at 1e-9, whose errors the flow's inverse stretches by up to 1/.6² = 3, and slopes of ten
      score.forEach((v, j) => {
        close(dx.get(i, j), v, 1e-6)
      })
    })
  }
})

test('a linear flow: ∇ log p and the gradient in the draws, in closed form', () => {
  const [a, b] = [0.4, -0.7]
  const linear = system({ state: ['x', 'y'], params: { a, b }, dynamics: { x: 'a*x', y: 'b*y' } })
  const flow = cnf({ field: linear, method: dopri5, rtol: 1e-11, atol: 1e-11 })
  const { dx, dtheta } = logProbGradient(flow, [[1, -2]])
  // p = N(0, diag(e^{2a}, e^{2b}))
  const [sx, sy] = [Math.exp(-2 * a), Math.exp(-2 * b)]
  close(dx.get(0, 0), -sx)
  close(dx.get(0, 1), 2 * sy)
  close(dtheta[0], sx - 1)
  close(dtheta[1], 4 * sy - 1)
  // the mean over two of log p of the sample itself: log p₀(z) − (a + b), whatever the path
  const own = { value: (_x: Float64Array, l: number) => l, gradient: () => 1 }
  const { dtheta: entropy, dbase } = sampleGradient(flow, { count: 2, seed: 1, loss: own })
  close(entropy[0], -1)
  close(entropy[1], -1)
  const { x } = flow.sampleWithLogProb(2, 1)
  for (let i = 0; i < 2; i++) close(dbase.get(i, 0), (-x.get(i, 0) * Math.exp(-a)) / 2)
})

test('what has no gradient is refused', () => {
  const flow = cnf({ field: neural, ...fixed })
  assert.throws(() => logProbGradient(flow, places, { weights: [1] }), /3 finite weights/)
  assert.throws(() => logProbGradient(flow, [[1]]), /points of 2/)
  assert.throws(() => logProbGradient(flow, places, { via: 'sideways' as 'discrete' }), /a way/)
  const loss = { value: () => 0, gradient: () => 0 }
  assert.throws(() => sampleGradient(flow, { count: 0, seed: 0, loss }), /a positive count/)
  assert.throws(() => sampleGradient(flow, { count: 1, seed: 0, loss, condition: [1] }), /no condition/)
  const blowUp = cnf({ field: system({ state: ['x'], dynamics: { x: 'x^2' } }), ...fixed, span: [2, 0] })
  assert.throws(() => logProbGradient(blowUp, [[60]]), /expected a solve|non-finite|finite/)
})

test.run()
