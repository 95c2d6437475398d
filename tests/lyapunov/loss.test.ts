import assert from 'node:assert/strict'
import { adam, fit, type Loss } from '@separatrix/adjoint'
import { closeLoop, compile, expression, interpret, lieDerivative, network, system } from '@separatrix/field'
import { seededRandom } from '@separatrix/field/core'
import {
  ball,
  barrierLoss,
  box,
  lyapunovLoss,
  nearBoundary,
  sublevel,
  trainableQuadratic,
} from '@separatrix/lyapunov'
import { test } from 'uvu'

const pendulum = system({
  name: 'pendulum',
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
})
const controller = network({ widths: [2, 16, 1], activation: 'tanh', seed: 1, bias: false })
const loop = closeLoop(pendulum, controller)
/** the cost of the linear-quadratic regulator for Q = I, R = 1 */
const S = [
  [1.409730279936563, 0.074146962784352],
  [0.074146962784352, 0.036609024180857],
]

/** Loss and gradient on one fixed sample. */
function evaluate(loss: Loss, field = loop, seed = 3) {
  const bound = loss.bind(field)
  const gradient = new Float64Array(bound.theta.length)
  const at = (theta: Float64Array) => bound.evaluate(theta, seededRandom(seed), gradient)
  return { bound, gradient, at }
}

const V = trainableQuadratic(2, { P: S, epsilon: 1e-3 })
const losses: readonly (readonly [string, Loss])[] = [
  ...(['none', 'V', 'square'] as const).map(
    (normalize) =>
      [
        `lyapunovLoss, normalised by ${normalize}`,
        lyapunovLoss({ V, rate: 0.5, sampler: ball(1), batch: 64, normalize }),
      ] as const,
  ),
  [
    'barrierLoss',
    barrierLoss({
      barrier: expression('1 - 4*theta^2 - theta*omega - omega^2', ['theta', 'omega']),
      alpha: 1,
      sampler: box([
        [-1, 1],
        [-1, 1],
      ]),
      batch: 64,
    }),
  ],
]

for (const [name, loss] of losses) {
  test(`${name}: gradient against extrapolated differences`, () => {
    const { bound, gradient, at } = evaluate(loss)
    assert.ok(at(bound.theta) > 0)
    const exact = gradient.slice()
    const scale = Math.max(...exact.map(Math.abs))
    // central differences at h and h/2, extrapolated: rounding 1e-16·(a few)/h ≈ 1e-10 of the loss,
    // truncation h⁴ times fifth derivatives (1/m⁵ ≈ 1e4) far below; no sample of this seed lies within h of
    // the kink of its hinge
    const h = 1e-5
    for (let i = 0; i < bound.theta.length; i++) {
      const slope = (step: number) => {
        const [up, down] = [bound.theta.slice(), bound.theta.slice()]
        up[i] += step
        down[i] -= step
        return (at(up) - at(down)) / (2 * step)
      }
      const estimate = (4 * slope(h / 2) - slope(h)) / 3
      assert.ok(Math.abs(estimate - exact[i]) <= 1e-8 * scale, `${i}: ${estimate} against ${exact[i]}`)
    }
  })

  test(`${name}: what is restored holds the parts of θ`, () => {
    const { bound } = evaluate(loss)
    const moved = bound.theta.map((v) => v + 1)
    const restored = bound.restore(moved) as unknown as Record<string, typeof V>
    const other = restored['V'] ?? restored['barrier']
    assert.deepEqual(restored['field'].theta, moved.slice(0, loop.theta.length))
    assert.deepEqual(other.theta, moved.slice(loop.theta.length))
  })
}

test('the loss is the mean of max(0, ∇V·f + κV) over the samples', () => {
  const fixed = expression('1.4*x^2 + 0.15*x*y + 0.04*y^2', ['x', 'y'])
  const { bound, at } = evaluate(lyapunovLoss({ V: fixed, rate: 0.7, sampler: ball(2), batch: 200 }))
  const random = seededRandom(3)
  const x = new Float64Array(2)
  let total = 0
  for (let k = 0; k < 200; k++) {
    ball(2).draw(random, x)
    total += Math.max(0, interpret(lieDerivative(fixed, loop), 0, x)[0] + 0.7 * interpret(fixed, 0, x)[0])
  }
  const value = at(bound.theta)
  // the same terms in another order of operations
  assert.ok(Math.abs(value - total / 200) <= 1e-12 * value, `${value} against ${total / 200}`)
})

test('a loop that decays at the rate has loss 0 exactly', () => {
  const stable = system({ state: ['x', 'y'], dynamics: { x: '-x', y: '-2*y' } })
  const V2 = expression('x^2 + y^2', ['x', 'y'])
  const { bound, at, gradient } = evaluate(lyapunovLoss({ V: V2, rate: 1.9, sampler: ball(1) }), stable)
  assert.equal(at(bound.theta), 0)
  assert.ok(gradient.every((g) => g === 0))
  assert.ok(evaluate(lyapunovLoss({ V: V2, rate: 2.1, sampler: ball(1) }), stable).at(bound.theta) > 0)
})

test('training on the inverted pendulum lowers the loss and leaves the physics alone', async () => {
  const {
    field,
    V: trained,
    losses: curve,
    status,
  } = await fit({
    field: loop,
    loss: lyapunovLoss({ V, rate: 0.5, sampler: ball(1), normalize: 'V' }),
    optimizer: adam({ rate: 1e-2 }),
    steps: 300,
    seed: 1,
  })
  assert.equal(status, 'success')
  const mean = (from: number, to: number) => curve.slice(from, to).reduce((s, v) => s + v, 0) / (to - from)
  // batches of 256 scatter by a few percent of the loss; a tenfold fall is far outside of that
  assert.ok(mean(280, 301) < 0.1 * mean(0, 5), `${mean(0, 5)} → ${mean(280, 301)}`)
  assert.deepEqual(field.theta.slice(0, 4), loop.theta.slice(0, 4))
  assert.notDeepEqual(trained.theta, V.theta)
})

test('trainableQuadratic starts at xᵀPx and stays above ε|x|²', () => {
  const f = compile(V)
  const out = new Float64Array(1)
  const random = seededRandom(8)
  for (let k = 0; k < 50; k++) {
    const [x, y] = [random.normal(), random.normal()]
    f(0, [x, y], out)
    const expected = S[0][0] * x * x + 2 * S[0][1] * x * y + S[1][1] * y * y
    // a Cholesky factor and its square: a few roundings of terms of the size of V
    assert.ok(Math.abs(out[0] - expected) <= 1e-14 * (1 + 2 * (x * x + y * y)))
    f(
      0,
      [x, y],
      out,
      Float64Array.from({ length: 4 }, () => random.normal()),
    )
    assert.ok(out[0] >= 1e-3 * (x * x + y * y))
  }
  assert.throws(() => trainableQuadratic(2, { P: S, epsilon: 0.1 }), /smaller epsilon/)
  assert.throws(
    () =>
      trainableQuadratic(2, {
        P: [
          [1, 2],
          [3, 4],
        ],
        epsilon: 0.1,
      }),
    /symmetric/,
  )
})

test('samplers draw from the measure they state', () => {
  const random = seededRandom(12)
  const count = 20_000
  const draw = (sampler: ReturnType<typeof ball>, n: number) =>
    Array.from({ length: count }, () => {
      const x = new Float64Array(n)
      sampler.draw(random, x)
      return x
    })
  const mean = (values: readonly number[]) => values.reduce((s, v) => s + v, 0) / values.length
  // five standard errors of a mean of `count` values whose deviation is below 1
  const tolerance = 5 / Math.sqrt(count)
  const lengths = (points: readonly Float64Array[]) => points.map((x) => Math.hypot(...x))
  assert.ok(Math.abs(mean(lengths(draw(ball(1), 3))) - 3 / 4) < tolerance)
  assert.ok(Math.abs(mean(lengths(draw(ball(1, { measure: 'radius' }), 3))) - 1 / 2) < tolerance)
  assert.ok(lengths(draw(ball(2), 5)).every((r) => r <= 2))
  assert.ok(
    Math.abs(
      mean(
        draw(
          box([
            [1, 2],
            [0, 1],
          ]),
          2,
        ).map((x) => x[0]),
      ) - 1.5,
    ) < tolerance,
  )

  const disc = expression('x^2 + y^2', ['x', 'y'])
  const square = [
    [-1, 1],
    [-1, 1],
  ] as const
  const inside = draw(sublevel(disc, 0.25, square), 2)
  assert.ok(inside.every((x) => x[0] ** 2 + x[1] ** 2 <= 0.25))
  assert.ok(Math.abs(mean(lengths(inside)) - 1 / 3) < tolerance)
  const ring = draw(nearBoundary(expression('0.25 - x^2 - y^2', ['x', 'y']), 0.05, square), 2)
  assert.ok(ring.every((x) => Math.abs(0.25 - x[0] ** 2 - x[1] ** 2) <= 0.05))
})

test('what cannot be trained is refused', () => {
  const on3 = expression('x^2 + y^2 + z^2', ['x', 'y', 'z'])
  assert.throws(() => lyapunovLoss({ V, rate: 1, sampler: ball(1) }).bind(pendulum), /closeLoop/)
  assert.throws(() => lyapunovLoss({ V: on3, rate: 1, sampler: ball(1) }).bind(loop), /scalar field on R\^2/)
  assert.throws(() => lyapunovLoss({ V, rate: -1, sampler: ball(1) }), /κ ≥ 0/)
  assert.throws(() => ball(0), /positive radius/)
  assert.throws(() => box([[1, 0]]), /lo < hi/)
  const { bound, at } = evaluate(lyapunovLoss({ V, rate: 1, sampler: box([[0, 1]]) }))
  assert.throws(() => at(bound.theta), /one interval per state/)
  const empty = sublevel(expression('x^2 + 1', ['x']), 0.5, [[-1, 1]])
  assert.throws(() => empty.draw(seededRandom(0), new Float64Array(1)), /no hit among/)
})

test.run()
