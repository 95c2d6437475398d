import { expression, system } from '@separatrix/field'
import { certify } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { alterNumbers, type Json, seemsTrue } from '../lyapunov/cases.js'
import { claims } from './claims.js'
import { judge } from './judge.js'

// all of them are `pnpm acceptance`; the tests ask those that take least: of one and two states, sets and traps, a third
const quick = new Set(['one state', 'two states', 'maps', 'rates', 'global', 'LaSalle', 'sets', 'traps', 'uncertain', 'equilibria off 0', 'reach, avoid, stay']) // biome-ignore format: one line
const sample = claims.filter((c) => quick.has(c.kind)).filter((_, i) => i % 3 === 0)

test('there are a hundred claims and more, about half of them false', () => {
  const wrong = claims.filter((c) => !c.isTrue).length
  assert.ok(claims.length >= 200 && wrong >= 0.45 * claims.length && wrong <= 0.65 * claims.length)
  assert.is(new Set(claims.map((c) => `${c.kind}: ${c.name}`)).size, claims.length)
})

for (const claim of sample)
  test(`${claim.kind}: ${claim.name}`, async () => {
    const { faults, message } = await judge(claim, () => 0)
    assert.equal(faults, [], message)
  })

test('properties by the names of textbooks, and a list of them where one is unknown', () => {
  const field = system({ state: ['x'], dynamics: { x: '-x' } })
  const options = { field, V: expression('x^2', ['x']), domain: [[-1, 1]], level: 0.5 } as const
  for (const property of ['asymptotic-stability', 'lasalle'] as const)
    assert.is(certify({ ...options, property }).kind, 'proved', property)
  const property = 'exponential-stability'
  assert.is(certify({ ...options, property, rate: 1.9 }).kind, 'proved')
  assert.throws(() => certify({ ...options, property }), /expected the rate/)
  const unknown = { ...options, property: 'barrier' as never }
  assert.throws(() => certify(unknown), /one of region-of-attraction, .* got 'barrier'. Try invariantSet/)
})

test('altered certificates of the claims fail, or leave the claim true', async () => {
  const regions = sample.filter((c) => c.isTrue && ['one state', 'maps', 'two states'].includes(c.kind))
  for (const [seed, claim] of regions.slice(0, 6).entries()) {
    const { verdict } = await judge(claim, () => 0)
    if (verdict?.kind !== 'proved') throw new Error(claim.name)
    const refused = alterNumbers(verdict.certificate, {
      count: 12,
      seed,
      passed: (altered: Json, what) => assert.ok(seemsTrue(altered), `${claim.name}: ${what}`),
    })
    assert.ok(refused > 0, claim.name)
  }
})

test.run()
