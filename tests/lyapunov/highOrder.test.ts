import assert from 'node:assert/strict'
import { compile, expression, interpret, lieDerivative, seededRandom, system } from '@separatrix/field'
import {
  cartPole,
  cbfQp,
  clfQp,
  feedbackLoop,
  highOrderBarrier,
  linearize,
  lqr,
  planarQuadrotor,
  quadratic,
  sontag,
} from '@separatrix/lyapunov'
import { rk4, solve } from '@separatrix/ode'
import { test } from 'uvu'

/** A disk-shaped obstacle for a mass that is pushed in the plane: four states, two inputs, relative degree 2. */
const mass = system({
  name: 'mass',
  state: ['x', 'y', 'vx', 'vy'],
  input: ['ax', 'ay'],
  dynamics: { x: 'vx', y: 'vy', vx: 'ax', vy: 'ay' },
})
const obstacle = expression('x^2 + y^2 - 1', mass.stateNames)
const alpha = [2, 3]

test('the chain by hand: ψ₁ = 2p·v + α₁B; the filter asks for 2|v|² + 2p·a + α₁·2p·v ≥ −α₂ψ₁', () => {
  const [first, second] = highOrderBarrier({ plant: mass, barrier: obstacle, alpha })
  const filter = cbfQp({ plant: mass, barrier: obstacle, alpha })
  const random = seededRandom(1)
  for (let k = 0; k < 200; k++) {
    const s = [2, 2, 1, 1].map((r) => r * (2 * random.uniform() - 1))
    const wish = [random.normal(), random.normal()]
    const [x, y, vx, vy] = s
    const B = x * x + y * y - 1
    const psi = 2 * (x * vx + y * vy) + 2 * B
    // a dozen operations on terms of at most 20
    assert.ok(Math.abs(interpret(first, 0, s)[0] - B) < 1e-13)
    assert.ok(Math.abs(interpret(second, 0, s)[0] - psi) < 1e-13)
    const { u, margin, status } = filter(s, wish)
    const condition = 2 * (vx * vx + vy * vy) + 2 * (x * u[0] + y * u[1]) + 4 * (x * vx + y * vy) + 3 * psi
    assert.ok(Math.abs(condition - margin) < 1e-10 && margin > -1e-12)
    assert.notEqual(status, 'infeasible')
  }
})

test('10,000 random states of the safe set, pushed at the obstacle: none enters; what cannot be done is reported', () => {
  const [, second] = highOrderBarrier({ plant: mass, barrier: obstacle, alpha })
  const [B, psi] = [compile(obstacle), compile(second)]
  const free = cbfQp({ plant: mass, barrier: obstacle, alpha })
  const weak = cbfQp({ plant: mass, barrier: obstacle, alpha, bounds: [[-0.3, 0.3], [-0.3, 0.3]] }) // biome-ignore format: bounds
  const random = seededRandom(2)
  const out = new Float64Array(1)
  let [tried, infeasible] = [0, 0]
  const h = 0.02
  while (tried < 10_000) {
    const s = Float64Array.from([2, 2, 1.5, 1.5], (r) => r * (2 * random.uniform() - 1))
    B(0, s, out)
    const outside = out[0] >= 0
    psi(0, s, out)
    if (!outside || out[0] < 0) continue
    tried++
    if (weak(s, [-s[0], -s[1]]).status === 'infeasible') infeasible++
    // the input is held over a step h; with it B″ is constant up to 2|a|²h², so that B stays above −(h²/2)·|a|·4 or so
    for (let step = 0; step < 25; step++) {
      const { u } = free(s, [-3 * s[0], -3 * s[1]])
      for (let i = 0; i < 2; i++) {
        s[i] += h * s[i + 2] + (h * h * u[i]) / 2
        s[i + 2] += h * u[i]
      }
      B(0, s, out)
      assert.ok(out[0] > -2e-3, `B = ${out[0]}`)
    }
  }
  assert.ok(infeasible > 100 && infeasible < 9000, `${infeasible} infeasible`)
})

test('a call with four states and two inputs takes less than 20 µs', () => {
  const filter = cbfQp({ plant: mass, barrier: obstacle, alpha, bounds: [[-5, 5], [-5, 5]] }) // biome-ignore format: bounds
  const random = seededRandom(3)
  const states = Array.from({ length: 256 }, () => [2, 2, 1, 1].map((r) => r * (2 * random.uniform() - 1)))
  const wish = [1, -1]
  const run = () => {
    const start = performance.now()
    for (let k = 0; k < 5000; k++) filter(states[k & 255], wish)
    return (performance.now() - start) / 5
  }
  run()
  const best = Math.min(run(), run(), run())
  assert.ok(best < 20, `${best} µs`)
})

test('the relative degree is read off the graph, for every state at once', () => {
  const quad = planarQuadrotor()
  const height = expression('y - 0.2', quad.stateNames)
  assert.equal(highOrderBarrier({ plant: quad, barrier: height, alpha: [1, 1] }).length, 2)
  const rail = expression('1 - x^2', cartPole().stateNames)
  assert.throws(() => cbfQp({ plant: cartPole(), barrier: rail, alpha: 1 }), /relative degree more than 1/)
  assert.throws(
    () => cbfQp({ plant: cartPole(), barrier: rail, alpha: [1, 1, 1] }),
    /relative degree 3: .* got 1 - x\^2, of relative degree 2/,
  )
  assert.throws(() => cbfQp({ plant: cartPole(), barrier: rail, alpha: [1, -1] }), /α > 0, one per order/)
  assert.throws(
    () => cbfQp({ plant: cartPole(), barrier: rail, alpha: [1, 1], disturbance: [0.1, 0, 0, 0] }),
    /disturbance that enters no earlier than the input/,
  )
  assert.throws(() => clfQp({ plant: mass, V: obstacle, rate: 1, disturbance: [1] }), /4 bounds w̄ ≥ 0/)
})

test('robust conditions hold for every disturbance within its bounds, and touch 0 for the worst', () => {
  const disturbance = [0, 0, 0.2, 0.1]
  const filter = cbfQp({ plant: mass, barrier: obstacle, alpha, disturbance })
  const random = seededRandom(4)
  let touched = 0
  for (let k = 0; k < 500; k++) {
    const [x, y, vx, vy] = [2, 2, 1, 1].map((r) => r * (2 * random.uniform() - 1))
    const { u, active } = filter([x, y, vx, vy], [-2 * x, -2 * y])
    const psi = 2 * (x * vx + y * vy) + 2 * (x * x + y * y - 1)
    const condition = (w: readonly number[]) =>
      2 * (vx * vx + vy * vy) + 2 * (x * (u[0] + w[0]) + y * (u[1] + w[1])) + 4 * (x * vx + y * vy) + 3 * psi
    const worst = condition([-Math.sign(x) * 0.2, -Math.sign(y) * 0.1])
    assert.ok(worst > -1e-12)
    if (!active) continue
    touched++
    assert.ok(Math.abs(worst) < 1e-11)
  }
  assert.ok(touched > 100)
})

test('Sontag: V̇ = −√(a² + |b|⁴), also where the quotient would cancel, and 0 where b = 0', () => {
  const plant = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'x^3 + u' } })
  const V = expression('x^2 + x*v + v^2', ['x', 'v'])
  const control = sontag({ plant, V })
  const rate = compile(feedbackRate())
  const random = seededRandom(5)
  const out = new Float64Array(1)
  for (let k = 0; k < 300; k++) {
    const size = 10 ** -random.integer(8)
    const [x, v] = [size * (2 * random.uniform() - 1), size * (2 * random.uniform() - 1)]
    const [Vx, Vv] = [2 * x + v, x + 2 * v]
    const a = Vx * v + Vv * x ** 3
    rate(0, Float64Array.of(x, v), out, undefined, control([x, v]))
    const expected = -Math.hypot(a, Vv * Vv)
    // relative to the terms that V̇ is the sum of
    assert.ok(Math.abs(out[0] - expected) <= 1e-13 * (Math.abs(a) + Vv * Vv), `${out[0]} and ${expected}`)
  }
  assert.equal(control([2, -1])[0], 0)

  function feedbackRate() {
    return lieDerivative(V, plant)
  }
})

test('the cart-pole from 20° under the controllers of its control Lyapunov function comes to rest', () => {
  const plant = cartPole()
  const eye = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0)))
  const { A, B } = linearize(plant)
  const { S } = lqr(A, B, eye, [[1]])
  const V = quadratic(
    [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (S.get(i, j) + S.get(j, i)) / 2)),
    {
      state: plant.stateNames,
    },
  )
  const clf = clfQp({ plant, V, rate: 0.3 })
  const universal = sontag({ plant, V })
  const start = [0, 0.35, 0, 0]
  for (const control of [(x: Float64Array) => clf(x).u, universal]) {
    const end = solve(feedbackLoop(plant, control), start, [0, 30], { method: rk4, step: 0.01 }).at(30)
    const ratio = interpret(V, 0, end)[0] / interpret(V, 0, start)[0]
    // V falls at least as e^(−0.3 t) for the program; Sontag's V̇ is at least as steep near the regulator's set
    assert.ok(ratio < Math.exp(-0.3 * 30) * 1.01, `${ratio}`)
  }
})

test.run()
