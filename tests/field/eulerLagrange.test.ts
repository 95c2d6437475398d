import {
  Builder,
  compile,
  eulerLagrange,
  expression,
  interpret,
  lieDerivative,
  makeField,
  seededRandom,
  solvePositiveDefinite,
  system,
} from '@separatrix/field'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('eulerLagrange')

const names = ['theta1', 'theta2', 'omega1', 'omega2']
const params = { m1: 1, m2: 2, l1: 1, l2: 0.5, g: 9.81 }
const energies = {
  kinetic: expression(
    'm1*l1^2*omega1^2/2 + m2*(l1^2*omega1^2 + l2^2*omega2^2 + 2*l1*l2*omega1*omega2*cos(theta1 - theta2))/2',
    names,
    params,
  ),
  potential: expression('-(m1 + m2)*g*l1*cos(theta1) - m2*g*l2*cos(theta2)', names, params),
}

test('a double pendulum has the equations that textbooks print', () => {
  // solved by hand for ω₁′, ω₂′ from the two equations of the double pendulum with absolute angles
  const delta = '(theta1 - theta2)'
  const right1 = `(-m2*l2*omega2^2*sin${delta} - (m1 + m2)*g*sin(theta1))`
  const right2 = `(l1*omega1^2*sin${delta} - g*sin(theta2))`
  const determinant = `(m1 + m2*sin${delta}^2)`
  const byHand = system({
    state: names,
    params,
    dynamics: {
      theta1: 'omega1',
      theta2: 'omega2',
      omega1: `(${right1} - m2*cos${delta}*${right2}) / (l1*${determinant})`,
      omega2: `((m1 + m2)*${right2} - cos${delta}*${right1}) / (l2*${determinant})`,
    },
  })
  const derived = compile(eulerLagrange(energies))
  const expected = compile(byHand)
  const random = seededRandom(1)
  const [x, a, b] = [new Float64Array(4), new Float64Array(4), new Float64Array(4)]
  for (let k = 0; k < 100; k++) {
    for (let i = 0; i < 4; i++) x[i] = 6 * random.uniform() - 3
    derived(0, x, a)
    expected(0, x, b)
    // fifty operations on terms of at most 500, divided by a determinant of at least 1
    for (let i = 0; i < 4; i++) assert.ok(Math.abs(a[i] - b[i]) < 1e-11, `${a} and ${b}`)
  }
})

test('energy is constant without forces, and changes by their power with them', () => {
  const energy = expression(
    'm1*l1^2*omega1^2/2 + m2*(l1^2*omega1^2 + l2^2*omega2^2 + 2*l1*l2*omega1*omega2*cos(theta1 - theta2))/2' +
      ' - (m1 + m2)*g*l1*cos(theta1) - m2*g*l2*cos(theta2)',
    names,
    params,
  )
  const b = new Builder()
  const u = b.leaf('input', 1)
  const omega2 = b.gather(b.leaf('state', 4), [3])
  // a motor between the two rods, and friction on the second
  const force = makeField(b, b.concat([b.neg(u), b.sub(u, b.mul(b.constant(0.25), omega2))]), {
    name: 'motor',
    stateNames: names,
    inputNames: ['u'],
    theta: new Float64Array(0),
    layout: [],
  })
  const free = compile(lieDerivative(energy, eulerLagrange(energies)))
  const driven = eulerLagrange({ ...energies, force })
  assert.equal(driven.inputNames, ['u'])
  assert.equal(
    driven.layout.map(({ name }) => name),
    Object.keys(params),
  )
  const drivenRate = compile(lieDerivative(energy, driven))
  const random = seededRandom(2)
  const [x, rate] = [new Float64Array(4), new Float64Array(1)]
  for (let k = 0; k < 100; k++) {
    for (let i = 0; i < 4; i++) x[i] = 6 * random.uniform() - 3
    free(0, x, rate)
    // terms of about 500
    assert.ok(Math.abs(rate[0]) < 1e-11, `${rate[0]}`)
    const input = 2 * random.uniform() - 1
    drivenRate(0, x, rate, undefined, [input])
    const power = input * (x[3] - x[2]) - 0.25 * x[3] ** 2
    assert.ok(Math.abs(rate[0] - power) < 1e-11, `${rate[0]} and ${power}`)
  }
})

test('LDLᵀ in a graph solves random definite systems, and leaves structural zeros out', () => {
  const random = seededRandom(3)
  for (const k of [1, 2, 5, 8]) {
    const root = Array.from({ length: k * k }, () => random.normal())
    const entry = (i: number, j: number) =>
      root.slice(i * k, (i + 1) * k).reduce((sum, v, m) => sum + v * root[j * k + m], i === j ? 1 : 0)
    const truth = Array.from({ length: k }, () => random.normal())
    const M = Array.from({ length: k }, (_, i) => Array.from({ length: k }, (_, j) => entry(i, j)))
    const right = M.map((row) => row.reduce((sum, v, j) => sum + v * truth[j], 0))
    const b = new Builder()
    const solution = solvePositiveDefinite(
      b,
      M.map((row) => b.constant(row, true)),
      b.constant(right, true),
    )
    const field = makeField(b, solution, {
      name: 'solution',
      stateNames: ['unused'],
      inputNames: [],
      theta: new Float64Array(0),
      layout: [],
    })
    // eigenvalues of M lie in [1, about 4k]: the condition times k² roundings
    interpret(field, 0, [0]).forEach((v, i) => {
      assert.ok(Math.abs(v - truth[i]) < 4 * k * k * k * 2 ** -52 * 10, `${v} and ${truth[i]}`)
    })
  }
  const b = new Builder()
  const diagonal = solvePositiveDefinite(b, [b.constant([2, 0]), b.constant([0, 4])], b.leaf('state', 2))
  assert.is(b.nodes.filter((n) => n.op === 'mul' || n.op === 'sub').length, 0)
  assert.is(b.size(diagonal), 2)
})

test('what does not fit is refused', () => {
  const kinetic = expression('v^2/2', ['x', 'v'])
  assert.throws(
    () => eulerLagrange({ kinetic, potential: expression('x^2', ['x']) }),
    /scalar energies of the same positions and velocities/,
  )
  assert.throws(
    () => eulerLagrange({ kinetic, potential: expression('v^2', ['v', 'x']) }),
    /states in the order of/,
  )
  const force = system({ state: ['x', 'v'], dynamics: { x: 'v', v: 'x' } })
  assert.throws(
    () => eulerLagrange({ kinetic, potential: expression('x^2', ['x', 'v']), force }),
    /generalised forces R\^2 → R\^1/,
  )
})

test.run()
