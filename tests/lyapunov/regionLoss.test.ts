import assert from 'node:assert/strict'
import { adam, fit } from '@separatrix/adjoint'
import {
  closeLoop,
  compose,
  expression,
  interpret,
  lieDerivative,
  network,
  seededRandom,
  system,
} from '@separatrix/field'
import { ball, imitationLoss, regionLoss, trainableQuadratic } from '@separatrix/lyapunov'
import { test } from 'uvu'

const pendulum = system({
  name: 'pendulum',
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
})
const domain = [
  [-3, 3],
  [-9, 9],
] as const
const odd = network({ widths: [2, 8, 1], activation: 'tanh', seed: 2, bias: false })
const teacher = expression('-2*tanh(x1 + 0.5*x2)', ['x1', 'x2'])

test('the gradients of both losses agree with central differences on the same sample', () => {
  const V = trainableQuadratic(2, { P: [[1, 0.1], [0.1, 0.1]], epsilon: 1e-3 }) // biome-ignore format: a matrix
  const bound = [
    imitationLoss({ teacher, sampler: ball(2), batch: 32 }).bind(odd),
    regionLoss({ V, rate: 0.2, domain, reward: 0.05, batch: 64, sharpness: 5 }).bind(
      closeLoop(pendulum, odd),
    ),
  ]
  for (const loss of bound) {
    const gradient = new Float64Array(loss.theta.length)
    const scratch = new Float64Array(loss.theta.length)
    loss.evaluate(loss.theta, seededRandom(3), gradient)
    const direction = gradient.map((_, i) => Math.cos(i))
    // central difference, h = 1e-5: truncation 1e-10·f''', rounding 1e-16/1e-5; kinks move by h, so 1e-4 relative
    const at = (h: number) =>
      loss.evaluate(
        loss.theta.map((v, i) => v + h * (direction[i] as number)),
        seededRandom(3),
        scratch,
      )
    const expected = (at(1e-5) - at(-1e-5)) / 2e-5
    const actual = gradient.reduce((s, g, i) => s + g * (direction[i] as number), 0)
    assert.ok(
      Math.abs(actual - expected) <= 1e-4 * (1e-3 + Math.abs(expected)),
      `${actual} against ${expected}`,
    )
  }
})

test('imitation reaches its teacher and leaves it as it was', async () => {
  const { field, losses } = await fit({
    field: odd,
    loss: imitationLoss({
      teacher: compose(
        expression('2*u', ['u']),
        network({ widths: [2, 4, 1], activation: 'tanh', seed: 7, bias: false }),
      ),
      sampler: ball(2),
      batch: 64,
    }),
    optimizer: adam({ rate: 1e-2 }),
    steps: 800,
    seed: 1,
  })
  assert.equal(field.theta.length, odd.theta.length)
  assert.ok((losses.at(-1) as number) < 1e-3 * (losses[0] as number), `${losses[0]} → ${losses.at(-1)}`)
})

test('training grows a region in which V decreases, and keeps it inside the domain', async () => {
  const saturate = expression('2*tanh(u)', ['u'])
  const start = compose(saturate, odd)
  const { field: imitated } = await fit({
    field: start,
    loss: imitationLoss({ teacher, sampler: ball(2), batch: 64 }),
    optimizer: adam({ rate: 1e-2 }),
    steps: 400,
    seed: 1,
  })
  const { field, V } = await fit({
    field: closeLoop(pendulum, imitated),
    loss: regionLoss({ V: trainableQuadratic(2, { P: [[8, 2], [2, 1]], epsilon: 1e-3 }), rate: 0.2, domain, reward: 0.05 }), // biome-ignore format: a matrix
    optimizer: adam({ rate: 1e-2 }),
    steps: 1500,
    seed: 1,
  })
  const rate = lieDerivative(V, field)
  const random = seededRandom(5)
  let [inside, increasing, near] = [0, 0, 0]
  for (let k = 0; k < 20_000; k++) {
    const x = domain.map(([lo, hi]) => lo + (hi - lo) * random.uniform())
    const value = interpret(V, 0, x)[0] as number
    if (value > 0.8) continue
    inside++
    if (Math.abs(x[0] as number) > 2.95 || Math.abs(x[1] as number) > 8.9) near++
    if ((interpret(rate, 0, x)[0] as number) >= 0) increasing++
  }
  // the start {V ≤ 0.8} covers 2 % of the domain (π·0.8/2 of 108); training makes it several times as large
  assert.ok(inside > 1200, `${inside} of 20000 inside`)
  assert.equal(increasing, 0)
  assert.equal(near, 0)
})

test.run()
