import assert from 'node:assert/strict'
import { compile, expression, freeze, interpret, seededRandom, system } from '@separatrix/field'
import { cbfClfQp, cbfQp, clfQp, type HalfSpace, nearestPoint, type SafetyFilter } from '@separatrix/lyapunov'
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
  const seen = { nominal: 0, filtered: 0, infeasible: 0, unsolved: 0 }
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
    Math.min(seen.nominal, seen.filtered, seen.infeasible) > 20 && seen.unsolved === 0,
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
        u: Float64Array.from(u ?? []),
        active: false,
        status: 'nominal',
        margin: 0,
        slack: 0,
        kktResidual: 0,
      })
      if (smallestBarrier(free, () => push, x).least < 0) unfiltered++
    }
  }
  assert.ok(unfiltered > 50, `the same pushes without the filter leave in ${unfiltered} of 100`)
})

/** Every subset of rows made active: the nearest of the feasible candidates, by linear algebra on its own. */
function bruteForce(v: readonly number[], rows: readonly HalfSpace[]): number | undefined {
  let best: number | undefined
  for (let subset = 0; subset < 1 << rows.length; subset++) {
    const chosen = rows.filter((_, i) => (subset >> i) & 1)
    if (chosen.length > v.length) continue
    // λ from (A Aᵀ)λ = b − A v, then x = v + Aᵀλ
    const gram = chosen.map(({ a, b }) => [...chosen.map((other) => dot(a, other.a)), b - dot(a, v)])
    const lambda = eliminate(gram)
    if (lambda === undefined) continue
    const x = v.map((w, i) => w + chosen.reduce((sum, { a }, k) => sum + lambda[k] * a[i], 0))
    if (rows.some(({ a, b }) => dot(a, x) < b - 1e-9)) continue
    const distance = x.reduce((sum, w, i) => sum + (w - v[i]) ** 2, 0)
    if (best === undefined || distance < best) best = distance
  }
  return best
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, v, i) => sum + v * b[i], 0)

const norm = (a: ArrayLike<number>) => Math.sqrt(dot(a, a))

/** Gauss–Jordan on [M | b]; undefined where M is singular. */
function eliminate(rows: readonly (readonly number[])[]): number[] | undefined {
  const m = rows.map((row) => [...row])
  for (let k = 0; k < m.length; k++) {
    const pivot = m.reduce((p, row, i) => (i >= k && Math.abs(row[k]) > Math.abs(m[p][k]) ? i : p), k)
    ;[m[k], m[pivot]] = [m[pivot], m[k]]
    if (Math.abs(m[k][k]) < 1e-10) return undefined
    for (let i = 0; i < m.length; i++) {
      if (i === k) continue
      const factor = m[i][k] / m[k][k]
      for (let j = k; j <= m.length; j++) m[i][j] -= factor * m[k][j]
    }
  }
  return m.map((row, k) => row[m.length] / row[k])
}

test('nearestPoint: the best of all active sets, multipliers, and proofs of emptiness', () => {
  const random = seededRandom(21)
  const seen = { solved: 0, infeasible: 0, unsolved: 0 }
  for (let trial = 0; trial < 600; trial++) {
    const n = 1 + random.integer(4)
    const rows = Array.from({ length: 1 + random.integer(7) }, () => ({
      a: Array.from({ length: n }, () => (random.integer(5) === 0 ? 0 : random.normal())),
      b: random.normal(),
    })).filter(({ a }) => a.some((w) => w !== 0))
    // parallel and repeated rows, which make active normals dependent
    if (rows.length > 1 && random.integer(3) === 0)
      rows.push({ a: rows[0].a.map((w) => -w), b: random.normal() })
    if (rows.length > 1 && random.integer(3) === 0) rows.push({ ...rows[1] })
    const v = Array.from({ length: n }, () => 2 * random.normal())
    const { x, multipliers, status } = nearestPoint(v, rows)
    seen[status]++
    const expected = bruteForce(v, rows)
    if (status === 'infeasible') {
      assert.equal(expected, undefined)
      // Farkas: λ ≥ 0, Aᵀλ = 0, bᵀλ > 0
      assert.ok(multipliers.every((w) => w >= 0))
      const size = multipliers.reduce((most, w) => Math.max(most, w), 0)

      for (let i = 0; i < n; i++)
        assert.ok(Math.abs(rows.reduce((s, { a }, r) => s + multipliers[r] * a[i], 0)) < 1e-9 * size)
      assert.ok(rows.reduce((s, { b }, r) => s + multipliers[r] * b, 0) > 0)
      continue
    }
    assert.equal(status, 'solved')
    const distance = x.reduce((s, w, i) => s + (w - v[i]) ** 2, 0)
    // both are exact but for rounding, which nearly parallel rows magnify (the multipliers tell), and the
    // normal equations of the brute force square
    if (Math.max(0, ...multipliers) < 1e4)
      assert.ok(expected !== undefined && Math.abs(distance - expected) <= 1e-7 * (1 + expected))
    const size = 1 + norm(x)
    for (let i = 0; i < n; i++) {
      const pull = rows.map(({ a }, r) => multipliers[r] * a[i])
      const terms = pull.reduce((s, w) => s + Math.abs(w), size)
      assert.ok(Math.abs(x[i] - v[i] - pull.reduce((s, w) => s + w, 0)) < 1e-9 * terms)
    }
    rows.forEach(({ a, b }, r) => {
      assert.ok(dot(a, x) >= b - 1e-9 * size && multipliers[r] >= 0)
      assert.ok(multipliers[r] === 0 || Math.abs(dot(a, x) - b) < 1e-8 * size)
    })
  }
  assert.ok(seen.solved > 100 && seen.infeasible > 20, JSON.stringify(seen))
})

test('several barriers at once: each condition holds, and where they exclude one another the worst is least', () => {
  const left = expression('0.5 + theta + 0.3*omega', ['theta', 'omega'])
  const right = expression('0.5 - theta - 0.3*omega', ['theta', 'omega'])
  const both = cbfQp({ plant: pendulum, barrier: [left, right], alpha })
  const single = [left, right].map((barrier) => cbfQp({ plant: pendulum, barrier, alpha }))
  const random = seededRandom(22)
  for (let k = 0; k < 300; k++) {
    const x = [random.uniform() - 0.5, random.uniform() - 0.5]
    const wish = [2 * random.normal()]
    const { u, status, margin, kktResidual } = both(x, wish)
    // both bound u on one side each; the tighter of the two separate answers is the common one
    const answers = single.map((filter) => filter(x, wish))
    const changed = answers.find((a) => a.active)
    assert.equal(status, changed === undefined ? 'nominal' : 'filtered')
    assert.ok(Math.abs(u[0] - (changed ?? answers[0]).u[0]) < 1e-12)
    assert.ok(margin > -1e-11 && kktResidual < 1e-13)
  }
  // an interval too narrow for its own decay conditions: B₁ + B₂ = −0.2 < 0
  const narrow = expression('-0.7 - theta - 0.3*omega', ['theta', 'omega'])
  const stuck = cbfQp({ plant: pendulum, barrier: [left, narrow], alpha })
  const { status, u } = stuck([0, 0], [0])
  assert.equal(status, 'infeasible')
  // L_gB = ±8: 8u + 1.5 ≥ 0 and −8u − 2.1 ≥ 0 miss by 0.3 each at u = −0.225
  assert.ok(Math.abs(u[0] + 0.225) < 1e-6, `${u}`)
})

test('a control Lyapunov function: least norm in closed form, a price, and safety first', () => {
  const V = expression('1.41*theta^2 + 0.148*theta*omega + 0.0366*omega^2', ['theta', 'omega'])
  const rate = 0.5
  const hard = clfQp({ plant: pendulum, V, rate })
  const random = seededRandom(23)
  const parts = (x: readonly number[]) => {
    const [gx, gy] = [2.82 * x[0] + 0.148 * x[1], 0.148 * x[0] + 0.0732 * x[1]]
    const rest = interpret(pendulum, 0, x, undefined, [0])
    const value = 1.41 * x[0] ** 2 + 0.148 * x[0] * x[1] + 0.0366 * x[1] ** 2
    return { a: gx * rest[0] + gy * rest[1] + rate * value, b: gy / (0.15 * 0.25) }
  }
  for (let k = 0; k < 200; k++) {
    const x = [random.normal(), 3 * random.normal()]
    const { a, b } = parts(x)
    // the min-norm controller: −(a/b²)b where a > 0, else 0
    const expected = a > 0 ? -a / b : 0
    assert.ok(Math.abs(hard(x).u[0] - expected) <= 1e-11 * (1 + Math.abs(expected)))
    const penalty = 10
    const soft = clfQp({ plant: pendulum, V, rate, penalty })(x)
    // min u² + 10δ², a + bu ≤ δ: u = −a b/(b² + 1/10)
    const relaxed = a > 0 ? (-a * b) / (b * b + 1 / penalty) : 0
    assert.ok(Math.abs(soft.u[0] - relaxed) <= 1e-11 * (1 + Math.abs(relaxed)))
    assert.ok(Math.abs(soft.slack - Math.max(0, a + b * relaxed)) <= 1e-10 * (1 + Math.abs(a)))
    assert.ok(soft.kktResidual < 1e-13)
  }
  const joint = cbfClfQp({ plant: pendulum, barrier: limit, alpha, V, rate, penalty: 10, bounds: [[-1, 1]] })
  let gave = 0
  for (let k = 0; k < 400; k++) {
    const x = [random.uniform() - 0.5, 3 * random.uniform() - 1.5]
    if (1 - 4 * x[0] ** 2 - x[0] * x[1] - 0.2 * x[1] ** 2 <= 0) continue
    const { u, status, margin, slack, kktResidual } = joint(x)
    assert.ok(u[0] >= -1 && u[0] <= 1 && status !== 'unsolved')
    if (status === 'infeasible') continue
    assert.ok(margin > -1e-10 && kktResidual < 1e-12)
    const { a, b } = parts(x)
    assert.ok(Math.abs(slack - Math.max(0, a + b * u[0])) < 1e-9)
    if (slack > 1e-3) gave++
    // no other safe input costs less
    const cost = (w: number) => w * w + 10 * Math.max(0, a + b * w) ** 2
    const safe = cbfQp({ plant: pendulum, barrier: limit, alpha, bounds: [[-1, 1]] })
    for (let trial = 0; trial < 5; trial++) {
      const other = safe(x, [2 * random.uniform() - 1]).u[0]
      assert.ok(cost(other) >= cost(u[0]) - 1e-9 * (1 + cost(other)))
    }
  }
  assert.ok(gave > 5, `${gave}`)
  assert.throws(() => clfQp({ plant: pendulum, V, rate: -1 }), /κ ≥ 0/)
  assert.throws(() => clfQp({ plant: pendulum, V, rate, penalty: 0 }), /positive penalty/)
  assert.throws(() => cbfQp({ plant: pendulum, barrier: [], alpha }), /at least one barrier/)
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
    /relative degree 1: u enters.*relative degree more than 1.*one α per order/,
  )
  const quadratic = system({ state: ['x'], input: ['u'], dynamics: { x: 'u^2' } })
  const interval = expression('1 - x^2', ['x'])
  assert.throws(() => cbfQp({ plant: quadratic, barrier: interval, alpha }), /affine in its inputs/)
  const closed = system({ state: ['x'], dynamics: { x: '-x' } })
  assert.throws(() => cbfQp({ plant: closed, barrier: interval, alpha }), /plant with inputs/)
  assert.throws(() => cbfQp({ plant: pendulum, barrier: interval, alpha }), /scalar field on R\^2/)
  assert.throws(() => cbfQp({ plant: pendulum, barrier: limit, alpha: 0 }), /α > 0/)
  assert.throws(() => cbfQp({ plant: pendulum, barrier: limit, alpha, bounds: [[1, -1]] }), /intervals/)
  const filter = cbfQp({ plant: pendulum, barrier: limit, alpha })
  assert.throws(() => filter([0], [0]), /2 states and 1 inputs/)
  assert.throws(() => filter([Number.NaN, 0], [0]), /finite/)
})

test.run()
