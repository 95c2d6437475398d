import assert from 'node:assert/strict'
import { compile, expression, freeze, interpret, seededRandom, system } from '@separatrix/field'
import { cbfQp, type SafetyFilter } from '@separatrix/lyapunov'
import { test } from 'uvu'

const pendulum = system({
  name: 'pendulum',
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
})
/** |θ| ≤ 0.5 by an ellipse whose tips are at ±0.5; the coupling makes the boundary at ω > 0 push back. */
const limit = expression('1 - 4*theta^2 - theta*omega - 0.2*omega^2', ['theta', 'omega'])
const alpha = 3

test('the filtered input is the nearest one that satisfies the condition', () => {
  const filter = cbfQp({ plant: pendulum, barrier: limit, alpha, bounds: [[-0.3, 0.3]] })
  const random = seededRandom(5)
  const seen = { nominal: 0, filtered: 0, infeasible: 0 }
  for (let k = 0; k < 2000; k++) {
    const x = [random.uniform() - 0.5, 4 * random.uniform() - 2]
    const wish = random.uniform() - 0.5
    const { u, active, status, margin, kktResidual } = filter(x, [wish])
    const condition = (v: number) => {
      const [rate, B] = [
        interpret(pendulum, 0, x, undefined, [v]),
        1 - 4 * x[0] ** 2 - x[0] * x[1] - 0.2 * x[1] ** 2,
      ]
      return (-8 * x[0] - x[1]) * rate[0] + (-x[0] - 0.4 * x[1]) * rate[1] + alpha * B
    }
    seen[status]++
    // terms reach 1e3, of which a few roundings are lost
    assert.ok(Math.abs(condition(u[0]) - margin) < 1e-11)
    assert.ok(kktResidual >= 0)
    const cut = Math.min(0.3, Math.max(-0.3, wish))
    if (status === 'infeasible') {
      // the condition is linear in u, so that the best of both bounds is the best of all
      assert.ok(Math.max(condition(-0.3), condition(0.3)) < 1e-11)
      assert.ok(Math.abs(margin - Math.max(condition(-0.3), condition(0.3))) < 1e-11)
      continue
    }
    assert.ok(kktResidual < 1e-14)
    assert.equal(active, status === 'filtered')
    if (!active) {
      assert.equal(u[0], cut)
    } else {
      // on the boundary of the half-line, and every step towards the wish breaks the condition
      assert.ok(condition(cut) < 0 && Math.abs(condition(u[0])) < 1e-10)
      assert.ok(condition(u[0] + 1e-3 * Math.sign(cut - u[0])) < 0)
    }
  }
  assert.ok(
    Object.values(seen).every((count) => count > 20),
    JSON.stringify(seen),
  )
})

test('several inputs: no point of the feasible set is nearer', () => {
  const plant = system({
    state: ['x', 'y'],
    input: ['u', 'v', 'w'],
    dynamics: { x: 'y + u - w*x', y: '-x + 2*v + w' },
  })
  const barrier = expression('1 - x^2 - y^2', ['x', 'y'])
  const bounds = [
    [-1, 1],
    [-Infinity, 0.5],
    [-2, Infinity],
  ] as const
  const filter = cbfQp({ plant, barrier, alpha: 1, bounds })
  const random = seededRandom(6)
  let active = 0
  for (let k = 0; k < 400; k++) {
    const x = [1.6 * random.uniform() - 0.8, 1.6 * random.uniform() - 0.8]
    const wish = [3 * random.normal(), 3 * random.normal(), 3 * random.normal()]
    const [gx, gy] = [-2 * x[0], -2 * x[1]]
    const slope = [gx, 2 * gy, gy - gx * x[0]]
    const offset = gx * x[1] - gy * x[0] + (1 - x[0] ** 2 - x[1] ** 2)
    const condition = (u: ArrayLike<number>) => offset + slope.reduce((s, v, i) => s + v * u[i], 0)
    const { u, status, kktResidual } = filter(x, wish)
    assert.notEqual(status, 'infeasible')
    assert.ok(kktResidual < 1e-14)
    assert.ok(condition(u) > -1e-12 && u.every((v, i) => v >= bounds[i][0] && v <= bounds[i][1]))
    const distance = (v: ArrayLike<number>) => wish.reduce((s, w, i) => s + (v[i] - w) ** 2, 0)
    if (status === 'filtered') active++
    for (let trial = 0; trial < 30; trial++) {
      const other = Array.from(u, (v, i) =>
        Math.min(bounds[i][1], Math.max(bounds[i][0], v + random.normal() * 10 ** -random.integer(5))),
      )
      // a feasible set is convex and its nearest point unique; rounding leaves 1e-12 of squares up to 100
      if (condition(other) >= 0) assert.ok(distance(other) >= distance(u) - 1e-12)
    }
  }
  assert.ok(active > 50)
})

test('without bounds every state with L_gB ≠ 0 is feasible; where it is 0 and the drift leaves, that is said', () => {
  const plant = system({ state: ['x', 'y'], input: ['u'], dynamics: { x: '1', y: 'u' } })
  const filter = cbfQp({ plant, barrier: expression('1 - x^2 - y^2', ['x', 'y']), alpha: 1 })
  assert.equal(filter([0.6, 0.3], [0]).status, 'filtered')
  const stuck = filter([0.9, 0], [0.7])
  assert.equal(stuck.status, 'infeasible')
  assert.equal(stuck.u[0], 0.7)
  assert.ok(Math.abs(stuck.margin - (-1.8 + 0.19)) < 1e-15)
})

/** Closed loop by the classical Runge–Kutta method, the filter applied at every stage. */
function smallestBarrier(
  filter: SafetyFilter,
  wish: (x: ArrayLike<number>) => number,
  start: readonly number[],
) {
  const f = compile(freeze(pendulum))
  const B = compile(limit)
  const [x, point, out, stages] = [
    Float64Array.from(start),
    new Float64Array(2),
    new Float64Array(1),
    Array.from({ length: 4 }, () => new Float64Array(2)),
  ]
  const h = 0.01
  let least = Infinity
  let infeasible = 0
  for (let step = 0; step < 60; step++) {
    for (let i = 0; i < 4; i++) {
      const reach = i === 0 ? 0 : i === 3 ? h : h / 2
      for (let m = 0; m < 2; m++) point[m] = x[m] + (i === 0 ? 0 : reach * stages[i - 1][m])
      const { u, status } = filter(point, [wish(point)])
      if (status === 'infeasible') infeasible++
      f(0, point, stages[i], undefined, u)
    }
    for (let m = 0; m < 2; m++)
      x[m] += (h / 6) * (stages[0][m] + 2 * stages[1][m] + 2 * stages[2][m] + stages[3][m])
    B(0, x, out)
    least = Math.min(least, out[0])
  }
  return { least, infeasible }
}

test('10,000 random safe states of the pendulum: none leaves the limits', () => {
  const filter = cbfQp({ plant: pendulum, barrier: limit, alpha })
  const random = seededRandom(7)
  let unfiltered = 0
  for (let k = 0; k < 10_000; ) {
    const x = [1.1 * random.uniform() - 0.55, 5 * random.uniform() - 2.5]
    const start = 1 - 4 * x[0] ** 2 - x[0] * x[1] - 0.2 * x[1] ** 2
    if (start <= 0) continue
    k++
    const push = 3 * random.normal()
    const { least, infeasible } = smallestBarrier(filter, () => push, x)
    assert.equal(infeasible, 0)
    // the continuous loop has B(t) ≥ B(0)e^(−αt) > 0, and the error of a step of 0.01 is too small to undo
    // that
    assert.ok(least >= 0, `from ${x} under ${push}: B = ${least}`)
    if (k <= 100) {
      const free: SafetyFilter = (_x, u) => ({
        u: Float64Array.from(u),
        active: false,
        status: 'nominal',
        margin: 0,
        kktResidual: 0,
      })
      if (smallestBarrier(free, () => push, x).least < 0) unfiltered++
    }
  }
  assert.ok(unfiltered > 50, `the same pushes without the filter leave in ${unfiltered} of 100`)
})

test('a call takes less than 20 µs', () => {
  const filter = cbfQp({ plant: pendulum, barrier: limit, alpha, bounds: [[-2, 2]] })
  const random = seededRandom(9)
  const states = Array.from({ length: 256 }, () => [random.uniform() - 0.5, 2 * random.uniform() - 1])
  const wish = [1.5]
  const run = () => {
    const start = performance.now()
    for (let k = 0; k < 5000; k++) filter(states[k & 255], wish)
    return (performance.now() - start) / 5
  }
  run()
  const best = Math.min(run(), run(), run())
  assert.ok(best < 20, `${best} µs`)
})

test('what the filter cannot promise is refused where it is made', () => {
  const angle = expression('0.25 - theta^2', ['theta', 'omega'])
  assert.throws(
    () => cbfQp({ plant: pendulum, barrier: angle, alpha }),
    /relative degree 1.*high-order barrier/,
  )
  const quadratic = system({ state: ['x'], input: ['u'], dynamics: { x: 'u^2' } })
  const interval = expression('1 - x^2', ['x'])
  assert.throws(() => cbfQp({ plant: quadratic, barrier: interval, alpha }), /affine in its inputs/)
  const closed = system({ state: ['x'], dynamics: { x: '-x' } })
  assert.throws(() => cbfQp({ plant: closed, barrier: interval, alpha }), /plant with inputs/)
  assert.throws(() => cbfQp({ plant: pendulum, barrier: interval, alpha }), /scalar barrier on R\^2/)
  assert.throws(() => cbfQp({ plant: pendulum, barrier: limit, alpha: 0 }), /α > 0/)
  assert.throws(() => cbfQp({ plant: pendulum, barrier: limit, alpha, bounds: [[1, -1]] }), /intervals/)
  const filter = cbfQp({ plant: pendulum, barrier: limit, alpha })
  assert.throws(() => filter([0], [0]), /2 states and 1 inputs/)
  assert.throws(() => filter([Number.NaN, 0], [0]), /finite/)
})

test.run()
