import { compile, type Field, seededRandom } from '@separatrix/field'
import {
  bipedImpact,
  bipedJoints,
  bipedStrike,
  groundForce,
  planarBiped,
  swingFootHeight,
} from '@separatrix/lyapunov'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('planar biped')

const run = (field: Field) => {
  const f = compile(field)
  return (x: Float64Array, input?: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(field.outputSize)
    f(0, x, out, undefined, input as Float64Array)
    return out
  }
}
const random = seededRandom(7)
const draw = (length: number, scale: number) =>
  Float64Array.from({ length }, () => scale * (2 * random.uniform() - 1))

const [shin, thigh, torso] = [
  { m: 3.2, I: 0.2 },
  { m: 6.8, I: 0.47 },
  { m: 12, I: 1.33 },
]
const bodies = [shin, thigh, torso, thigh, shin]

/** Positions and velocities of the centres of mass, from their definition. */
function centres(x: ArrayLike<number>) {
  const table = [
    [0.16, 0, 0, 0, 0],
    [0.4, 0.29, 0, 0, 0],
    [0.4, 0.4, 0.24, 0, 0],
    [0.4, 0.4, 0, -0.11, 0],
    [0.4, 0.4, 0, -0.4, -0.24],
  ]
  const sum = (row: number[], f: (i: number) => number) => row.reduce((s, a, i) => s + a * f(i), 0)
  return table.map((row) => ({
    x: sum(row, (i) => Math.sin(x[i])),
    z: sum(row, (i) => Math.cos(x[i])),
    vx: sum(row, (i) => Math.cos(x[i]) * x[i + 5]),
    vz: -sum(row, (i) => Math.sin(x[i]) * x[i + 5]),
  }))
}
const kinetic = (x: ArrayLike<number>) =>
  centres(x).reduce(
    (s, { vx, vz }, k) => s + (bodies[k].m * (vx ** 2 + vz ** 2) + bodies[k].I * x[5 + k] ** 2) / 2,
    0,
  )
const energy = (x: ArrayLike<number>) =>
  kinetic(x) + centres(x).reduce((s, { z }, k) => s + 9.81 * bodies[k].m * z, 0)
/** about the point (x, z), clockwise, as the angles are */
const angular = (state: ArrayLike<number>, [px, pz]: readonly [number, number]) =>
  centres(state).reduce(
    (s, { x, z, vx, vz }, k) =>
      s + bodies[k].m * ((z - pz) * vx - (x - px) * vz) + bodies[k].I * state[5 + k],
    0,
  )

/** a central difference with step h has an error of h² times a third derivative of about 1e4, and rounding 1e3·1e-16/h */
const h = 1e-5
const difference = (f: (x: Float64Array) => number, x: Float64Array, rate: Float64Array) =>
  (f(x.map((v, i) => v + h * rate[i])) - f(x.map((v, i) => v - h * rate[i]))) / (2 * h)

test('energy changes by the power of the torques at the joints', () => {
  const rates = run(planarBiped())
  for (let k = 0; k < 20; k++) {
    const [x, u] = [draw(10, 1), draw(4, 20)]
    const power = u[0] * (x[5] - x[6]) + u[1] * (x[7] - x[6]) + u[2] * (x[7] - x[8]) + u[3] * (x[9] - x[8])
    const found = difference(energy, x, rates(x, u))
    assert.ok(Math.abs(found - power) < 1e-4 * (1 + Math.abs(power)), `${found} and ${power}`)
  }
})

test('angular momentum about the stance foot changes by gravity alone: that pivot has no motor', () => {
  const rates = run(planarBiped())
  for (let k = 0; k < 20; k++) {
    const [x, u] = [draw(10, 1), draw(4, 20)]
    const torque = centres(x).reduce((s, c, i) => s + 9.81 * bodies[i].m * c.x, 0)
    const found = difference((y) => angular(y, [0, 0]), x, rates(x, u))
    assert.ok(Math.abs(found - torque) < 1e-4 * (1 + Math.abs(torque)), `${found} and ${torque}`)
  }
})

test('the force of the ground is the change of momentum, and the weight at rest', () => {
  const [rates, force] = [run(planarBiped()), run(groundForce())]
  const weight = 32 * 9.81
  for (let k = 0; k < 20; k++) {
    const [x, u] = [draw(10, 1), draw(4, 20)]
    const rate = rates(x, u)
    const [fx, fz] = force(x, rate.subarray(5))
    const momentum = (key: 'vx' | 'vz') => (y: Float64Array) =>
      centres(y).reduce((s, c, i) => s + bodies[i].m * c[key], 0)
    assert.ok(Math.abs(fx - difference(momentum('vx'), x, rate)) < 1e-4 * (1 + Math.abs(fx)))
    assert.ok(Math.abs(fz - weight - difference(momentum('vz'), x, rate)) < 1e-4 * (1 + Math.abs(fz)))
  }
  assert.ok(Math.abs(force(new Float64Array(10), new Float64Array(5))[1] - weight) < 1e-12)
})

test('an impact keeps angular momentum about the new contact, does not gain energy, and its foot rests', () => {
  const [impact, strike, joints] = [run(bipedImpact()), run(bipedStrike()), run(bipedJoints())]
  for (let k = 0; k < 50; k++) {
    const before = draw(10, 1)
    const after = impact(before)
    assert.equal(Array.from(after.subarray(0, 5)), Array.from(before.subarray(0, 5)).reverse())
    const foot = joints(before).subarray(10)
    const [old, kept] = [angular(before, [foot[0], foot[1]]), angular(after, [0, 0])]
    // a solve of five unknowns of condition about 1e3, terms of about 50
    assert.ok(Math.abs(old - kept) < 1e-10, `${old} and ${kept}`)
    assert.ok(kinetic(after) <= kinetic(before) + 1e-10, `${kinetic(after)} above ${kinetic(before)}`)
    // the impulse at the contact accounts for what angular momentum about the old foot does: ΔH = z·Jx − x·Jz
    const [jx, jz] = strike(before)
    const shifted = angular(after, [-foot[0], -foot[1]]) - angular(before, [0, 0])
    assert.ok(Math.abs(shifted - (foot[1] * jx - foot[0] * jz)) < 1e-9, `${shifted}`)
  }
  // a motion that leaves the swing foot at rest goes on: turning all links about it
  const turning = Float64Array.of(0.2, 0.1, 0, -0.1, -0.2, 0, 0, 0, 0, 0)
  assert.equal(Array.from(impact(turning).subarray(5)), [0, 0, 0, 0, 0])
})

test('two impacts in a row: the second takes what the first left, and only what moves is lost', () => {
  const impact = run(bipedImpact())
  const x = draw(10, 0.5)
  const [once, twice] = [impact(x), impact(impact(x))]
  assert.equal(Array.from(twice.subarray(0, 5)), Array.from(x.subarray(0, 5)))
  assert.ok(kinetic(twice) < kinetic(once))
})

test('feet and joints are where they should be', () => {
  const [height, joints] = [run(swingFootHeight()), run(bipedJoints())]
  assert.equal(Array.from(height(new Float64Array(10))), [0])
  // legs spread by ±0.3: both feet on the ground, 1.6·sin 0.3 apart
  const spread = Float64Array.of(0.3, 0.3, 0, -0.3, -0.3, 0, 0, 0, 0, 0)
  assert.ok(Math.abs(height(spread)[0]) < 1e-15)
  assert.ok(Math.abs(joints(spread)[10] - 1.6 * Math.sin(0.3)) < 1e-15)
  const upright = joints(new Float64Array(10))
  assert.equal(
    Array.from(upright, (v) => Math.round(100 * v)),
    [0, 0, 0, 40, 0, 80, 0, 143, 0, 40, 0, 0],
  )
})

test('parameters by name; others are refused', () => {
  assert.throws(
    () => planarBiped({ mass: 1 } as unknown as { g: number }),
    /expected parameters among mTorso/,
  )
  const light = run(planarBiped({ g: 0 }))(new Float64Array(10), [0, 0, 0, 0])
  assert.ok(light.every((v) => v === 0))
})

test.run()
