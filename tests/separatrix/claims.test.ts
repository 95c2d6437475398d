import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { compile, expression, network, toJSON } from '@separatrix/field'
import { checkCertificate } from '@separatrix/lyapunov'
import { test } from 'uvu'
import { commandLine } from '../../packages/separatrix/src/commandLine.js'
import { clipped, sectionOf } from '../../packages/separatrix/src/report/polygon.js'
import { buildJob } from '../../packages/separatrix/src/study/buildJob.js'
import { buildStudy } from '../../packages/separatrix/src/study/buildStudy.js'
import { carryOut } from '../../packages/separatrix/src/study/carryOut.js'
import { decodeJob, encodeJob } from '../../packages/separatrix/src/study/proofJob.js'
import { progressText } from '../../packages/separatrix/src/study/prove.js'
import { checkStudy } from '../../packages/separatrix/src/study/schema.js'

const folder = mkdtempSync(join(tmpdir(), 'separatrix-'))
const at = (name: string) => join(folder, name)

/** The job of a study with these keys. */
function job(keys: object) {
  const source = { file: 'study.yaml', directory: folder, study: checkStudy(keys, 'study.yaml') }
  const study = buildStudy(source)
  return { study, job: buildJob(source, study) }
}

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
  return { status: await commandLine(['node', 'separatrix', ...args], streams), ...text }
}

/** Certifies a study with these keys; what it printed on one line, and its report. */
async function certify(name: string, keys: object, ...flags: string[]) {
  writeFileSync(at(`${name}.yaml`), JSON.stringify(keys))
  const { status, stdout, stderr } = await separatrix(
    'certify',
    at(`${name}.yaml`),
    '--out',
    at(name),
    ...flags,
  )
  assert.ok(
    stdout
      .replaceAll(folder, '')
      .split('\n')
      .every((line) => line.length <= 80),
    stdout,
  )
  const report = readFileSync(at(`${name}/report.html`), 'utf8')
  return { status, text: stdout.replace(/\s+/g, ' '), stderr, report }
}

const line = { state: ['x'], dynamics: { x: '-x' } }
const V = { quadratic: [[1]] }
const domain = { x: [-1, 1] }
const box = { box: domain }
const driven = { state: ['x'], input: ['u', 'd'], params: { a: 2 }, dynamics: { x: '-a*x + u + d' } }

/** What is wrong with a study, and what the error must say. */
const refusals: readonly (readonly [string, object, RegExp])[] = [
  ['a key of another property', { property: 'stability', system: line, candidate: V, domain, rate: 0.1 }, /property stability the keys candidate, domain, level, uncertain, limits, got rate\. Try property: region-of/],
  ['levels without a property', { system: line, candidate: V, domain, inner: 0.1 }, /got inner\. Try property: reach-avoid-stay/],
  ['a set without its property', { system: line, candidate: V, domain, set: box }, /got set\. Try property: invariant-set/],
  ['no set', { property: 'invariant-set', system: line }, /the key set with the property invariant-set, got none/],
  ['a candidate of a set', { property: 'invariant-set', system: line, set: box, candidate: V }, /got candidate\. Try set: { barrier/],
  ['a state that is none', { property: 'invariant-set', system: line, set: { box: { y: [-1, 1] } } }, /set\.box: expected states \(x\), got 'y'/],
  ['a set and a domain', { property: 'invariant-set', system: line, set: box, domain }, /no domain beside set\.box, .* got domain\. Try removing domain/],
  ['two sets', { property: 'invariant-set', system: line, set: { ...box, barrier: '1 - x^2' }, domain }, /set: expected exactly one kind, got box and barrier/],
  ['a barrier without a domain', { property: 'invariant-set', system: line, set: { barrier: '1 - x^2' } }, /expected a domain to prove on, got none/],
  ['no inner level', { property: 'reach-avoid-stay', system: line, candidate: V, domain, level: 1 }, /expected the key inner/],
  ['levels the wrong way round', { property: 'reach-avoid-stay', system: line, candidate: V, domain, level: 0.1, inner: 0.2 }, /levels inner < level, got inner: 0\.2 and level: 0\.1/],
  ['a domain of everywhere', { property: 'global-asymptotic-stability', system: line, candidate: V, domain }, /got domain\. Try removing domain \(the claim is about all states\)/],
  ['a property that is none', { property: 'stable', system: line }, /region-of-attraction, stability/],
  ['a map and another property', { property: 'stability', time: 'discrete', system: line, candidate: V, domain }, /got time\. Try property: region-of-attraction/],
  ['a rate of a map', { time: 'discrete', system: line, candidate: V, domain, rate: 1 }, /a rate below 1 for a map/],
  ['an uncertain parameter that is none', { system: line, candidate: V, domain, uncertain: { k: [1, 2] } }, /uncertain: expected parameters of the system \(it has none\), got 'k'/],
  ['an uncertain input', { system: driven, candidate: V, domain, uncertain: { d: [-1, 1] } }, /expected parameters of the system \(a\), got 'd'\. Try disturbance: { d: \[-1, 1\] }/],
  ['a range without its nominal value', { system: { ...driven, input: [], dynamics: { x: '-a*x' } }, candidate: V, domain, uncertain: { a: [3, 4] } }, /holds its value 2 in system\.params, got \[3, 4\]\. Try a: \[2, 4\]/],
  ['a range the wrong way round', { system: driven, candidate: V, domain, disturbance: { d: [1, -1] } }, /lo < hi for d, got \[1, -1\]\. Try d: \[-1, 1\]/],
  ['a disturbance that is no input', { system: driven, candidate: V, domain, disturbance: { a: [1, 3] } }, /inputs of the system \(u, d\), got 'a'\. Try uncertain: { a: … }/],
  ['an input that nobody drives', { system: driven, candidate: V, domain, disturbance: { d: [-1, 1] } }, /expected a controller for u, got none/],
  ['a controller of disturbances only', { system: driven, controller: { expression: { u: '0' } }, candidate: V, domain, disturbance: { d: [-1, 1], u: [-1, 1] } }, /an input that the controller drives, got disturbances only/],
  ['a controller of a disturbance', { system: driven, controller: { expression: { u: '0', d: 'x' } }, candidate: V, domain, disturbance: { d: [-1, 1] } }, /a formula for each of u, got 'd'/],
  ['a disturbed equilibrium', { system: driven, controller: { expression: { u: '0' } }, candidate: V, domain, disturbance: { d: [-1, 1] }, equilibrium: { x: 0 } }, /stands still, got equilibrium and disturbance/],
  ['half an equilibrium', { system: line, candidate: V, domain, equilibrium: { y: 0 } }, /a number for each state \(x\), got y/],
  ['limits of nothing', { system: line, candidate: V, domain, limits: { boxes: 0.5 } }, /limits\.boxes: expected a whole number/],
  ['an unknown limit', { system: line, candidate: V, domain, limits: { seconds: 3 } }, /limits: expected the keys time, boxes, got the unknown key 'seconds'/],
] // biome-ignore format: one mistake a line

for (const [name, keys, pattern] of refusals)
  test(`refused: ${name}`, () => assert.throws(() => job(keys), pattern))

test('the loop with a disturbance: the controller drives the rest, and the nominal one has it at rest', () => {
  const { study } = job({
    system: driven,
    controller: { expression: { u: '-a*x' } },
    candidate: V,
    domain,
    uncertain: { a: [1, 3] },
    disturbance: { d: [1, 2] },
  })
  assert.deepEqual(study.field.inputNames, ['d'])
  const out = new Float64Array(1)
  compile(study.field)(0, [0.5], out, undefined, [7])
  assert.equal(out[0], -2 * 0.5 - 2 * 0.5 + 7)
  // 0 is no admissible value of d, its middle is
  compile(study.nominal)(0, [0.5], out)
  assert.equal(out[0], -2 + 1.5)
})

test('a map is controlled by the regulator of maps, and its V solves the equation of maps', () => {
  const keys = { time: 'discrete', system: { state: ['x'], input: ['u'], dynamics: { x: 'x + u' } }, domain }
  const lqr = { Q: [1], R: [1] }
  const { study, job: regulated } = job({ ...keys, controller: { lqr }, candidate: { lqr: {} } })
  const out = new Float64Array(1)
  const golden = (1 + Math.sqrt(5)) / 2
  compile(study.field)(0, [1], out)
  assert.ok(Math.abs(out[0] - 1 / golden ** 2) < 1e-12)
  assert.equal(carryOut(regulated, { now: () => 0 }).kind, 'proved')
  const { job: halved } = job({
    ...keys,
    system: { state: ['x'], dynamics: { x: 'x/2' } },
    candidate: { lyapunov: { Q: [3] } },
  })
  // p = p/4 + 3
  compile(halved.V as NonNullable<typeof halved.V>)(0, [1], out)
  assert.ok(Math.abs(out[0] - 4) < 1e-12)
})

test('networks from JSON: controller and V, with a bias that moves the equilibrium', () => {
  writeFileSync(
    at('u.json'),
    JSON.stringify(toJSON(network({ widths: [1, 2, 1], activation: 'tanh', seed: 1 }))),
  )
  writeFileSync(at('V.json'), JSON.stringify(toJSON(expression('x^2 + 0.1*tanh(x)^2', ['x']))))
  const keys = {
    system: { state: ['x'], input: ['u'], dynamics: { x: '-3*x + 0.1*u + 0.01' } },
    controller: { network: 'u.json' },
    candidate: { network: 'V.json' },
    domain,
    equilibrium: { x: 0 },
  }
  const outcome = carryOut(job(keys).job, { now: () => 0 })
  assert.equal(outcome.kind, 'proved', outcome.message)
  assert.ok(checkCertificate(outcome.certificate).valid)
  const [[lo, hi]] = outcome.certificate?.claim.equilibrium ?? [[0, 0]]
  assert.ok(lo <= hi && lo > 0)
  writeFileSync(
    at('two.json'),
    JSON.stringify(toJSON(network({ widths: [1, 2], activation: 'tanh', seed: 1 }))),
  )
  assert.throws(() => job({ ...keys, candidate: { network: 'two.json' } }), /V: R\^1 → R, got R\^1 → R\^2/)
})

test('a job that went through JSON proves the same certificate', () => {
  const { job: asked } = job({
    system: { state: ['x', 'y'], params: { a: 1 }, dynamics: { x: '-y', y: 'x - a*(1 - x^2)*y' } },
    candidate: { lyapunov: { Q: [1, 1] } },
    domain: { x: [-2.5, 2.5], y: [-3.5, 3.5] },
    uncertain: { a: [0.9, 1.1] },
    level: 1,
  })
  const options = { now: () => 0 }
  const [here, there] = [carryOut(asked, options), carryOut(decodeJob(encodeJob(asked)), options)]
  assert.ok(here.certificate !== undefined && here.certificate.hash === there.certificate?.hash)
})

const vanDerPol = {
  system: { state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } },
  candidate: { lyapunov: { Q: [1, 1] } },
  domain: { x: [-2.5, 2.5], y: [-3.5, 3.5] },
}

test('a refutation is drawn with the solution through its point', async () => {
  const { status, text, report } = await certify('refuted', { ...vanDerPol, level: 2.6 })
  assert.equal(status, 1)
  assert.match(text, /^REFUTED .* at x = [-\d.]+, y = [-\d.]+ try a lower level/)
  assert.ok(report.includes('V does not decrease here') && report.includes('asked for, not proved'))
  assert.ok(!existsSync(at('refuted/certificate.json')))
})

test('limits end in unknown, with the place where it got stuck and what to try; levels that were proved stay', async () => {
  const reach = {
    ...vanDerPol,
    property: 'reach-avoid-stay',
    level: 2.3,
    inner: 0.01,
    limits: { boxes: 200 },
  }
  const short = await certify('short', reach)
  assert.equal(short.status, 1)
  assert.match(short.text, /stuck at x in \[.*ended early its boxes were used up try limits: { boxes: 2000 }/)
  assert.ok(short.report.includes('where the proof got stuck') && short.report.includes('What to try'))
  const region = await certify('region', vanDerPol, '--boxes', '300')
  assert.equal(region.status, 0)
  assert.match(region.text, /^PROVED .* ended early its boxes were used up/)
  assert.equal((await separatrix('check', at('region/certificate.json'))).status, 0)
  // a clock that runs a second a look
  let seconds = 0
  const { job: slow } = job({ ...vanDerPol, limits: { time: 2 } })
  const outcome = carryOut({ ...slow, level: 2.3043 }, { now: () => 1000 * seconds++ })
  assert.ok(outcome.endedBy === 'time' && outcome.box?.length === 2 && (outcome.settled ?? 0) > 0)
  const { status, stderr } = await separatrix('certify', at('region.yaml'), '--boxes', '0.5')
  assert.ok(status === 2 && /--boxes: expected a whole number/.test(stderr))
})

test('sets of one, two and three states have a picture each', async () => {
  const property = 'invariant-set'
  const spiral = { state: ['x', 'y'], dynamics: { x: '-x + 2*y', y: '-y - 2*x' } }
  const three = { state: ['a', 'b', 'c'], dynamics: { a: '-a + 0.2*b', b: '-b + 0.2*c', c: '-c + 0.2*a' } }
  const side = [-1, 1]
  const halfSpaces = [{ normal: [1, 1], bound: 1 }, { normal: [-1, -1], bound: 1 }, { normal: [1, -1], bound: 1 }, { normal: [-1, 1], bound: 1 }] // biome-ignore format: a diamond
  const sets: readonly (readonly [string, object, RegExp])[] = [
    ['interval', { system: line, set: { box: { x: side } } }, /the box.*the field|the field.*the box/],
    ['ellipse', { system: spiral, set: { ellipsoid: { shape: [[1, 0], [0, 1]] } } }, /proved: the ellipsoid/],
    ['diamond', { system: { state: ['x', 'y'], dynamics: { x: '-x', y: '-y' } }, set: { polytope: { halfSpaces, witness: [0, 0] } }, domain: { x: [-2, 2], y: [-2, 2] } }, /proved: the polytope/],
    ['disc', { system: { state: ['x', 'y'], input: ['d'], dynamics: { x: 'y + x*(1 - x^2 - y^2) + d', y: '-x + y*(1 - x^2 - y^2)' } }, disturbance: { d: [-0.1, 0.1] }, set: { barrier: '1.69 - x^2 - y^2' }, domain: { x: [-2, 2], y: [-2, 2] } }, /proved: B ≥ 0.*Ḃ &gt; 0 proved/],
    ['cube', { system: three, set: { box: { a: side, b: side, c: side } } }, /A slice of the state space.*a and b.*b and c/],
    ['left', { system: { state: ['x', 'y'], dynamics: { x: '-x + y + 0.1', y: '-y' } }, set: { box: { x: side, y: side } } }, /the field points out of the set here.*At a point of the face.*the field points outward/],
    ['stuck', { system: { state: ['x', 'y'], dynamics: { x: '-x + y', y: '-y' } }, set: { box: { x: side, y: side } } }, /where the proof got stuck/],
  ] // biome-ignore format: one set a line
  for (const [name, keys, shows] of sets) {
    const { status, report } = await certify(name, { property, ...keys })
    const isProved = name !== 'stuck' && name !== 'left'
    assert.equal(status, isProved ? 0 : 1, name)
    assert.match(report.replace(/\s+/g, ' '), shows, name)
    // solutions of proved sets do not leave them
    assert.ok(!isProved || !report.includes('that end elsewhere'), name)
  }
})

test('half-planes clip a rectangle to the polygon that they leave, an equality to a segment', () => {
  const square = [[-1, 1], [-1, 1]] as const // biome-ignore format: a box
  const corner = clipped(square, [{ normal: [1, 1], bound: 0 }])
  const area = Math.abs(corner.reduce((s, [x, y], i) => s + x * corner[(i + 1) % corner.length][1] - y * corner[(i + 1) % corner.length][0], 0)) / 2 // biome-ignore format: the shoelace formula
  assert.equal(area, 2)
  const segment = clipped(square, [{ normal: [1, 1], bound: 1, isEqual: true }])
  assert.ok(segment.length >= 2 && segment.every(([x, y]) => Math.abs(x + y - 1) < 1e-8))
  assert.equal(clipped(square, [{ normal: [1, 0], bound: -2 }]).length, 0)
  assert.deepEqual(sectionOf([{ normal: [1, 2, 3], bound: 4 }], [0, 2], [9, 0.5, 9]), [
    { normal: [1, 3], bound: 3 },
  ])
})

test('progress names boxes, volume and the bracket, in 40 columns', () => {
  const progress = { proved: 0.21345, refuted: 2.3145, boxes: 12345, settled: 0.387 }
  const text = progressText({ property: 'region-of-attraction' }, progress)
  assert.equal(text, '12345 boxes, 38% vol., 0.213 ≤ c ≤ 2.31')
  assert.ok(text.length <= 40)
  assert.equal(progressText({ property: 'invariant-set' }, progress), '12345 boxes, 38% vol.')
})

test('a map is simulated step by step, and refuses settings of a solver', async () => {
  const keys = { time: 'discrete', system: { state: ['x'], dynamics: { x: 'x/2 + 1' } } }
  writeFileSync(at('map.yaml'), JSON.stringify({ ...keys, simulate: { initial: [[0]], time: 3 } }))
  const { stdout } = await separatrix('simulate', at('map.yaml'), '--json')
  assert.deepEqual(JSON.parse(stdout).trajectories[0].y, [[0], [1], [1.5], [1.75]])
  writeFileSync(
    at('map.yaml'),
    JSON.stringify({ ...keys, simulate: { initial: [[0]], time: 3, rtol: 1e-6 } }),
  )
  const { status, stderr } = await separatrix('simulate', at('map.yaml'))
  assert.ok(status === 2 && /whole steps, got rtol/.test(stderr.replace(/\s+/g, ' ')), stderr)
})

test('an interrupt ends the search with what it has, in a thread that the calling one talks to', async () => {
  // boxes down to 1e-9: it takes minutes unless it is ended
  const keys = { ...vanDerPol, property: 'reach-avoid-stay', level: 2.30447, inner: 1e-9 }
  writeFileSync(at('long.yaml'), JSON.stringify(keys))
  const heard: (() => void)[] = []
  const interrupts = {
    on: (_event: 'SIGINT', listen: () => void) => heard.push(listen),
    off: (_event: 'SIGINT', listen: () => void) => heard.splice(heard.indexOf(listen), 1),
  }
  let [stdout, stderr] = ['', '']
  const stream = (keep: (text: string) => void) =>
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        keep(chunk)
        done()
      },
    })
  const streams = {
    stdout: stream((text) => {
      stdout += text
    }),
    stderr: stream((text) => {
      stderr += text
    }),
  }
  const args = ['node', 'separatrix', 'certify', at('long.yaml'), '--out', at('long')]
  const run = commandLine(args, streams, interrupts)
  while (heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  heard[0]()
  assert.equal(heard.length, 0, 'a second interrupt is left to the system')
  assert.equal(await run, 1, stdout + stderr)
  assert.match(
    stdout,
    /^UNKNOWN[\s\S]*stuck at[\s\S]*ended early +it was interrupted, [\d.]+ % of the domain settled/,
  )
  assert.match(stderr, /Ctrl-C again ends at once/)
  // misuse in the thread is misuse, not a defect
  writeFileSync(at('off.yaml'), JSON.stringify({ ...vanDerPol, domain: { x: [1, 2], y: [-1, 1] } }))
  assert.equal(await commandLine(['node', 'separatrix', 'certify', at('off.yaml')], streams, interrupts), 2)
  assert.match(stderr.replace(/\s+/g, ' '), /expected a domain with the origin inside/)
})

test.run()
