import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'uvu'
import { commandLine } from '../../packages/separatrix/src/commandLine.js'
import { escapeHtml } from '../../packages/separatrix/src/report/format.js'
import { pendulumReport } from '../../packages/separatrix/src/report/pendulumReport.js'
import { pendulumRecipe } from '../../packages/separatrix/src/study/pendulumRecipe.js'
import { pendulumStudy } from '../../packages/separatrix/src/study/pendulumStudy.js'
import { type RegionRecipe, regionRecipes } from '../../packages/separatrix/src/study/regionRecipes.js'
import { regionStudy } from '../../packages/separatrix/src/study/regionStudy.js'

const root = new URL('../../', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'separatrix-'))
const at = (name: string) => join(folder, name)

/** Runs the command line as a process of its own. */
function separatrixProcess(...args: string[]) {
  return spawnSync(
    process.execPath,
    ['--import', './scripts/register.mjs', 'packages/separatrix/src/main.ts', ...args],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  )
}

/** The same within this process, which starts faster. */
async function separatrix(...args: string[]) {
  const text = { stdout: '', stderr: '' }
  const stream = (name: keyof typeof text) =>
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        text[name] += chunk
        done()
      },
    })
  const streams = { stdout: stream('stdout'), stderr: stream('stderr') }
  const status = await commandLine(['node', 'separatrix', ...args], streams)
  return { status, ...text }
}

const fits = (text: string) => text.split('\n').every((line) => line.length <= 80)

test('help names the commands and the exit codes, within 80 columns', () => {
  const { status, stdout } = separatrixProcess('--help')
  assert.equal(status, 0)
  for (const word of ['certify', 'check', 'simulate', 'study', 'Exit codes'])
    assert.ok(stdout.includes(word), word)
  assert.ok(fits(stdout), stdout)
})

test('misuse exits with 2 and one paragraph without a stack', async () => {
  const mistakes: readonly (readonly [string[], RegExp])[] = [
    [['prove'], /expected a command .* got 'prove'/],
    [['certify'], /missing required args.*--help/],
    [['certify', 'examples/vanDerPol.yaml', '--fast'], /Unknown option `--fast`/],
    [['certify', 'nothing.yaml'], /'nothing.yaml': expected a study file, got no such file/],
    [['check', 'examples'], /'examples': expected a certificate, got a folder/],
    [['study', 'cartpole'], /expected a built-in study: pendulum, .*, got 'cartpole'/],
  ]
  for (const [args, pattern] of mistakes) {
    const { status, stderr } = await separatrix(...args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr.replace(/\s+/g, ' ').trim(), pattern)
    assert.ok(fits(stderr) && !stderr.includes('    at '), stderr)
  }
})

test('certify proves, writes a certificate and a report; check accepts it and rejects an altered one', async () => {
  const proved = await separatrix('certify', 'examples/vanDerPol.yaml', '--out', folder)
  assert.equal(proved.status, 0, proved.stderr)
  assert.match(proved.stdout, /^PROVED {2}vanDerPol\n/)
  assert.ok(fits(proved.stdout), proved.stdout)
  // c* = 2.3044775650; the search ends within a relative 1e-3
  const level = Number(proved.stdout.match(/V ≤ ([\d.]+)/)?.[1])
  assert.ok(level < 2.304477565 && level > 2.304477565 * 0.999, String(level))

  const valid = await separatrix('check', at('certificate.json'))
  assert.equal(valid.status, 0, valid.stdout)
  assert.match(valid.stdout, /^VALID/)
  assert.ok(fits(valid.stdout))

  const certificate = JSON.parse(readFileSync(at('certificate.json'), 'utf8'))
  certificate.claim.level = 2.31
  writeFileSync(at('altered.json'), JSON.stringify(certificate))
  const altered = await separatrix('check', at('altered.json'), '--json')
  assert.equal(altered.status, 1)
  assert.equal(JSON.parse(altered.stdout).valid, false)

  const report = readFileSync(at('report.html'), 'utf8')
  assert.ok(report.includes('<svg') && report.includes('Proved'))
  assertSelfContained(report)
})

/** Studies of the other properties: what is proved, in the certificate's words, and what the report's legend names. */
const properties: readonly (readonly [string, RegExp, readonly string[]])[] = [
  ['frictionStability', /converges to the largest invariant set/, ['V ≤ level', 'LaSalle']],
  ['logisticMap', /Every step of x\+ = f\(x\) .* level 0\.0\d/, ['the map', 'V ≤ level']],
  ['epidemicSimplex', /with equality in the rows 0} is not empty, and no solution/, ['the simplex', 'all S']],
  ['dockingReach', /contains the box initial, .* lies within the box goal/, ['to avoid', 'to start from', 'to come to']],
  ['cubicGlobal', /V is positive except at 0 and unbounded/, ['sublevel sets of V']],
  ['pendulumMass', /For every constant m in \[0\.13.* b in .* every solution that starts in it converges/, ['V ≤ level', 'separatrix']],
  ['windPendulum', /For every constant l .* and every measurable d in .* reaches/, ['V ≤ inner', 'to avoid']],
] // biome-ignore format: one study a line

for (const [name, says, shows] of properties)
  test(`certify ${name}.yaml proves its property, draws it, and check accepts the certificate`, async () => {
    const { status, stdout, stderr } = await separatrix('certify', `examples/${name}.yaml`, '--out', at(name))
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout.replace(/\s+/g, ' '), says)
    assert.ok(fits(stdout.replaceAll(folder, '')), stdout)
    assert.equal((await separatrix('check', at(`${name}/certificate.json`))).status, 0)
    const report = readFileSync(at(`${name}/report.html`), 'utf8')
    assertSelfContained(report)
    const ids = [...report.matchAll(/class="figure-([\w-]+)"/g)].map(([, id]) => id)
    assert.equal(new Set(ids).size, ids.length, ids.join())
    const { claim } = JSON.parse(readFileSync(at(`${name}/certificate.json`), 'utf8'))
    for (const words of [...shows, claim.statement.slice(-40, -1)])
      assert.ok(report.includes(escapeHtml(words)), `${words} is missing`)
    assert.ok(report.length < 600_000, `${report.length} characters`)
  })

test('certify says so, with 1, where a level cannot be proved', async () => {
  const study = readFileSync(new URL('examples/vanDerPol.yaml', root), 'utf8')
  writeFileSync(at('tooFar.yaml'), `${study}level: 2.3055\n`)
  const { status, stdout } = await separatrix('certify', at('tooFar.yaml'), '--out', at('tooFar'), '--json')
  assert.equal(status, 1)
  const { verdict, point } = JSON.parse(stdout)
  assert.equal(verdict, 'refuted')
  const [x, y] = point as [number, number]
  // ∇V·f of 1.5x² − xy + y² along (−y, x − (1 − x²)y), evaluated here
  assert.ok((3 * x - y) * -y + (2 * y - x) * (x - (1 - x * x) * y) >= 0)
  assert.ok(!existsSync(at('tooFar/certificate.json')))
})

test('simulate prints end states, JSON or CSV', async () => {
  const csv = at('trajectories.csv')
  const text = await separatrix('simulate', 'examples/pendulum.yaml', '--csv', csv)
  assert.equal(text.status, 0)
  assert.ok(fits(text.stdout), text.stdout)
  const lines = readFileSync(csv, 'utf8').trim().split('\n')
  // three trajectories of 5 s, every 0.05 s, ends included, and a head
  assert.equal(lines.length, 3 * 101 + 1)
  assert.equal(lines[0], 'trajectory,t,theta,omega')
  const { trajectories } = JSON.parse(
    (await separatrix('simulate', 'examples/pendulum.yaml', '--json')).stdout,
  )
  assert.deepEqual(lines.at(-1)?.split(',').slice(2).map(Number), trajectories[2].y.at(-1))
})

test('a process answers with its exit code, without a command with the help and 2', () => {
  const { status, stdout } = separatrixProcess()
  assert.equal(status, 2)
  assert.match(stdout, /Usage/)
})

test('what is no certificate is invalid, not an error', async () => {
  const { status, stdout } = await separatrix('check', 'examples/pendulum.yaml')
  assert.equal(status, 1)
  assert.match(stdout, /^INVALID/)
})

const silentTerminal = {
  print: () => undefined,
  remark: () => undefined,
  progress: () => ({ update: () => undefined, stop: () => undefined }),
  now: () => performance.now(),
}

test('a short pendulum study proves both loops, the network the larger region, and draws them', async () => {
  // the recipe of `study pendulum` with a tenth of the training and few features
  const recipe = {
    ...pendulumRecipe,
    candidate: { epsilon: 1e-3, features: { ...pendulumRecipe.candidate.features, widths: [2, 2, 1] } },
    training: { ...pendulumRecipe.training, steps: 600, batch: 256 },
  }
  const result = await pendulumStudy(recipe, silentTerminal)
  assert.equal(`${result.lqr.outcome.kind}, ${result.network.outcome.kind}`, 'proved, proved')
  const { html, areas, device } = await pendulumReport(recipe, result, 'certificate.json')
  assert.ok(areas.network > 2 * areas.lqr, `${areas.network} against ${areas.lqr}`)
  assert.match(device, /^gpu.js/)
  assert.ok(html.includes(device) && html.match(/<svg/g)?.length === 5)
  assertSelfContained(html)
})

test('a short study of the planar quadrotor: six states, both proved and checked, the trained set larger', async () => {
  const recipe = regionRecipes.find(({ plant }) => plant.name === 'planarQuadrotor') as RegionRecipe
  const { regulator, trained } = await regionStudy(
    { ...recipe, training: { ...recipe.training, steps: 1500 } },
    silentTerminal,
  )
  assert.equal(`${regulator.outcome.kind}, ${trained.outcome.kind}`, 'proved, proved')
  assert.ok(trained.size > 2 * regulator.size, `${trained.size} against ${regulator.size}`)
})

/** No scripts, and nothing that a browser would fetch; what remains are the names of XML namespaces. */
function assertSelfContained(html: string): void {
  const addresses = [...html.matchAll(/\b(?:src|href|url)\s*[=(]\s*["']?([^"'\s)>]+)/g)].map(
    (m) => m[1] as string,
  )
  assert.deepEqual(
    addresses.filter((a) => !a.startsWith('#')),
    [],
  )
  assert.ok(!/<script|@import|<link/i.test(html))
}

test.run()
