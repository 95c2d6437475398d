import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interpret } from 'separatrix'
import { test } from 'uvu'
import { studyDensities } from '../../packages/separatrix/src/command/studyDensities.js'
import { motionPicture } from '../../packages/separatrix/src/report/motionPicture.js'
import { densityStudy, velocity, ways } from '../../packages/separatrix/src/study/densities/densityStudy.js'
import {
  type DensitiesRecipe,
  densitiesRecipe,
} from '../../packages/separatrix/src/study/densities/recipe.js'
import type { Terminal } from '../../packages/separatrix/src/terminal/terminal.js'

const density = {
  name: '8gaussians',
  features: { count: 6, scale: [1, 3] },
  hidden: [16],
  matching: { steps: 400, rate: 1e-2 },
  likelihood: [{ steps: 40, rate: 1e-2, solverSteps: 5 }],
  refinement: [{ steps: 10, rate: 1e-3, solverSteps: 5 }],
} as const

const recipe: DensitiesRecipe = {
  densities: [density],
  batch: 64,
  epsilon: 0.01,
  tested: 300,
  seed: 0,
}

function listener(): Terminal & { readonly printed: string[]; readonly remarks: string[] } {
  const [printed, remarks]: string[][] = [[], []]
  return {
    printed,
    remarks,
    print: (text) => void printed.push(text),
    remark: (text) => void remarks.push(text),
    progress: () => ({ update: () => undefined, stop: () => undefined }),
    now: () => 0,
  }
}

test('all three ways come nearer to a density than the normal is, and none below its entropy', async () => {
  const { learned, entropy } = await densityStudy(density, recipe, { terminal: listener(), clock: () => 0 })
  assert.deepEqual(
    learned.map(({ way }) => way),
    [...ways],
  )
  // −E log N(x; 0, I) = log 2π + E|x|²/2, |x|² of radius 2.829 and deviation .354 either way: 5.96
  const normal = Math.log(2 * Math.PI) + (8.002 + 2 * 0.125) / 2 - entropy
  for (const { gap, standardError } of learned) {
    assert.ok(gap < normal / 2, `${gap} of ${normal}`)
    assert.ok(gap > -3 * standardError)
  }
  // refinement starts where matching came to, and its steps are few
  assert.ok(learned[2].gap < learned[0].gap + 2 * learned[0].standardError)
})

test('a run is kept way by way, and taken where the same recipe decides it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'densities-'))
  const run = async (changed: DensitiesRecipe) => {
    const terminal = listener()
    assert.equal(await studyDensities({ json: true, out: folder }, terminal, changed), 0)
    return { ...JSON.parse(terminal.printed[0]), remarks: terminal.remarks }
  }
  const first = await run(recipe)
  assert.equal(readdirSync(folder).length, 4)
  const again = await run(recipe)
  assert.equal([first.remarks.length, again.remarks.length].join(), '0,3')
  assert.deepEqual(again.results, first.results)
  // the likelihood from random weights alone is decided by its stages
  const other = await run({
    ...recipe,
    densities: [{ ...density, likelihood: [{ steps: 5, rate: 1e-2, solverSteps: 5 }] }],
  })
  assert.equal(other.remarks.length, 2)
  assert.equal(other.results[0].learned[1].steps, 5)
  const page = readFileSync(join(folder, 'report.html'), 'utf8')
  for (const word of ['8gaussians, likelihood', '<animate ', 'role="img"'])
    assert.ok(page.includes(word), word)
  assert.ok(!/NaN|undefined|Infinity/.test(page))
})

test('networks of the recipe are finite velocities of the plane, and names that nobody knows are refused', async () => {
  for (const d of densitiesRecipe.densities) {
    const field = velocity(d, densitiesRecipe)
    assert.deepEqual([field.stateSize, field.outputSize], [2, 2])
    for (const t of [0, 0.5, 1]) assert.ok(interpret(field, t, [4, -4]).every(Number.isFinite))
  }
  const unknown = densityStudy({ ...density, name: 'circles' }, recipe, {
    terminal: listener(),
    clock: () => 0,
  })
  await assert.rejects(unknown, /expected one of 8gaussians/)
})

test('moving points: as many frames as positions, the last of them at rest', () => {
  const tracks = [0, 1].map((k) => [0, 1, 2].map((t): [number, number] => [t / 2, k]))
  const svg = motionPicture({ label: 'two', half: 2, tracks, drawn: 1, stills: 2 })
  const values = /values="([^"]+)"/.exec(svg)?.[1].split(';') ?? []
  assert.equal(values.length, 4)
  assert.equal(values[3], values[2])
  // x = 1, y = 0 of [−2, 2]² in a square of 360
  assert.ok(values[3].startsWith('M270.0 180.0h0'))
  const times = /keyTimes="([^"]+)"/.exec(svg)?.[1].split(';').map(Number) ?? []
  assert.equal(times.length, 4)
  assert.ok(times[0] === 0 && times[3] === 1 && times.every((t, k) => k === 0 || t > times[k - 1]))
  assert.equal(svg.match(/<path d="M[^"]*L/g)?.length, 1)
  // the first and the last frame stand below, half as large
  const below = [...svg.matchAll(/<path d="([^"]+)" transform="[^"]*scale\(0.5000\)"/g)].map((m) => m[1])
  assert.deepEqual(below, [values[0], values[2]])
})

test.run()
