import { expression, system } from '@separatrix/field'
import {
  type Certificate,
  certify,
  checkCertificate,
  invariantSet,
  regionOfAttraction,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { cost, pendulum, regulated } from './cases.js'

const square = expression('x^2', ['x'])
const domain = [[-2, 2]] as const

const holds = (certificate: Certificate | undefined) =>
  assert.equal(checkCertificate(JSON.parse(JSON.stringify(certificate))).valid, true)

/** Levels known by hand: V̇ = −2a x² + 2d x⁴ and so on, with V = x². */
const levels = [
  {
    name: 'an exponential rate: 2x² − 2x⁴ > κx² up to x² = 1 − κ/2',
    options: { field: system({ state: ['x'], dynamics: { x: '-x + x^3' } }), rate: 0.8 },
    critical: 0.6,
  },
  {
    name: 'an uncertain parameter: the worst of a in [0.5, 1.5] counts',
    options: {
      field: system({ state: ['x'], params: { a: 1, k: 1 }, dynamics: { x: '-a*x + k*x^3' } }),
      params: { a: [0.5, 1.5] },
    },
    critical: 0.5,
  },
  {
    name: 'a disturbance that keeps the equilibrium: the worst of d in [−1, 2] counts',
    options: {
      field: system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d*x^3' } }),
      disturbance: { d: [-1, 2] },
    },
    critical: 0.5,
  },
  {
    name: 'all three at once: −2a x² + 2d x⁴ < −κx² up to x² = (2·0.5 − 0.4)/4',
    options: {
      field: system({ state: ['x'], input: ['d'], params: { a: 1 }, dynamics: { x: '-a*x + d*x^3' } }),
      params: { a: [0.5, 1.5] },
      disturbance: { d: [-1, 2] },
      rate: 0.4,
    },
    critical: 0.15,
  },
] as const

for (const { name, options, critical } of levels) {
  test(name, () => {
    const region = regionOfAttraction({ ...options, V: square, domain })
    assert.ok(Math.abs(region.level[0] / critical - 1) < 2e-3, `proved ${region.level[0]}, not ${critical}`)
    assert.ok(Math.abs(region.level[1] / critical - 1) < 2e-3, `refuted ${region.level[1]}, not ${critical}`)
    holds(region.certificate)
    assert.is(certify({ ...options, V: square, domain, level: 1.001 * critical }).kind, 'refuted')
    assert.is(certify({ ...options, V: square, domain, level: 0.999 * critical }).kind, 'proved')
  })
}

test('a false rate or a wider interval fails in the checker as well', () => {
  const { options } = levels[0]
  const verdict = certify({ ...options, V: square, domain, level: 0.5 })
  assert.is(verdict.kind, 'proved')
  const field = system({ state: ['x'], params: { a: 1 }, dynamics: { x: '-a*x + x^3' } })
  assert.is(certify({ field, V: square, domain, level: 0.5, params: { a: [0.4, 1.5] } }).kind, 'refuted')
  assert.is(certify({ field, V: square, domain, level: 0.5, params: { a: [-0.1, 1.5] } }).kind, 'refuted')
})

test('the regulated pendulum keeps its region for every mass of a gram more or less, at a rate', () => {
  const V = cost
  const box = [[-1.5, 1.5], [-8, 8]] as const // biome-ignore format: a box
  const region = regionOfAttraction({
    field: regulated,
    V,
    domain: box,
    params: { m: [0.149, 0.151] },
    rate: 0.1,
  })
  assert.ok(region.level[0] > 1, region.message)
  holds(region.certificate)
})

test('an equilibrium that moves with the parameter is no equilibrium', () => {
  const field = system({ state: ['x'], params: { a: 0 }, dynamics: { x: 'a - x' } })
  assert.is(certify({ field, V: square, domain, level: 0.5, params: { a: [-0.1, 0.1] } }).kind, 'unknown')
  assert.is(certify({ field, V: square, domain, level: 0.5, params: { a: [0.1, 0.2] } }).kind, 'refuted')
})

test('sets that no bounded disturbance leaves', () => {
  const field = system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d' } })
  const barrier = expression('1 - x^2', ['x'])
  const safe = invariantSet({ field, barrier, domain, disturbance: { d: [-0.9, 0.9] } })
  assert.is(safe.kind, 'proved', safe.message)
  if (safe.kind === 'proved') holds(safe.certificate)
  const pushed = invariantSet({ field, barrier, domain, disturbance: { d: [-1.1, 1.1] } })
  assert.is(pushed.kind, 'refuted', pushed.message)
})

test('bounds are asked for by name', () => {
  const V = cost
  const box = [[-1, 1], [-1, 1]] as const // biome-ignore format: a box
  assert.throws(() => certify({ field: pendulum, V, domain: box, level: 0.1 }), /closeLoop/)
  assert.throws(
    () => certify({ field: regulated, V, domain: box, level: 0.1, params: { q: [1, 2] } }),
    /scalar parameter/,
  )
  assert.throws(
    () => certify({ field: regulated, V, domain: box, level: 0.1, params: { m: [2, 1] } }),
    /lo ≤ hi/,
  )
  assert.throws(
    () => certify({ field: regulated, V, domain: box, level: 0.1, disturbance: { u: [0, 1] } }),
    /inputs of the field/,
  )
  assert.throws(() => certify({ field: regulated, V, domain: box, level: 0.1, rate: -1 }), /rate/)
})

test.run()
