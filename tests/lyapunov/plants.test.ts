import {
  closeLoop,
  combine,
  compile,
  expression,
  type Field,
  lieDerivative,
  seededRandom,
} from '@separatrix/field'
import {
  acrobot,
  cartPole,
  duffing,
  invertedPendulum,
  linearize,
  lorenz,
  lqr,
  pathTracking,
  planarBiped,
  planarQuadrotor,
  quadrotor,
  segway,
  threeMachine,
  twoMachine,
  vanDerPol,
} from '@separatrix/lyapunov'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('plants')

/** Those that rest at 0 without an input, exactly: what a proof about 0 needs. */
const atRest: Readonly<Record<string, Field>> = {
  acrobot: acrobot(),
  cartPole: cartPole(),
  duffing: duffing(),
  invertedPendulum: invertedPendulum(),
  lorenz: lorenz(),
  pathTracking: pathTracking(),
  planarBiped: planarBiped(),
  planarQuadrotor: planarQuadrotor(),
  quadrotor: quadrotor(),
  segway: segway(),
  threeMachine: threeMachine({ power: 0 }),
  twoMachine: twoMachine(),
  vanDerPol: vanDerPol(),
}

for (const [name, plant] of Object.entries(atRest))
  test(`${name} rests at 0`, () => {
    const rate = new Float64Array(plant.stateSize).fill(1)
    compile(plant)(0, new Float64Array(plant.stateSize), rate, plant.theta, new Float64Array(plant.inputSize))
    assert.ok(rate.every((v) => v === 0))
  })

const pi = Math.PI

/** Mechanical energy, and the power that inputs and friction bring in: Ė = power wherever the model is right. */
interface Mechanical {
  readonly plant: Field
  readonly input: readonly string[]
  readonly energy: string
  readonly power: string
  readonly params: Readonly<Record<string, number>>
}

const mechanical: readonly Mechanical[] = [
  {
    plant: invertedPendulum(),
    input: ['1 + theta'],
    energy: 'm*l^2*omega^2/2 + m*g*l*cos(theta)',
    power: '(1 + theta)*omega - b*omega^2',
    params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  },
  {
    plant: cartPole(),
    input: ['x - omega'],
    // the pole's mass moves at (v + lω cos θ, −lω sin θ)
    energy: 'mc*v^2/2 + mp*((v + l*omega*cos(theta))^2 + (l*omega*sin(theta))^2)/2 + mp*g*l*cos(theta)',
    power: '(x - omega)*v',
    params: { mc: 1, mp: 0.1, l: 1, g: 9.81 },
  },
  {
    plant: acrobot(),
    input: ['theta1 - omega2'],
    energy:
      '(I1 + m1*lc1^2)*omega1^2/2 + I2*(omega1 + omega2)^2/2' +
      ' + m2*((l1*omega1*cos(theta1) + lc2*(omega1 + omega2)*cos(theta1 + theta2))^2' +
      ' + (l1*omega1*sin(theta1) + lc2*(omega1 + omega2)*sin(theta1 + theta2))^2)/2' +
      ' + m1*g*lc1*cos(theta1) + m2*g*(l1*cos(theta1) + lc2*cos(theta1 + theta2))',
    power: '(theta1 - omega2)*omega2',
    params: { m1: 1, m2: 1, l1: 1, lc1: 0.5, lc2: 1, I1: 0.2, I2: 1, g: 9.81 },
  },
  {
    plant: planarQuadrotor(),
    input: ['x', 'vy + 1'],
    energy: 'm*(vx^2 + vy^2)/2 + I*omega^2/2 + m*g*y',
    power: '(m*g + x + vy + 1)*(cos(theta)*vy - sin(theta)*vx) + r*(x - vy - 1)*omega',
    params: { m: 0.486, I: 0.00383, r: 0.25, g: 9.81 },
  },
  {
    plant: quadrotor(),
    input: ['x', 'roll', 'vy', '1 - p'],
    energy: 'm*(vx^2 + vy^2 + vz^2)/2 + (Ix*p^2 + Iy*q^2 + Iz*r^2)/2 + m*g*z',
    power:
      '(m*g + x)*(vx*(cos(roll)*sin(pitch)*cos(yaw) + sin(roll)*sin(yaw))' +
      ' + vy*(cos(roll)*sin(pitch)*sin(yaw) - sin(roll)*cos(yaw)) + vz*cos(roll)*cos(pitch))' +
      ' + roll*p + vy*q + (1 - p)*r',
    params: { m: 0.468, Ix: 4.856e-3, Iy: 4.856e-3, Iz: 8.801e-3, g: 9.81 },
  },
  {
    plant: duffing(),
    input: ['x*v'],
    energy: 'v^2/2 + alpha*x^2/2 + beta*x^4/4',
    power: 'x*v^2 - delta*v^2',
    params: { delta: 0.3, alpha: -1, beta: 1 },
  },
]

for (const { plant, input, energy, power, params } of mechanical)
  test(`${plant.name}: energy changes by the power of its inputs and its friction`, () => {
    const states = plant.stateNames
    const loop = closeLoop(plant, vector(input, states))
    const rate = compile(lieDerivative(expression(energy, states, params), loop))
    const expected = compile(expression(power, states, params))
    const random = seededRandom(1)
    const [x, a, b] = [new Float64Array(states.length), new Float64Array(1), new Float64Array(1)]
    for (let k = 0; k < 50; k++) {
      for (let i = 0; i < x.length; i++) x[i] = 2 * random.uniform() - 1
      rate(0, x, a)
      expected(0, x, b)
      // about a hundred operations on terms of at most 1000 (the determinants of the acrobot)
      assert.ok(Math.abs(a[0] - b[0]) < 1e-10, `${a[0]} and ${b[0]} at [${x.join(', ')}]`)
    }
  })

test('the cart-pole has the gain of the reference', () => {
  const { A, B } = linearize(cartPole())
  const eye = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0)))
  const { K } = lqr(A, B, eye, [[1]])
  const gain = [-1, -34.389428571144336, -2.410621610426158, -10.703923554904563]
  // the gain as computed by another program; a Riccati solution of this size agrees to about 1e-10
  gain.forEach((k, i) => {
    assert.ok(Math.abs(K.get(0, i) - k) < 1e-8 * (1 + Math.abs(k)), `${K.get(0, i)} and ${k}`)
  })
})

test('linearizations by hand: path tracking about its circle, the segway', () => {
  const path = linearize(pathTracking())
  // d' = vθ; θ' = (v/l)u − (v²/R²)θ
  assert.equal(Array.from(path.A.data), [0, 2, 0, -0.04])
  assert.equal(Array.from(path.B.data), [0, 2])
  const { A, B } = linearize(segway())
  const expected = [0, 0, 1, 9.8 / -23.7, (11.5 + 68.4) / -23.7, 0, 208.3 / 23.7, (58.8 + 234.5) / 23.7, 0]
  // quotients of sums of two decimals
  expected.forEach((a, i) => {
    assert.ok(Math.abs(A.data[i] - a) < 1e-13, `entry ${i}: ${A.data[i]}`)
  })
  assert.ok(Math.abs(B.get(1, 0) - 12.7 / 23.7) < 1e-15 && Math.abs(B.get(2, 0) + 47.9 / 23.7) < 1e-15)
})

test('parameters by name; others are refused', () => {
  const rate = new Float64Array(2)
  compile(invertedPendulum({ b: 0, l: 1 }))(0, [pi / 2, 0], rate, undefined, [0])
  assert.ok(Math.abs(rate[1] - 9.81) < 1e-15)
  const misspelt = { damping: 1 } as unknown as { b: number }
  assert.throws(
    () => invertedPendulum(misspelt),
    /invertedPendulum: expected parameters among g, l, m, b, got "damping"/,
  )
})

/** Several scalar expressions as one field. */
function vector(texts: readonly string[], states: readonly string[]): Field {
  const parts = texts.map((text) => expression(text, states))
  return combine(parts, (b, place) => b.concat(parts.map((part) => place(part))))
}

test.run()
