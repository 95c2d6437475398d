import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { trainingCurves } from 'separatrix'
import { test } from 'uvu'
import { studyTransfer } from '../../packages/separatrix/src/command/studyTransfer.js'
import { readDigits } from '../../packages/separatrix/src/study/digits.js'
import { type TransferRecipe, transferRecipe } from '../../packages/separatrix/src/study/transferRecipe.js'
import {
  bestRuns,
  bestSettings,
  chosenSettings,
  rateOf,
  summarise,
} from '../../packages/separatrix/src/study/transferSummary.js'
import { transferThreads } from '../../packages/separatrix/src/study/transferThreads.js'
import type { TransferRun } from '../../packages/separatrix/src/study/transferTraining.js'

const silent = {
  print: () => undefined,
  remark: () => undefined,
  progress: () => ({ update: () => undefined, stop: () => undefined }),
  now: () => 0,
}

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

test('settings: the one value whose worst network is best, of the rate and of the rate times layers', () => {
  const run = (
    depth: number,
    rate: number | undefined,
    training: number,
    loss = 1 - training,
  ): TransferRun => ({
    architecture: { depth, width: 4 },
    contender: rate === undefined ? 'AGD' : 'Fromage',
    seed: 0,
    rate,
    loss,
    training,
    test: training / 2,
  })
  // twice as deep asks for half the rate
  const runs = [
    run(2, 0.1, 0.9),
    run(2, 0.2, 0.97),
    run(2, 0.4, 0.8),
    run(4, 0.1, 0.95),
    run(4, 0.2, 0.1, Number.POSITIVE_INFINITY),
    run(2, undefined, 0.6),
    run(4, undefined, 0.7),
  ]
  assert.deepEqual(bestSettings(runs), [
    { contender: 'Fromage', reading: 'rate', value: 0.1, worst: 0.9, spread: 2 },
    { contender: 'Fromage', reading: 'rate × layers', value: 0.4, worst: 0.95, spread: 1 },
    { contender: 'AGD', reading: 'none', value: undefined, worst: 0.6, spread: 1 },
  ])
  assert.deepEqual(
    bestRuns(runs.slice(0, 5)).map((r) => r.rate),
    [0.2, 0.1],
  )
  const shared = chosenSettings(runs)[0]
  assert.equal(rateOf(shared, { depth: 8, width: 4 }), 0.05)
  // the test runs decide, not those that chose
  assert.deepEqual(summarise({ runs, tests: [run(2, 0.2, 0.8), run(4, undefined, 0.5)] }), [
    {
      contender: 'Fromage',
      reading: 'rate × layers',
      value: 0.4,
      worstTraining: 0.8,
      worstTest: 0.4,
      rateSpread: 2,
      sharedSpread: 1,
    },
    {
      contender: 'AGD',
      reading: 'none',
      value: undefined,
      worstTraining: 0.5,
      worstTest: 0.25,
      rateSpread: 1,
      sharedSpread: 1,
    },
  ])
  // a level pair keeps the plain rate
  assert.deepEqual(
    chosenSettings([run(2, 0.1, 0.9)]).map((s) => s.reading),
    ['rate'],
  )
})

const small: TransferRecipe = {
  ...transferRecipe,
  depths: [2, 4].map((depth) => ({ depth, width: 16 })),
  widths: [16, 24].map((width) => ({ depth: 2, width })),
  both: [{ depth: 3, width: 24 }],
  contenders: transferRecipe.contenders.map((c) => ({ ...c, rates: c.rates.slice(4, 6) })),
  epochs: 3,
  testSeeds: [1],
  threads: 1,
}

test('the transfer study in small: every network learns, the report stands alone, runs repeat', async () => {
  const out = mkdtempSync(join(tmpdir(), 'separatrix-'))
  const printed: string[] = []
  const terminal = { ...silent, print: (text: string) => void printed.push(text) }
  assert.equal(await studyTransfer({ out }, terminal, small), 0)
  const text = printed.join('\n')
  for (const word of ['SGD', 'Adam', 'Fromage', 'Nero', 'AGD', 'report.html'])
    assert.ok(text.includes(word), word)
  assert.ok(
    text.split('\n').every((line) => line.length <= 80),
    text,
  )
  const read = (name: string) => JSON.parse(readFileSync(join(out, name), 'utf8')) as TransferRun[]
  const [runs, tests] = [read('runs.json'), read('tests.json')]
  // three networks; two rates of four optimisers and one run of the fifth
  assert.equal(runs.length, 27)
  // four networks, one setting each, another seed
  assert.equal(tests.length, 20)
  assert.ok(tests.every((r) => r.seed === 1))
  // three epochs: each optimiser has a setting at which every network reads most digits (guessing gives 10 %)
  for (const { contender, worstTraining } of summarise({ runs, tests }))
    assert.ok(worstTraining > 0.5, `${contender} ${worstTraining}`)
  const html = readFileSync(join(out, 'report.html'), 'utf8')
  assert.ok(html.includes('CC BY 4.0') && html.includes('<svg') && !html.includes('NaN'))
  assert.ok(!/<(?:script|link|img)\b/.test(html))
  await studyTransfer({ json: true, out }, terminal, small)
  assert.deepEqual(read('runs.json'), runs)
})

test('threads change nothing, and rates that diverge end a sweep', async () => {
  const job = {
    architecture: { depth: 2, width: 8 },
    seed: 0,
    contender: 'SGD',
    rates: [0.05, 0.1, 32, 64, 128, 256],
    batch: 50,
    epochs: 3,
  } as const
  const jobs = [job, { ...job, contender: 'AGD', rates: [] } as const]
  const outcomes = []
  for (const count of [1, 2]) {
    const threads = transferThreads(count)
    try {
      outcomes.push(await threads.run(jobs, () => undefined))
    } finally {
      await threads.close()
    }
  }
  const [alone, together] = outcomes as [TransferRun[], TransferRun[]]
  assert.deepEqual(together, alone)
  // three epochs of 0.05 or 0.1 read most digits; two rates that do not end the sweep
  assert.deepEqual(
    alone.map((r) => r.rate),
    [0.05, 0.1, 32, 64, undefined],
  )
})

test.run()
