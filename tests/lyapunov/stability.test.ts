import { expression, system } from '@separatrix/field'
import type { Field } from '@separatrix/field/core'
import { type Certificate, type CertifyOptions, certify, checkCertificate } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { alterNumbers, type Json, rehashed, seemsTrue } from './cases.js'

const property = 'stability'
const xy = ['x', 'y'] as const
const square = expression('x^2 + y^2', xy)
const plane = (x: string, y: string) => system({ state: xy, dynamics: { x, y } })
const domain = [[-2, 2], [-2, 2]] as const // biome-ignore format: a box

function proved(options: CertifyOptions): Certificate {
  const verdict = certify({ ...options, property })
  if (verdict.kind !== 'proved') throw new Error(verdict.message)
  assert.ok(checkCertificate(JSON.stringify(verdict.certificate)).valid)
  return verdict.certificate
}

const pendulum = system({
  state: ['theta', 'omega'],
  params: { g: 9.81, l: 0.5, b: 0.3 },
  dynamics: { theta: 'omega', omega: '-(g/l)*sin(theta) - b*omega' },
})
const energy = expression('0.5*omega^2 + 9.81/0.5*(1 - cos(theta))', ['theta', 'omega'])
const around = [[-3.1, 3.1], [-12, 12]] as const // biome-ignore format: a box

test('the pendulum with friction and its energy: LaSalle up to the saddle, and no asymptotic claim', () => {
  const verdict = certify({ field: pendulum, V: energy, domain: around, property })
  assert.is(verdict.kind, 'proved', verdict.message)
  if (verdict.kind !== 'proved') return
  // least energy on the faces θ = ±3.1: (g/l)(1 − cos 3.1); ω = ±12 has 72
  const most = (9.81 / 0.5) * (1 - Math.cos(3.1))
  assert.ok(verdict.level < most && verdict.level > 0.999 * most)
  const { statement } = verdict.certificate.claim
  assert.match(statement, /does not increase .* largest invariant set .* the equilibrium x = 0 is stable\.$/)
  assert.not.match(statement, /converges to 0/)
  assert.ok(checkCertificate(verdict.certificate).valid)
  assert.is(
    certify({ field: pendulum, V: energy, domain: around, level: 20, maxBoxes: 5000 }).kind,
    'unknown',
  )
})

test('for every friction in an interval, negative ones excepted', () => {
  const certificate = proved({
    field: pendulum,
    V: energy,
    domain: around,
    level: 30,
    params: { b: [0.01, 0.5] },
  })
  assert.match(certificate.claim.statement, /^For every constant b in \[0.0/)
  const driven = certify({ field: pendulum, V: energy, domain: around, level: 30, params: { b: [-0.1, 0.5] }, property, maxBoxes: 5000 }) // biome-ignore format: one line
  assert.is.not(driven.kind, 'proved')
})

test('a centre is stable, and that is all that is said', () => {
  const verdict = certify({ field: plane('y', '-x'), V: square, domain, level: 3, property })
  assert.is(verdict.kind, 'proved')
  if (verdict.kind === 'proved') assert.ok(checkCertificate(verdict.certificate).valid)
})

test('friction that changes its sign: the largest level is the one below the sign', () => {
  // V̇ = −2y²(1 − x²) ≤ 0 where |x| ≤ 1: c* = 1
  const field = plane('y', '-x - y*(1 - x^2)')
  const certificate = proved({ field, V: square, domain })
  assert.ok(certificate.claim.level < 1 && certificate.claim.level > 0.999)
  proved({ field, V: square, domain, level: 0.99 })
  assert.is(certify({ field, V: square, domain, level: 1.01, property }).kind, 'refuted')
  const forged = { ...(certificate as unknown as Json), claim: { ...certificate.claim, level: 1.001 } }
  assert.is(checkCertificate(rehashed(forged)).valid, false)
})

/** V rises somewhere in the set, or is no Lyapunov function, or is not defined. */
const traps: readonly { name: string; field: Field; V?: Field; level?: number }[] = [
  { name: 'negative friction', field: plane('y', '-x + y') },
  { name: 'friction that is negative by 1e-12', field: plane('y', '-x + 1e-12*y') },
  { name: 'an odd power of the speed', field: plane('y', '-x - y^2') },
  { name: 'friction of the wrong sign beyond |x| = 0.7', field: plane('y', '-x - y*(0.5 - x^2)'), level: 0.6 },
  { name: 'V that forgets a state', field: plane('0*x', '-y'), V: expression('y^2', xy) },
  { name: 'V that is a saddle', field: plane('-x', 'y'), V: expression('x^2 - y^2', xy) },
  { name: 'a set that reaches the boundary of the domain', field: plane('y', '-x - y'), level: 4 },
  { name: 'an equilibrium off 0', field: plane('y', '-x - y + 1e-9') },
  { name: 'a field that is undefined within', field: plane('y', '-x - y + 0*log(x + 0.5)') },
  { name: 'a rise between two kinks', field: plane('y', '-x - y'), V: expression('x^2 + y^2 + relu(x - 0.3) - relu(x - 0.3001)', xy) },
  { name: 'a force of time', field: plane('y', '-x - y*(1 + t)') },
] // biome-ignore format: one trap a line

for (const { name, field, V = square, level = 0.6 } of traps)
  test(`not stable by this V: ${name}`, () => {
    const verdict = certify({ field, V, domain, level, property, maxBoxes: 5000 })
    assert.is.not(verdict.kind, 'proved', verdict.message)
  })

test('neither a stronger claim nor another field passes with the same proof', () => {
  const certificate = proved({ field: pendulum, V: energy, domain: around, level: 30 }) as unknown as Json
  const claim = certificate.claim as Json
  const region = certify({ field: plane('-x', '-y'), V: square, domain, level: 1 })
  if (region.kind !== 'proved') throw new Error(region.message)
  const stronger = {
    ...claim,
    property: 'region-of-attraction',
    statement: region.certificate.claim.statement,
  }
  const origin = [[-1e-3, 1e-3], [-1e-3, 1e-3]] // biome-ignore format: a box
  for (const forged of [
    { ...certificate, claim: stronger },
    { ...certificate, claim: stronger, proof: { ...(certificate.proof as Json), origin } },
    { ...certificate, claim: { ...claim, time: 'discrete' } },
    { ...certificate, claim: { ...claim, rate: 0.1 } },
    { ...certificate, claim: { ...claim, level: 39.3 } },
    {
      ...certificate,
      claim: { ...claim, statement: String(claim.statement).replace('largest', 'smallest') },
    },
    JSON.parse(JSON.stringify(certificate).replace('"values":[0.3]', '"values":[-0.3]')),
    JSON.parse(JSON.stringify(certificate).replace('"op":"cos"', '"op":"sin"')),
  ])
    assert.is(checkCertificate(rehashed(forged as Json)).valid, false)
})

test('altered numbers fail, or leave the claim true', () => {
  const field = plane('y', '-x - y*(1 - x^2)')
  const certificate = proved({ field, V: square, domain, level: 0.9 })
  const refused = alterNumbers(certificate, {
    count: 300,
    seed: 4,
    passed: (c, what) => assert.ok(seemsTrue(c), what),
  })
  assert.ok(refused > 80, `${refused} of 300`)
})

test('what LaSalle does not cover is refused at the door', () => {
  const options = { field: pendulum, V: energy, domain: around, property } as const
  for (const more of [
    { rate: 0.1 },
    { time: 'discrete' },
    { equilibrium: [0, 0] },
    { disturbance: {} },
  ] as const)
    assert.throws(() => certify({ ...options, ...more }), /neither rate/)
})

test.run()
