import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'

const root = new URL('../../', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'separatrix-'))
const at = (name: string) => join(folder, name)

/** Runs the command line as a process of its own. */
function separatrix(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', './scripts/register.mjs', 'packages/separatrix/src/main.ts', ...args],
    { cwd: root, encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  )
  return { status, stdout, stderr }
}

const fits = (text: string) => text.split('\n').every((line) => line.length <= 80)

test('help names the commands and the exit codes, within 80 columns', () => {
  const { status, stdout } = separatrix('--help')
  assert.equal(status, 0)
  for (const word of ['certify', 'check', 'simulate', 'study', 'Exit codes'])
    assert.ok(stdout.includes(word), word)
  assert.ok(fits(stdout), stdout)
})

test('misuse exits with 2 and one paragraph without a stack', () => {
  const mistakes: readonly (readonly [string[], RegExp])[] = [
    [[], /^$/],
    [['prove'], /expected a command .* got 'prove'/],
    [['certify'], /missing required args.*--help/],
    [['certify', 'examples/vanDerPol.yaml', '--fast'], /Unknown option `--fast`/],
    [['certify', 'nothing.yaml'], /'nothing.yaml': expected a study file, got no such file/],
    [['study', 'cartpole'], /expected a built-in study: pendulum, got 'cartpole'/],
  ]
  for (const [args, pattern] of mistakes) {
    const { status, stderr } = separatrix(...args)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr.replace(/\s+/g, ' ').trim(), pattern)
    assert.ok(fits(stderr) && !stderr.includes('    at '), stderr)
  }
})

test('certify proves, writes a certificate and a report; check accepts it and rejects an altered one', () => {
  const proved = separatrix('certify', 'examples/vanDerPol.yaml', '--out', folder)
  assert.equal(proved.status, 0, proved.stderr)
  assert.match(proved.stdout, /^PROVED {2}vanDerPol\n/)
  assert.ok(fits(proved.stdout), proved.stdout)
  // c* = 2.3044775650; the search ends within a relative 1e-3
  const level = Number(proved.stdout.match(/V ≤ ([\d.]+)/)?.[1])
  assert.ok(level < 2.304477565 && level > 2.304477565 * 0.999, String(level))

  const valid = separatrix('check', at('certificate.json'))
  assert.equal(valid.status, 0, valid.stdout)
  assert.match(valid.stdout, /^VALID/)
  assert.ok(fits(valid.stdout))

  const certificate = JSON.parse(readFileSync(at('certificate.json'), 'utf8'))
  certificate.claim.level = 2.31
  writeFileSync(at('altered.json'), JSON.stringify(certificate))
  const altered = separatrix('check', at('altered.json'), '--json')
  assert.equal(altered.status, 1)
  assert.equal(JSON.parse(altered.stdout).valid, false)

  const report = readFileSync(at('report.html'), 'utf8')
  assert.ok(report.includes('<svg') && report.includes('Proved'))
  assertSelfContained(report)
})

test('certify says so, with 1, where a level cannot be proved', () => {
  const study = readFileSync(new URL('examples/vanDerPol.yaml', root), 'utf8')
  writeFileSync(at('tooFar.yaml'), `${study}level: 2.3055\n`)
  const { status, stdout } = separatrix('certify', at('tooFar.yaml'), '--out', at('tooFar'), '--json')
  assert.equal(status, 1)
  const { verdict, point } = JSON.parse(stdout)
  assert.equal(verdict, 'refuted')
  const [x, y] = point as [number, number]
  // ∇V·f of 1.5x² − xy + y² along (−y, x − (1 − x²)y), evaluated here
  assert.ok((3 * x - y) * -y + (2 * y - x) * (x - (1 - x * x) * y) >= 0)
  assert.ok(!existsSync(at('tooFar/certificate.json')))
})

test('simulate prints end states, JSON or CSV', () => {
  const csv = at('trajectories.csv')
  const text = separatrix('simulate', 'examples/pendulum.yaml', '--csv', csv)
  assert.equal(text.status, 0)
  assert.ok(fits(text.stdout), text.stdout)
  const lines = readFileSync(csv, 'utf8').trim().split('\n')
  // three trajectories of 5 s, every 0.05 s, ends included, and a head
  assert.equal(lines.length, 3 * 101 + 1)
  assert.equal(lines[0], 'trajectory,t,theta,omega')
  const { trajectories } = JSON.parse(separatrix('simulate', 'examples/pendulum.yaml', '--json').stdout)
  assert.deepEqual(lines.at(-1)?.split(',').slice(2).map(Number), trajectories[2].y.at(-1))
})

test('the pendulum study proves both loops, the network the larger region, and its files check', () => {
  const out = at('pendulum')
  const { status, stdout, stderr } = separatrix('study', 'pendulum', '--out', out, '--json')
  assert.equal(status, 0, stderr)
  const { regulator, network, device } = JSON.parse(stdout)
  assert.equal(`${regulator.verdict}, ${network.verdict}`, 'proved, proved')
  assert.ok(network.area > 2 * regulator.area, `${network.area} against ${regulator.area}`)
  const report = readFileSync(join(out, 'report.html'), 'utf8')
  assert.ok(report.includes(device.replace('&', '&amp;')))
  assertSelfContained(report)
  for (const file of ['certificate.json', 'lqr-certificate.json'])
    assert.equal(separatrix('check', join(out, file)).status, 0, file)
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
