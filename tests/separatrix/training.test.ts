import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainingCurves } from 'separatrix'
import { test } from 'uvu'
import { studyTransfer } from '../../packages/separatrix/src/command/studyTransfer.js'
import { readDigits } from '../../packages/separatrix/src/study/digits.js'
import { transferRecipe } from '../../packages/separatrix/src/study/transferRecipe.js'
import type { TransferRun } from '../../packages/separatrix/src/study/transferStudy.js'
import { bestRuns, summarise } from '../../packages/separatrix/src/study/transferSummary.js'

test('training curves are one SVG that stands alone, with and without held-out losses', async () => {
  const losses = Float64Array.from({ length: 2001 }, (_, k) => 1 / (1 + k))
  const alone = await trainingCurves({ losses })
  assert.match(alone, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[^>]*--proved:#/)
  assert.ok(alone.includes('training') && !alone.includes('held out'))
  // a path of at most 600 points of about ten characters each, and axes
  assert.ok(alone.length < 30_000, `${alone.length}`)
  const validation = {
    steps: Float64Array.of(0, 1000, 2000),
    losses: Float64Array.of(1, Number.NaN, 0.1),
    best: { step: 2000, loss: 0.1 },
  }
  const both = await trainingCurves({ losses, validation })
  assert.ok(both.includes('held out') && !both.includes('NaN'))
  // losses that reach 0 or below are drawn on a linear scale
  assert.ok(!(await trainingCurves({ losses: Float64Array.of(1, 0, -1) })).includes('NaN'))
})

test('the digits: 1,797 images of ten kinds, scaled to one length', () => {
  const { training, test: held } = readDigits('length')
  assert.deepEqual([training.inputs.length, held.inputs.length], [1000, 797])
  for (const { inputs, labels } of [training, held]) {
    assert.deepEqual([...new Set(labels)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    for (const x of inputs) assert.ok(Math.abs(Math.hypot(...x) - 8) < 1e-13 && x.every((v) => v >= 0))
  }
})

test('a summary takes the one rate whose worst network is best', () => {
  const run = (
    width: number,
    rate: number | undefined,
    training: number,
    loss = 1 - training,
  ): TransferRun => ({
    architecture: { depth: 2, width },
    contender: rate === undefined ? 'free' : 'rated',
    rate,
    loss,
    training,
    test: training / 2,
  })
  const runs = [
    run(4, 0.1, 0.9),
    run(4, 0.01, 0.8),
    run(8, 0.1, 0.1, Infinity),
    run(8, 0.01, 0.7),
    run(4, undefined, 0.6),
  ]
  assert.deepEqual(summarise(runs), [
    { name: 'rated', rate: 0.01, worstTraining: 0.7, worstTest: 0.35, spread: 10 },
    { name: 'free', rate: undefined, worstTraining: 0.6, worstTest: 0.3, spread: 1 },
  ])
  assert.deepEqual(
    bestRuns(runs.slice(0, 4)).map((r) => r.rate),
    [0.1, 0.01],
  )
})

test('the transfer study in small: every network learns, the report stands alone, runs repeat', async () => {
  const small = {
    ...transferRecipe,
    depths: [2, 3].map((depth) => ({ depth, width: 16 })),
    widths: [16, 24].map((width) => ({ depth: 2, width })),
    contenders: transferRecipe.contenders.map((c) => ({ ...c, rates: c.rates.slice(3, 5) })),
    epochs: 3,
  }
  const out = mkdtempSync(join(tmpdir(), 'separatrix-'))
  const printed: string[] = []
  const terminal = {
    print: (text: string) => void printed.push(text),
    remark: () => undefined,
    progress: () => ({ update: () => undefined, stop: () => undefined }),
    now: () => 0,
  }
  assert.equal(await studyTransfer({ out }, terminal, small), 0)
  const text = printed.join('\n')
  for (const word of ['SGD', 'Adam', 'Fromage', 'Nero', 'AGD', 'report.html'])
    assert.ok(text.includes(word), word)
  assert.ok(
    text.split('\n').every((line) => line.length <= 80),
    text,
  )
  const runs = JSON.parse(readFileSync(join(out, 'runs.json'), 'utf8')) as TransferRun[]
  // three networks; two rates of four optimisers and one run of the fifth
  assert.equal(runs.length, 27)
  // three epochs: each optimiser has a rate at which every network reads most digits (guessing gives 10 %)
  for (const { name, worstTraining } of summarise(runs))
    assert.ok(worstTraining > 0.5, `${name} ${worstTraining}`)
  const html = readFileSync(join(out, 'report.html'), 'utf8')
  assert.ok(html.includes('CC BY 4.0') && html.includes('<svg') && !html.includes('NaN'))
  assert.ok(!/<(?:script|link|img)\b/.test(html))
  await studyTransfer({ json: true, out }, terminal, small)
  assert.deepEqual(JSON.parse(readFileSync(join(out, 'runs.json'), 'utf8')), runs)
})

test.run()
