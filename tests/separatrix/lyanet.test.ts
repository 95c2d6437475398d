import assert from 'node:assert/strict'
import { crossEntropy } from '@separatrix/adjoint'
import { compile, gradient, interpret, jacobian, network, seededRandom, withTheta } from '@separatrix/field'
import { rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'
import { readDigits } from '../../packages/separatrix/src/study/digits.js'
import { attacker } from '../../packages/separatrix/src/study/lyanet/attack.js'
import { lyapunovIntegrand, rate } from '../../packages/separatrix/src/study/lyanet/losses.js'
import { lyanetStudy } from '../../packages/separatrix/src/study/lyanet/lyanetStudy.js'
import { dynamics, flowClassifier } from '../../packages/separatrix/src/study/lyanet/models.js'
import { lyanetRecipe } from '../../packages/separatrix/src/study/lyanet/recipe.js'

const { test: images } = readDigits('unit')

test('the classifier of a flow is what the solver computes', () => {
  const f = dynamics(8, 3)
  const classifier = flowClassifier(f, 10)
  const state = new Float64Array(74)
  const rates = compile(f)
  for (const x of images.inputs.slice(0, 3)) {
    state.set(x, 10)
    const { y } = solve(
      (t, eta, out) => {
        state.set(eta)
        rates(t, state, out, f.theta)
      },
      new Float64Array(10),
      [0, 1],
      { method: rk4, step: 0.1, saveAt: 'end' },
    )
    const logits = interpret(classifier, 0, x)
    // ten steps of some hundred operations on numbers near 1
    for (let c = 0; c < 10; c++) assert.ok(Math.abs(logits[c] - y.get(0, c)) < 1e-12)
  }
})

test('the Lyapunov condition is ∇V·f + κV with V the cross entropy', () => {
  const f = dynamics(8, 4)
  const integrand = lyapunovIntegrand(f)
  const identity = network({ widths: [10, 10], activation: 'tanh', seed: 0, bias: false })
  const V = crossEntropy(
    withTheta(
      identity,
      Float64Array.from({ length: 100 }, (_, i) => Number(i % 11 === 0)),
    ),
  )
  const slope = gradient(V)
  const random = seededRandom(5)
  let positive = 0
  for (let k = 0; k < 40; k++) {
    const eta = Array.from({ length: 10 }, () => 3 * random.normal())
    const y = Array.from({ length: 10 }, (_, i) => Number(i === k % 10))
    const x = Array.from(images.inputs[k])
    const rates = interpret(f, 0, [...eta, ...x])
    const dV = interpret(slope, 0, [...eta, ...y])
    const decay = eta.reduce((sum, _, i) => sum + dV[i] * rates[i], 0)
    const expected = Math.max(0, decay + rate * interpret(V, 0, [...eta, ...y])[0])
    if (expected > 0) positive++
    // about a hundred operations on terms of at most 40
    assert.ok(Math.abs(interpret(integrand, 0, [...eta, ...x, ...y])[0] - expected) < 1e-11)
  }
  assert.ok(positive > 10)
})

test('an attack on a linear classifier: nothing that is robust is lost, and nearly all that is not', async () => {
  // two classes compete, the others are far below: then the cross entropy rises towards the nearest boundary
  const start = network({ widths: [64, 10], activation: 'tanh', seed: 7, bias: false })
  const classifier = withTheta(start, start.theta.map((v, i) => (i < 128 ? v : -1))) // biome-ignore format: weights
  const random = seededRandom(8)
  // away from 0 and 1, so that the ball is whole
  const inputs = Array.from({ length: 200 }, () =>
    Float64Array.from({ length: 64 }, () => 0.4 + 0.2 * random.uniform()),
  )
  const logits = inputs.map((x) => Array.from(interpret(classifier, 0, x)))
  const labels = logits.map((z) => z.indexOf(Math.max(...z)))
  const W = compile(jacobian(classifier))
  const w = new Float64Array(640)
  W(0, inputs[0], w)
  for (const norm of ['l∞', 'l₂'] as const) {
    const radius = norm === 'l∞' ? 0.008 : 0.05
    const attack = await attacker(classifier, { inputs, labels })
    const alive = attack({ norm, radius }, { steps: 20, restarts: 1, seed: 1 })
    let [robust, missed] = [0, 0]
    inputs.forEach((_, k) => {
      const margin = (c: number) => {
        const difference = Array.from({ length: 64 }, (_v, i) => w[labels[k] * 64 + i] - w[c * 64 + i])
        const dual =
          norm === 'l∞' ? difference.reduce((s, v) => s + Math.abs(v), 0) : Math.hypot(...difference)
        return logits[k][labels[k]] - logits[k][c] - radius * dual
      }
      const least = Math.min(
        ...Array.from({ length: 10 }, (_v, c) => (c === labels[k] ? Infinity : margin(c))),
      )
      // logits in single precision: 64 products near 0.1
      if (least > 1e-5) {
        robust++
        assert.equal(alive[k], 1, `${norm} ${k}: margin ${least}`)
      } else if (least < -1e-5 && alive[k] === 1) missed++
    })
    assert.ok(robust > 20 && robust < 180, `${robust} robust`)
    // twenty steps of an eighth of the radius end in the corner of the cube, and on the sphere to 1e-3 of the radius
    assert.ok(missed <= 2, `${missed} missed`)
  }
})

test('a short study: every model learns, wider balls leave fewer, seeds repeat', async () => {
  const recipe = {
    ...lyanetRecipe,
    width: 16,
    flowSteps: 4,
    training: { ...lyanetRecipe.training, steps: 150, rate: 1e-2 },
    lyapunovSteps: 300,
    attacks: [
      { norm: 'l∞', radius: 0.02 },
      { norm: 'l∞', radius: 0.1 },
    ] as const,
    effort: { steps: 5, restarts: 1, seed: 1 },
    attacked: 50,
  }
  const terminal = {
    print: () => undefined,
    remark: () => undefined,
    progress: () => ({ update: () => undefined, stop: () => undefined }),
    now: () => 0,
  }
  const models = await lyanetStudy(recipe, terminal)
  for (const { name, test: right, clean, robust } of models) {
    assert.ok(right > 0.5, `${name}: ${right}`)
    assert.ok(clean >= robust[0] && robust[0] >= robust[1], name)
  }
  const flows = models.filter((m) => m.decay !== undefined)
  assert.equal(flows.length, 3)
  for (const { perturbed = [] } of flows) {
    assert.equal(perturbed.length, 12)
    // all start at 0, where every class is as probable
    for (const curve of perturbed) assert.ok(Math.abs(curve[0][1] - Math.log(10)) < 1e-15)
  }
})

test.run()
