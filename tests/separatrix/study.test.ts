import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile, network, toJSON } from '@separatrix/field'
import { linearize, lqr } from '@separatrix/lyapunov'
import { test } from 'uvu'
import { buildCandidate, buildStudy, domainOf } from '../../packages/separatrix/src/study/buildStudy.js'
import { readStudy } from '../../packages/separatrix/src/study/readStudy.js'
import { checkStudy } from '../../packages/separatrix/src/study/schema.js'

const folder = mkdtempSync(join(tmpdir(), 'separatrix-'))

const system = {
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l) * sin(theta) - b/(m*l^2) * omega + u/(m*l^2)' },
}
const domain = { omega: [-9, 9], theta: [-3, 3] }
const Q = [1, 1]
const R = [1]

/** The study that a file with these keys describes. */
function build(keys: object) {
  const source = {
    file: 'study.yaml',
    directory: folder,
    study: checkStudy({ system, ...keys }, 'study.yaml'),
  }
  const study = buildStudy(source)
  return { source, study }
}

function valueAt(f: Parameters<typeof compile>[0], x: readonly number[]): number[] {
  const out = new Float64Array(f.outputSize)
  compile(f)(0, x, out)
  return Array.from(out)
}

test('the regulator of a study is the lqr of its linearization, and its cost the candidate', () => {
  const { source, study } = build({ controller: { lqr: { Q, R } }, candidate: { lqr: {} }, domain })
  const { A, B } = linearize(study.plant)
  const { K, S } = lqr(A, B, [[1, 0], [0, 1]], [[1]]) // biome-ignore format: matrices
  const x = [0.3, -0.7] as const
  const u = -K.get(0, 0) * x[0] - K.get(0, 1) * x[1]
  // rates of size 20, a handful of roundings
  assert.ok(
    Math.abs((valueAt(study.field, x)[1] as number) - (19.62 * Math.sin(0.3) + (0.1 * 0.7 + u) / 0.0375)) <
      1e-13,
  )
  const cost = S.get(0, 0) * x[0] ** 2 + 2 * S.get(0, 1) * x[0] * x[1] + S.get(1, 1) * x[1] ** 2
  assert.ok(Math.abs((valueAt(buildCandidate(source, study), x)[0] as number) - cost) < 1e-15)
  assert.deepEqual(domainOf(source, study), [[-3, 3], [-9, 9]]) // biome-ignore format: the order of the states
})

test('a controller may be formulas with the parameters of the system', () => {
  const { study } = build({ controller: { expression: { u: '-m*g*l*sin(theta) - 0.5*omega' } } })
  const [, rate] = valueAt(study.field, [0.4, 1])
  assert.ok(Math.abs((rate as number) + (0.1 + 0.5) / 0.0375) < 1e-13)
})

test('a controller may be a network that was written as JSON, beside the study', () => {
  const net = network({ widths: [2, 4, 1], activation: 'tanh', seed: 3, bias: false })
  writeFileSync(join(folder, 'controller.json'), JSON.stringify(toJSON(net)))
  const { study } = build({ controller: { network: 'controller.json' } })
  const [u] = valueAt(net, [0.4, 1]) as [number]
  assert.ok(
    Math.abs(
      (valueAt(study.field, [0.4, 1])[1] as number) - (19.62 * Math.sin(0.4) - 0.1 / 0.0375 + u / 0.0375),
    ) < 1e-13,
  )
})

test('candidates: formula, matrix, and the solution of the Lyapunov equation', () => {
  const vanDerPol = { state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } }
  const candidates = [
    { expression: '1.5*x^2 - x*y + y^2' },
    { quadratic: [[1.5, -0.5], [-0.5, 1]] }, // biome-ignore format: a matrix
    { lyapunov: { Q } },
  ]
  for (const candidate of candidates) {
    const { source, study } = build({ system: vanDerPol, candidate })
    const [value] = valueAt(buildCandidate(source, study), [0.8, -0.6]) as [number]
    assert.ok(Math.abs(value - (1.5 * 0.64 + 0.48 + 0.36)) < 1e-14, JSON.stringify(candidate))
  }
})

/** What is wrong with a study, and what the error must say. */
const mistakes: readonly (readonly [object, RegExp])[] = [
  [
    { contoller: {} },
    /study.yaml: expected the keys name, title, system, .*got the unknown key 'contoller'. Try controller/,
  ],
  [{ name: '../../elsewhere' }, /study.yaml, name: expected a name that can be a folder/],
  [{ name: '' }, /study.yaml, name: expected a name that can be a folder/],
  [{ system: { ...system, dynamic: {} } }, /study.yaml, system: .*'dynamic'. Try dynamics/],
  [{ controller: { lqr: { Q } } }, /the key controller.lqr.R, got none. Try controller: \{ lqr/],
  [{ controller: {} }, /exactly one kind, got none. Try lqr, expression or network/],
  [{ controller: { lqr: { Q, R }, network: 'n.json' } }, /got lqr and network/],
  [{ controller: { expression: { v: '1' } } }, /a formula for each of u, got 'v'/],
  [
    { controller: { network: 'nothing.json' } },
    /nothing.json': expected a controller written by toJSON, got no such file/,
  ],
  [{}, /expected a controller for u, got none/],
  [
    { system: { ...system, state: 'theta' } },
    /study.yaml, system.state: expected a list of names, got 'theta'/,
  ],
  [{ system: { ...system, params: { g: 'ten' } } }, /system.params.g: expected a number, got 'ten'/],
  [{ system: { ...system, dynamics: { theta: 'omega' } } }, /dynamics for every state/],
  [{ labels: { phi: 'angle' } }, /labels: expected states \(theta, omega\), got 'phi'/],
  [{ level: -1 }, /level: expected a positive number, got -1/],
  [{ domain: { theta: [1, 2, 3] } }, /domain.theta/],
]
for (const [keys, pattern] of mistakes)
  test(`a mistake is named: ${JSON.stringify(keys).slice(0, 60)}`, () => {
    assert.throws(() => build(keys), pattern)
  })

test('what only a proof needs is asked for by the proof', () => {
  const controller = { lqr: { Q, R } }
  const { source, study } = build({ controller })
  assert.throws(() => buildCandidate(source, study), /expected a candidate V to prove, got none/)
  assert.throws(
    () => domainOf(source, study),
    /expected a domain to prove on, got none. Try domain: \{ theta: \[-1, 1\], omega/,
  )
  const half = build({ controller, domain: { theta: [-1, 1] } })
  assert.throws(() => domainOf(half.source, half.study), /lo < hi for omega, got none/)
  const inverted = build({ controller, domain: { theta: [-1, 1], omega: [2, -2] } })
  assert.throws(() => domainOf(inverted.source, inverted.study), /for omega, got \[2, -2\]/)
  const alone = build({ controller: { expression: { u: '0' } }, candidate: { lqr: {} } })
  assert.throws(() => buildCandidate(alone.source, alone.study), /weights Q and R/)
})

test('broken YAML is reported with its line', () => {
  const path = join(folder, 'broken.yaml')
  writeFileSync(path, 'system:\n  state: [x\n  dynamics: {}\n')
  assert.throws(() => readStudy(path), /broken.yaml: expected YAML, got an error: .*line 3/)
  writeFileSync(path, '- 1\n')
  assert.throws(() => readStudy(path), /broken.yaml/)
  assert.throws(() => readStudy(folder), /got a folder/)
})

test.run()
