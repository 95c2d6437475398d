import assert from 'node:assert/strict'
import { compile, interpret, jvp, seededRandom, vjp, withTheta } from '@separatrix/field'
import { flowCertifier } from '@separatrix/lyapunov'
import { solve, ssprk3 } from '@separatrix/ode'
import { test } from 'uvu'
import { fiodeReport } from '../../packages/separatrix/src/report/fiodeReport.js'
import { readDigits } from '../../packages/separatrix/src/study/digits.js'
import { fiodeStudy } from '../../packages/separatrix/src/study/fiode/fiodeStudy.js'
import { boundaryIntegrand } from '../../packages/separatrix/src/study/fiode/losses.js'
import { rates, scoreNetwork, simplexClassifier } from '../../packages/separatrix/src/study/fiode/models.js'
import { fiodeRecipe } from '../../packages/separatrix/src/study/fiode/recipe.js'
import { lyanetRecipe } from '../../packages/separatrix/src/study/lyanet/recipe.js'

const { test: images } = readDigits('unit')
const small = { ...fiodeRecipe, hidden: [12], flow: { steps: 2, step: 0.2 } }
const random = seededRandom(3)

test('the classifier of a flow on the simplex is what the solver computes', () => {
  const scores = scoreNetwork(small)
  const v = rates(scores, small)
  const classifier = simplexClassifier(scores, small)
  const state = new Float64Array(74)
  const run = compile(v)
  for (const x of images.inputs.slice(0, 5)) {
    state.set(x, 10)
    const flow = (t: number, eta: Float64Array, out: Float64Array) => {
      state.set(eta)
      run(t, state, out, v.theta)
    }
    const start = new Float64Array(10).fill(0.1)
    const { y } = solve(flow, start, [0, 0.4], { method: ssprk3, step: 0.2, saveAt: 'end' })
    const eta = interpret(classifier, 0, x)
    // two steps of some hundred operations on numbers near 1
    for (let c = 0; c < 10; c++) assert.ok(Math.abs(eta[c] - y.get(0, c)) < 1e-13)
    assert.ok(Math.abs(eta.reduce((s, c) => s + c, 0) - 1) < 1e-14 && eta.every((c) => c >= 0))
  }
})

test('the trained condition is V̇ + κV along the rates, and differentiates through the quadratic program', () => {
  const scores = scoreNetwork(small)
  const integrand = boundaryIntegrand(scores, small)
  const v = rates(scores, small)
  let positive = 0
  for (let k = 0; k < 30; k++) {
    const weights = Array.from({ length: 10 }, () => -Math.log(1 - random.uniform()))
    const eta = weights.map((w) => w / weights.reduce((s, u) => s + u, 0))
    const [label, rival] = [k % 10, (k + 3) % 10]
    const unit = (i: number) => Array.from({ length: 10 }, (_, j) => Number(j === i))
    const row = [...eta, ...images.inputs[k], ...unit(label), ...unit(rival)]
    const out = interpret(v, 0, row.slice(0, 74))
    const V = 1 + eta[rival] - eta[label]
    const expected = Math.max(0, out[rival] - out[label] + small.rate * V)
    if (expected > 0) positive++
    assert.ok(Math.abs(interpret(integrand, 0, row)[0] - expected) < 1e-13)
    const normals = (n: number) => Array.from({ length: n }, () => random.normal())
    const [direction, w] = [normals(row.length), normals(1)]
    const forward = interpret(jvp(integrand), 0, [...row, ...direction])[0] * w[0]
    const back = interpret(vjp(integrand), 0, [...row, ...w])
    assert.ok(Math.abs(forward - back.reduce((s, b, i) => s + b * direction[i], 0)) < 1e-11)
  }
  assert.ok(positive > 10)
})

test('an untrained flow: what is certified is decided alike by every step length within the bound', () => {
  const scores = scoreNetwork(small)
  // nearly no η is read, so that some images are certified before any training
  const certifier = flowCertifier(scores, { scale: 0.01 })
  const recipe = { ...small, scale: 0.01, gain: 1 }
  const classifiers = [0.05, 0.2, 0.24].map((step) =>
    withTheta(simplexClassifier(scores, { ...recipe, flow: { steps: 2, step } }), scores.theta),
  )
  let certified = 0
  for (const x of images.inputs.slice(0, 40)) {
    const { label, radius } = certifier.radius(x)
    if (radius === 0) continue
    certified++
    for (const classifier of classifiers) {
      const direction = x.map(() => random.normal())
      const length = Math.hypot(...direction)
      const eta = interpret(
        classifier,
        0,
        x.map((v, i) => v + (0.999 * radius * direction[i]) / length),
      )
      assert.equal(eta.indexOf(Math.max(...eta)), label)
    }
  }
  assert.ok(certified > 10, `${certified}`)
})

test('a short study: it learns, certifies no more than survives an attack, and reports', async () => {
  const recipe = {
    ...fiodeRecipe,
    hidden: [32],
    training: { steps: 250, batch: 64, rate: 2e-2 },
    flow: { steps: 2, step: 0.2 },
    radii: [0.05, 0.25, 0.6],
    effort: { steps: 5, restarts: 1, seed: 1 },
    attacked: 40,
    maxPieces: 40,
  }
  const comparison = {
    ...lyanetRecipe,
    width: 8,
    blocks: 1,
    flowSteps: 2,
    training: { steps: 40, batch: 32, rate: 1e-2 },
    lyapunovSteps: 60,
  }
  const terminal = {
    print: () => undefined,
    remark: () => undefined,
    progress: () => ({ update: () => undefined, stop: () => undefined }),
    now: () => 0,
  }
  const result = await fiodeStudy(recipe, comparison, terminal)
  const [own] = result.models
  assert.equal(result.contradictions, 0)
  assert.ok(own.test > 0.75, `${own.test}`)
  assert.ok(own.certified[0] > 0.4, `${own.certified}`)
  // layers are products of orthogonal matrices: Gram iteration exceeds 1 by 32^(2⁻¹³) a layer
  assert.ok(own.lipschitz < 1.002)
  assert.ok(recipe.flow.step < result.longestStep)
  for (const { name, certified, attacked, clean } of result.models)
    recipe.radii.forEach((_, k) => {
      assert.ok(certified[k] <= attacked[k] && attacked[k] <= clean, name)
      if (k > 0) assert.ok(certified[k] <= certified[k - 1] && attacked[k] <= attacked[k - 1], name)
    })
  // a proof about all images of the ball: along every followed trajectory the label leads
  for (const curve of result.neighbours.others) assert.ok(curve.slice(1).every(([, lead]) => lead > 0))
  assert.match(fiodeReport(recipe, result), /^<!doctype html>[\s\S]*certified/)
})

test.run()
