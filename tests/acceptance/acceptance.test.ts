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
