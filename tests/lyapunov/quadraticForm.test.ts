import { closeLoop, compile, expression, lieDerivative, system } from '@separatrix/field'
import { type Field, seededRandom } from '@separatrix/field/core'
import {
  cartPole,
  certify,
  checkCertificate,
  linearize,
  lqr,
  quadratic,
  regionOfAttraction,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { proveQuadratic, quadraticForm } from '../../packages/lyapunov/src/certify/proveQuadratic.js'
import { readPair } from '../../packages/lyapunov/src/certify/readings.js'
import { searchCounterexample } from '../../packages/lyapunov/src/certify/searchCounterexample.js'
import { rehashed } from './cases.js'

const identity = (n: number) =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_v, j) => Number(i === j)))

/** The loop of a plant under its regulator with unit weights, and the regulator's cost. */
function regulate(plant: Field): { readonly field: Field; readonly V: Field } {
  const { A, B } = linearize(plant)
  const { K, S } = lqr(A, B, identity(plant.stateSize), identity(plant.inputSize))
  const row = (i: number) => plant.stateNames.map((name, j) => `${K.get(i, j)}*${name}`).join(' + ')
  const controls = plant.inputNames.map((_, i) => expression(`-(${row(i)})`, plant.stateNames))
  assert.is(controls.length, 1)
  return { field: closeLoop(plant, controls[0] as Field), V: quadratic(S) }
}

const pole = regulate(cartPole())
const wide = [[-3, 3], [-1.5, 1.5], [-6, 6], [-9, 9]] as const // biome-ignore format: a box

test('the cart-pole under its regulator: four states, no hole, checked', () => {
  const verdict = certify({ ...pole, domain: wide, level: 0.05 })
  assert.is(verdict.kind, 'proved', verdict.message)
  if (verdict.kind !== 'proved') return
  assert.equal(checkCertificate(JSON.parse(JSON.stringify(verdict.certificate))).valid, true)
  // the multipliers matter to the proof: negative ones are refused
  const certificate = JSON.parse(JSON.stringify(verdict.certificate))
  certificate.proof.multipliers = certificate.proof.multipliers.map(() => [1, -1])
  assert.is(checkCertificate(rehashed(certificate)).valid, false)
  const larger = JSON.parse(JSON.stringify(verdict.certificate))
  larger.claim.level = 0.5
  assert.is(checkCertificate(rehashed(larger)).valid, false, 'the radii belong to the level')
})

test('slopes sampled at the symmetric centre would prove the cart-pole at 30: here it is refuted', () => {
  assert.is(certify({ ...pole, domain: wide, level: 30 }).kind, 'refuted')
  const { level } = regionOfAttraction({ ...pole, domain: wide })
  // known: between 1 and 2; the quadratic form is sufficient only
  assert.ok(level[0] > 0.1 && level[0] < 2 && level[1] > 1 && level[1] < 2, `${level}`)
})

test('the form itself proves nothing beyond the critical level, whatever the search found before', () => {
  // a nonlinear oscillator beside a linear one: V̇ = 0 is crossed at a level that no proof may reach
  const field = system({
    state: ['a', 'b', 'c', 'd'],
    dynamics: { a: 'b', b: '-a - b + 4*a^2*b', c: 'd', d: '-c - d' },
  })
  const V = expression('1.5*a^2 + a*b + b^2 + 1.5*c^2 + c*d + d^2', ['a', 'b', 'c', 'd'])
  const readings = readPair('test', field, V)
  assert.ok('natural' in readings)
  if (!('natural' in readings)) return
  const domain = { lo: new Float64Array(4).fill(-3), hi: new Float64Array(4).fill(3) }
  const form = quadraticForm(readings, domain)
  const critical = searchCounterexample(readings, domain)?.value[1] ?? Number.NaN
  assert.ok(form !== undefined && critical > 0.1 && critical < 1, `${critical}`)
  assert.ok(proveQuadratic(form, 0.4 * critical, 3000) !== undefined)
  for (const factor of [1.001, 1.05, 1.3]) assert.is(proveQuadratic(form, factor * critical, 1500), undefined)
})

test('random points of the proved ellipsoid have V̇ < 0', () => {
  const [value, rate] = [compile(pole.V), compile(lieDerivative(pole.V, pole.field))]
  const random = seededRandom(2)
  const out = new Float64Array(1)
  for (let k = 0; k < 2000; k++) {
    const x = Float64Array.from({ length: 4 }, () => random.normal())
    value(0, x, out)
    const scale = Math.sqrt((0.1 * random.uniform()) / (out[0] as number))
    rate(
      0,
      x.map((v) => scale * v),
      out,
    )
    assert.ok((out[0] as number) < 0)
  }
})

test('six states: three pendulums in a chain on one motor', () => {
  const chain = regulate(
    system({
      state: ['a', 'b', 'c', 'p', 'q', 'r'],
      input: ['u'],
      dynamics: {
        a: 'p',
        b: 'q',
        c: 'r',
        p: '-sin(a) + 2*(b - a) - 0.2*p + u',
        q: '-sin(b) + 2*(a - b) + 2*(c - b) - 0.2*q',
        r: '-sin(c) + 2*(b - c) - 0.2*r',
      },
    }),
  )
  const domain = identity(6).map(() => [-2, 2] as const)
  const verdict = certify({ ...chain, domain, level: 0.02 })
  assert.is(verdict.kind, 'proved', verdict.message)
  if (verdict.kind === 'proved') assert.ok(checkCertificate(verdict.certificate).valid)
})

test.run()
