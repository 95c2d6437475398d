import { closeLoop, compile, expression, network, system, withParams } from '@separatrix/field'
import type { Field } from '@separatrix/field/core'
import { type Certificate, certify, checkCertificate, regionOfAttraction } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { alterNumbers, cost, type Json, rehashed, seemsTrue } from './cases.js'

type Side = readonly [number, number]
const xy = ['x', 'y'] as const
const square = expression('x^2 + y^2', xy)
const parabola = expression('x^2', ['x'])
const line = (text: string) => system({ state: ['x'], dynamics: { x: text } })
const box = [[-2, 2], [-2, 2]] as const // biome-ignore format: a box is one row

/** The regulated pendulum with a small network of biases beside its regulator: f(0) is about 0.01. */
const plant = system({
  state: ['theta', 'omega'],
  input: ['w'],
  dynamics: {
    theta: 'omega',
    omega: '19.62*sin(theta) - 2.666666*omega - 26.666666*(1.977252*theta + 0.97624*omega) + w',
  },
})
const net = network({ widths: [2, 16, 1], activation: 'tanh', seed: 5, outputGain: 0.05 })
const biased = closeLoop(plant, withParams(net, { 'network.bias2': [0.3] }))

function certificateOf(options: Parameters<typeof regionOfAttraction>[0]): Certificate {
  const { certificate, message } = regionOfAttraction(options)
  if (certificate === undefined) throw new Error(message)
  return certificate
}

test('a loop with a biased network is refused about 0, and proved about its own equilibrium', () => {
  const options = { field: biased, V: cost, domain: [[-1.5, 1.5], [-8, 8]] as const } // biome-ignore format: a box
  assert.match(regionOfAttraction(options).message, /equilibrium: \[0, …\]/)
  const region = regionOfAttraction({ ...options, equilibrium: [0, 0] })
  assert.ok(region.level[0] > 2, region.message)
  assert.is(checkCertificate(JSON.stringify(region.certificate)).reason, checked)
  // theta* solves 19.62 sin θ − 52.7267 θ + w(θ, 0) = 0: f changes its sign within the box
  const [[lo, hi]] = (region.certificate as Certificate).claim.equilibrium as readonly Side[]
  const omega = (theta: number) => {
    const out = new Float64Array(2)
    compile(biased)(0, Float64Array.of(theta, 0), out)
    return out[1] as number
  }
  // beside the box of width 2e-15 by a hundred times that, the residual of slope −33 is far above rounding, 1e-15
  assert.ok(hi - lo < 1e-13 && omega(lo - 2e-13) > 0 && omega(hi + 2e-13) < 0)
})

const checked = 'every leaf, the boundary and the origin were proved again'

test('a level about an equilibrium agrees with the one of the field moved by hand', () => {
  // x = 3 + z: z' = −z + z³, c* = 1; and a map z⁺ = z/2 + z³, c* = ½
  const flow = regionOfAttraction({ field: line('-(x - 3) + (x - 3)^3'), V: parabola, domain: [[-2, 2]], equilibrium: [2.9] }) // biome-ignore format: one line
  assert.ok(Math.abs(flow.level[0] - 1) < 1e-3 && Math.abs(flow.level[1] - 1) < 1e-3, `${flow.level}`)
  const map = regionOfAttraction({ field: line('3 + 0.5*(x - 3) + (x - 3)^3'), V: parabola, domain: [[-2, 2]], equilibrium: [3.1], time: 'discrete' }) // biome-ignore format: one line
  assert.ok(Math.abs(map.level[0] - 0.5) < 1e-3 && Math.abs(map.level[1] - 0.5) < 1e-3, `${map.level}`)
  for (const { certificate } of [flow, map]) assert.ok(checkCertificate(certificate).valid)
})

test('an equilibrium that moves with a parameter is enclosed for all of its values', () => {
  const field = system({
    state: xy,
    params: { a: 0.1 },
    dynamics: { x: '-x + a + 0.1*x*y', y: '-y + x^2' },
  })
  const certificate = certificateOf({ field, V: square, domain: box, equilibrium: [0, 0], params: { a: [0.09, 0.11] } }) // biome-ignore format: one line
  assert.ok(checkCertificate(certificate).valid)
  const [[lo, hi]] = certificate.claim.equilibrium as readonly Side[]
  for (const a of [0.09, 0.1, 0.11]) {
    // x − 0.1 x³ = a, by fixed-point iteration
    let x = a
    for (let k = 0; k < 100; k++) x = a + 0.1 * x ** 3
    assert.ok(lo <= x && x <= hi)
  }
})

/** None has exactly one equilibrium near the point that is asymptotically stable in the claimed set. */
const traps: readonly { name: string; field: Field; near: number[]; reason: RegExp }[] = [
  { name: 'no equilibrium at all', field: line('-x^2 - 1'), near: [0], reason: /found no equilibrium/ },
  { name: 'a double zero', field: line('-(x - 0.5)^2'), near: [0.4], reason: /equilibrium|second order/ },
  { name: 'an unstable equilibrium', field: line('x - 0.3'), near: [0.3], reason: /refuted/ },
  { name: 'two equilibria 10⁻⁹ apart', field: line('-(x - 0.1)*(x - 0.100000001)*(x + 5)'), near: [0.1], reason: /./ },
  { name: 'a field that is undefined there', field: line('-log(x)*sqrt(-x)'), near: [1], reason: /./ },
] // biome-ignore format: one case a line

for (const { name, field, near, reason } of traps)
  test(`not proved: ${name}`, () => {
    const options = { field, V: parabola, domain: [[-1, 1]] as const, equilibrium: near }
    const verdict = certify({ ...options, level: 0.5, maxBoxes: 20_000 })
    assert.is.not(verdict.kind, 'proved')
    assert.match(verdict.message, reason)
    // what is proved of the close pair must be smaller than their distance
    const { level } = regionOfAttraction({ ...options, maxBoxes: 20_000 })
    assert.ok(level[0] < 1e-17, `${level}`)
  })

test('a second equilibrium in the set is never covered', () => {
  // sinks at −1 and 1 of x − x³: about 1, up to the source at 0, whose distance is 1
  const { level, certificate } = regionOfAttraction({ field: line('x - x^3'), V: parabola, domain: [[-1.5, 1.5]], equilibrium: [0.9] }) // biome-ignore format: one line
  assert.ok(level[0] < 1 && level[0] > 0.998)
  assert.ok(checkCertificate(certificate).valid)
})

test('altered numbers fail, or leave the claim true', () => {
  const certificate = certificateOf({ field: line('-(x - 3) + (x - 3)^3'), V: parabola, domain: [[-2, 2]], equilibrium: [3] }) // biome-ignore format: one line
  const refused = alterNumbers(certificate, {
    count: 400,
    seed: 3,
    passed: (c, what) => assert.ok(seemsTrue(c), what),
  })
  assert.ok(refused > 150, `${refused} of 400`)
  const claim = certificate.claim as unknown as Json
  for (const equilibrium of [[[2, 2.5]], [[2.9999, 2.99999]], [[1, 5]], [[3, 3]], [[-1e300, 1e300]], []])
    assert.is(
      checkCertificate(rehashed({ ...(certificate as unknown as Json), claim: { ...claim, equilibrium } }))
        .valid,
      false,
    )
})

test('misuse is refused at the door', () => {
  const field = line('-(x - 3)')
  const options = { field, V: parabola, domain: [[-1, 1]] as const }
  assert.throws(() => regionOfAttraction({ ...options, equilibrium: [1, 2] }), /1 finite numbers/)
  assert.throws(() => regionOfAttraction({ ...options, equilibrium: [Number.NaN] }), /finite numbers/)
  const open = system({ state: ['x'], input: ['d'], dynamics: { x: '3 - x + d' } })
  assert.throws(
    () => regionOfAttraction({ ...options, field: open, equilibrium: [3], disturbance: { d: [-0.1, 0.1] } }),
    /stands still/,
  )
})

test.run()
