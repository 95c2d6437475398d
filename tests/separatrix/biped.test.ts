import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromJSON } from '@separatrix/field'
import { walkingGait } from '@separatrix/lyapunov'
import { test } from 'uvu'
import { studyBiped } from '../../packages/separatrix/src/command/studyBiped.js'
import { bipedRecipe } from '../../packages/separatrix/src/study/bipedRecipe.js'

test('the biped study in small: a hundred steps with every barrier kept, a report that stands alone', async () => {
  // limits that a short training meets
  const { limits, training, walk } = bipedRecipe
  const small = {
    ...bipedRecipe,
    start: {},
    limits: { ...limits, torque: 100, friction: 0.6, mound: [0.03, 0.2] as const, step: 0.2 },
    training: { ...training, steps: 80, rate: [5e-3, 1e-4] as const, batch: 32, surplus: 0.15 },
    walk: { ...walk, tolerance: 1e-6, looks: 20 },
    scenarios: bipedRecipe.scenarios.slice(0, 2),
  }
  const out = mkdtempSync(join(tmpdir(), 'separatrix-'))
  const printed: string[] = []
  const terminal = {
    print: (text: string) => void printed.push(text),
    remark: (text: string) => void printed.push(text),
    progress: () => ({ update: () => undefined, stop: () => undefined }),
    now: () => 0,
  }
  const code = await studyBiped({ out }, terminal, small)
  const text = printed.join('\n')
  assert.equal(code, 0, text)
  assert.match(text, /on the orbit +100 steps, every barrier kept/)
  assert.match(text, /largest\s+multiplier 0\.\d+; predicted 0\.\d+/)
  assert.ok(
    text.split('\n').every((line) => line.length <= 80),
    text,
  )
  const html = readFileSync(join(out, 'report.html'), 'utf8')
  assert.ok(html.includes('Every barrier kept') && html.includes('<svg') && !html.includes('NaN'))
  assert.ok(!/<(?:script|link|img)\b/.test(html) && !html.includes('not a number'))
  const walks = JSON.parse(readFileSync(join(out, 'walks.json'), 'utf8')) as {
    steps: number
    least: { value: number }[]
  }[]
  assert.deepEqual(
    walks.map(({ steps, least }) => [steps, least.length, least.every(({ value }) => value >= 0)]),
    [
      [100, 19, true],
      [100, 19, true],
    ],
  )
  const gait = fromJSON(JSON.parse(readFileSync(join(out, 'gait.json'), 'utf8')))
  assert.equal(gait.theta.length, walkingGait().theta.length)
})

test.run()
