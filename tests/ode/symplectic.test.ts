import { compile, jacobian, system } from '@separatrix/field'
import {
  euler,
  implicitMidpoint,
  leapfrog,
  type Method,
  partitioned,
  rk4,
  solve,
  symplecticEuler,
} from '@separatrix/ode'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { distance, pendulum, pendulumEnergy } from './problems.js'

const test = suite('symplectic and implicit methods')

/** max |H − H₀| of the pendulum from (1, 0), h = .1, 1000 steps. */
function energyError(method: Method): number {
  const { y } = solve(pendulum, [1, 0], [0, 100], { method, step: 0.1 })
  const start = pendulumEnergy(1, 0)
  let most = 0
  for (let i = 0; i < y.shape[0]; i++)
    most = Math.max(most, Math.abs(pendulumEnergy(y.get(i, 0), y.get(i, 1)) - start))
  return most
}

/** Published to the digits given here; half a unit of the last digit is the tolerance. */
const energies: readonly (readonly [Method, number, number])[] = [
  [leapfrog, 1.06e-3, 0.005e-3],
  [implicitMidpoint, 8.79e-5, 0.005e-5],
  [rk4, 4.7e-6, 0.05e-6],
  [euler, 5.2, 0.05],
  [symplecticEuler, 2.26e-2, 0.005e-2],
]

for (const [method, expected, tolerance] of energies)
  test(`${method.name}: energy error ${expected}`, () => {
    assert.ok(Math.abs(energyError(method) - expected) <= tolerance, `${energyError(method)}`)
  })

/** A Hamiltonian that is not separable, H = (q² + 1)(p² + 1)/2 (two degrees, coupled): q' = H_p, p' = −H_q. */
const coupled = system({
  name: 'coupled',
  state: ['q1', 'q2', 'p1', 'p2'],
  dynamics: {
    q1: 'p1*(1 + q1^2 + q2^2/2)',
    q2: 'p2*(1 + q1^2 + q2^2/2) + q1*p2^2*0',
    p1: '-q1*(p1^2 + p2^2) - q1',
    p2: '-(q2/2)*(p1^2 + p2^2) - q2',
  },
})
const separable = system({
  name: 'henonHeiles',
  state: ['q1', 'q2', 'p1', 'p2'],
  dynamics: { q1: 'p1', q2: 'p2', p1: '-q1 - 2*q1*q2', p2: '-q2 - q1^2 + q2^2' },
})

/** ‖MᵀJM − J‖ of the step map's Jacobian M by central differences. */
function symplecticityDefect(method: Method, field: typeof coupled, h: number): number {
  const x = [0.3, -0.2, 0.4, 0.1]
  const width = 1e-4
  const step = (v: readonly number[]) => solve(field, v, [0, h], { method, step: h, saveAt: 'end' }).y.data
  const columns = x.map((_, j) => {
    const moved = (by: number) => x.map((v, i) => (i === j ? v + by : v))
    // fourth-order differences: truncation 1e-16·M⁽⁵⁾, rounding 1e-16/1e-4 = 1e-12
    const [a, b, c, d] = [2, 1, -1, -2].map((k) => step(moved(k * width))) as Float64Array[]
    return a.map((_, i) => (-a[i] + 8 * b[i] - 8 * c[i] + d[i]) / (12 * width))
  })
  const bracket = (u: Float64Array, v: Float64Array) => u[0] * v[2] + u[1] * v[3] - u[2] * v[0] - u[3] * v[1]
  let most = 0
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++) {
      const J = j === i + 2 ? 1 : i === j + 2 ? -1 : 0
      most = Math.max(most, Math.abs(bracket(columns[i], columns[j]) - J))
    }
  return most
}

for (const [method, field] of [
  [leapfrog, separable],
  [leapfrog, coupled],
  [symplecticEuler, separable],
  [implicitMidpoint, separable],
  [implicitMidpoint, coupled],
] as const)
  test(`${method.name} on ${field.name}: MᵀJM = J`, () => {
    assert.ok(symplecticityDefect(method, field, 0.1) < 1e-10)
  })

test('rk4 is not symplectic: the test can tell', () => {
  assert.ok(symplecticityDefect(rk4, separable, 0.4) > 1e-6)
})

test('a function that is separable takes the general form, and the short one when promised', () => {
  const f = (_t: number, y: Float64Array, d: Float64Array) => {
    d[0] = y[1]
    d[1] = -Math.sin(y[0])
  }
  const run = (method: Method, target: typeof pendulum | typeof f) =>
    solve(target, [1, 0], [0, 10], { method, step: 0.1, saveAt: 'end' })
  const reference = run(leapfrog, pendulum)
  const general = run(leapfrog, f)
  const promised = run(partitioned(leapfrog, { separable: true }), f)
  // the same map; rounding grows by the shear of the flow, about 10
  assert.ok(distance(reference.y.data, general.y.data) < 1e-13)
  assert.ok(distance(reference.y.data, promised.y.data) < 1e-13)
  assert.ok(promised.stats.evaluations < general.stats.evaluations)
})

test('a partition by index', () => {
  const swapped = system({ name: 'swapped', state: ['p', 'q'], dynamics: { q: 'p', p: '-sin(q)' } })
  const a = solve(swapped, [0, 1], [0, 10], { method: partitioned(leapfrog, { q: [1], p: [0] }), step: 0.1 })
  const b = solve(pendulum, [1, 0], [0, 10], { method: leapfrog, step: 0.1 })
  assert.is(a.at(10)[1], b.at(10)[0])
})

test('what cannot be split is refused', () => {
  const odd = system({ name: 'odd', state: ['x'], dynamics: { x: '-x' } })
  assert.throws(() => solve(odd, [1], [0, 1], { method: leapfrog, step: 0.1 }), /even number/)
  const damped = system({ name: 'damped', state: ['q', 'p'], dynamics: { q: 'p', p: '-q - p' } })
  assert.throws(() => solve(damped, [1, 0], [0, 1], { method: symplecticEuler, step: 0.1 }), /separable/)
  assert.is(solve(damped, [1, 0], [0, 1], { method: leapfrog, step: 0.1 }).status, 'success')
})

test('implicit midpoint keeps quadratic invariants to rounding', () => {
  // rigid body: |y|² and a second quadratic form are kept by the flow
  const body = system({
    name: 'rigidBody',
    state: ['a', 'b', 'c'],
    dynamics: { a: 'b*c*(1/3 - 1/2)', b: 'a*c*(1/1 - 1/3)', c: 'a*b*(1/2 - 1/1)' },
  })
  const { y } = solve(body, [0.9, 0.1, 0.4], [0, 500], { method: implicitMidpoint, step: 0.5 })
  const square = (i: number) => y.get(i, 0) ** 2 + y.get(i, 1) ** 2 + y.get(i, 2) ** 2
  const energy = (i: number) => y.get(i, 0) ** 2 + y.get(i, 1) ** 2 / 2 + y.get(i, 2) ** 2 / 3
  // 1000 steps, each with an error of a few units of rounding in every component
  for (let i = 0; i < y.shape[0]; i++) {
    assert.ok(Math.abs(square(i) - square(0)) < 1000 * 4e-16)
    assert.ok(Math.abs(energy(i) - energy(0)) < 1000 * 4e-16)
  }
})

test('implicit midpoint: a step that has no solution is reported', () => {
  const f = (_t: number, y: Float64Array, d: Float64Array) => (d[0] = 1 + y[0] * y[0])
  const { status, message, t } = solve(f, [10], [0, 10], { method: implicitMidpoint, step: 1 })
  assert.is(status, 'newton-failed')
  assert.match(message, 'smaller step')
  assert.is(t[t.length - 1], 0)
})

test('implicit midpoint: exact Jacobian and differences agree', () => {
  const J = compile(jacobian(pendulum))
  const out = new Float64Array(4)
  J(0, Float64Array.of(1, 0), out)
  assert.equal([...out], [0, 1, -Math.cos(1), 0])
  const a = solve(pendulum, [1, 0], [0, 10], { method: implicitMidpoint, step: 0.1, saveAt: 'end' })
  const f = (_t: number, y: Float64Array, d: Float64Array) => {
    d[0] = y[1]
    d[1] = -Math.sin(y[0])
  }
  const b = solve(f, [1, 0], [0, 10], { method: implicitMidpoint, step: 0.1, saveAt: 'end' })
  assert.ok(distance(a.y.data, b.y.data) < 1e-13)
})

test.run()
