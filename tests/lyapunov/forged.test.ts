import { expression, system } from '@separatrix/field'
import { type Field, toJSON } from '@separatrix/field/core'
import {
  type Certificate,
  certify,
  checkCertificate,
  invariantSet,
  reachAvoidStay,
  type Verdict,
} from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { lower } from '../../packages/lyapunov/src/certify/lower.js'
import { type Json, rehashed } from './cases.js'

const xy = ['x', 'y'] as const
const plane = (x: string, y: string) => system({ state: xy, dynamics: { x, y } })
const line = (x: string) => system({ state: ['x'], dynamics: { x } })
const parabola = expression('x^2', ['x'])
const square = expression('x^2 + y^2', xy)
const around = [[-2, 2], [-2, 2]] as const // biome-ignore format: a box

function certificateOf(verdict: Verdict): Certificate {
  if (verdict.kind !== 'proved') throw new Error(verdict.message)
  return verdict.certificate
}

/** The certificate with another system or candidate in it, and a hash that fits. */
const withField = (c: Certificate, change: { system?: Field; candidate?: Field }) =>
  rehashed({
    ...(c as unknown as Json),
    ...(change.system && { system: toJSON(lower(change.system)) }),
    ...(change.candidate && { candidate: toJSON(lower(change.candidate)) }),
  })

const globally = certificateOf(
  certify({ field: line('-x - x^3'), V: parabola, property: 'global-asymptotic-stability' }),
)
const flatly = certificateOf(
  certify({ field: plane('-x', '-y'), V: square, property: 'global-asymptotic-stability' }),
)
const stable = certificateOf(
  certify({ field: plane('y', '-x - y'), V: square, domain: around, level: 1, property: 'stability' }),
)
const boxed = certificateOf(invariantSet({ field: line('-x'), set: { kind: 'box', sides: [[-1, 1]] } }))
const squared = certificateOf(
  invariantSet({ field: plane('-x', '-y'), set: { kind: 'box', sides: [[-1, 1], [-1, 1]] } }), // biome-ignore format: a box
)
const moved = certificateOf(
  certify({ field: line('3 - x'), V: parabola, domain: [[-1, 1]], level: 0.5, equilibrium: [3] }),
)
const map = certificateOf(
  certify({ field: line('0.5*x'), V: parabola, domain: [[-1, 1]], level: 0.5, time: 'discrete' }),
)

test('the certificates that are forged below are good ones', () => {
  for (const c of [globally, flatly, stable, boxed, moved, map]) assert.ok(checkCertificate(c).valid)
})

/** Fields that agree with the honest ones wherever they are defined, or by formulas that vanish, and yet are others. */
const forgeries: readonly (readonly [string, Certificate, { system?: Field; candidate?: Field }])[] = [
  ['a global claim about a field that ends at 0', globally, { system: line('-x - x^3 + 0*log(x)') }],
  ['a global claim about a field with a pole', globally, { system: line('-x - x^3 + 0/(x - 0.5)') }],
  ['a global claim with a V that ends', globally, { candidate: expression('x^2 + 0*sqrt(x + 5)', ['x']) }],
  [
    'a global claim by a V that is blind to y',
    flatly,
    { system: plane('-x', 'y'), candidate: expression('x^2', xy) },
  ],
  ['a global claim about a y that stays', flatly, { system: plane('-x', '0*y') }],
  ['stability of a field that ends', stable, { system: plane('y', '-x - y + 0*log(x + 0.5)') }],
  ['stability of a field with a pole', stable, { system: plane('y', '-x - y + 0/(x - 0.25)') }],
  ['stability by a V with kinks', stable, { candidate: expression('x^2 + y^2 + 0*relu(x - 0.3)', xy) }],
  ['stability under negative friction', stable, { system: plane('y', '-x + y') }],
  // V' = -2 y^3: an odd power left over
  ['stability under a force of y²', stable, { system: plane('y', '-x - y^2') }],
  // x' = y on the face x = -1, half of which is left
  ['a face with a term of either sign', squared, { system: plane('y*(1 - x)/2', '-y') }],
  ['a box of a field that ends within', boxed, { system: line('-x + 0*log(x + 0.5)') }],
  ['a box of a field without uniqueness at its end', boxed, { system: line('sqrt(max(x - 1, 0)) - 0*x') }],
  ['another equilibrium', moved, { system: line('3.001 - x') }],
  ['no equilibrium', moved, { system: line('-x^2 - 3') }],
  ['a field that ends at its equilibrium', moved, { system: line('3 - x + 0*sqrt(x - 3)') }],
  ['an equilibrium on the cut of an angle', moved, { system: line('3 - x + 1e-9*(atan2(0*x, 2 - x) - 3)') }],
  ['a map that is another', map, { system: line('-1.5*x') }],
  ['a map that ends', map, { system: line('0.5*x + 0*log(x + 0.5)') }],
]

for (const [name, certificate, change] of forgeries)
  test(`forged: ${name}`, () => {
    const { valid, reason } = checkCertificate(withField(certificate, change))
    // 0·relu is dropped when the field is built, and then nothing is forged
    const isSame = JSON.stringify(change.candidate && toJSON(lower(change.candidate)).nodes) === JSON.stringify(certificate.candidate.nodes) // biome-ignore format: one line
    assert.is(valid, isSame, reason)
  })

test('forged: a polytope whose witness is not in it may be empty', () => {
  const proof = { ...boxed.proof, witness: [1.5] }
  assert.is(checkCertificate(rehashed({ ...(boxed as unknown as Json), proof })).valid, false)
})

test('forged: an origin box whose image has a larger Hessian', () => {
  // at (0.95, 0): V = 3.61, and V(f) = 2.03 + 0.004·1.425²⁰ = 6.8; over the origin box the Hessian is small
  const steep = certificateOf(
    certify({
      field: plane('0.2*y', '1.5*x'),
      V: expression('4*x^2 + y^2 + 0.004*y^20', xy),
      domain: [[-1.6, 1.6], [-1.6, 1.6]],
      level: 0.5,
      time: 'discrete',
    }),
  ) // biome-ignore format: a box
  const origin = [[-1, 1], [-1, 1]] // biome-ignore format: a box
  const forged = {
    ...(steep as unknown as Json),
    claim: { ...steep.claim, level: 3.615 },
    proof: { ...steep.proof, origin },
  }
  assert.ok(checkCertificate(steep).valid)
  assert.is(checkCertificate(rehashed(forged)).valid, false)
})

test('formulas that would fill the memory or take hours come to an end at once', () => {
  const chain = (first: Json[], next: (k: number) => Json, count: number) => {
    const nodes = [...first]
    for (let k = 0; k < count; k++) nodes.push(next(nodes.length - 1))
    return nodes
  }
  const squared = (k: number) => ({ op: 'mul', args: [k, k], size: 1 })
  const state = { op: 'state', args: [], size: 1 }
  const bombs: readonly Json[][] = [
    // 3^(2^60), x^(2^60), and (x + 1)^(2^60)
    chain([{ op: 'const', args: [], size: 1, values: [3] }], squared, 60),
    chain([state], squared, 60),
    chain([state, { op: 'const', args: [], size: 1, values: [1] }, { op: 'add', args: [0, 1], size: 1 }], squared, 60),
    // sines of sums of sines: a new atom each
    chain([state], (k) => ({ op: 'sin', args: [k], size: 1 }), 300),
    // twenty thousand thousandth powers
    chain([state], () => ({ op: 'powi', args: [0], size: 1, exponent: 999 }), 20_000),
  ] // biome-ignore format: one bomb a line
  const started = performance.now()
  for (const c of [globally, stable, boxed, moved, map])
    for (const nodes of bombs) {
      const n = c.claim.domain.length
      const wide = n === 2 ? [...nodes.map((node) => (node === state ? { ...state, size: 1 } : node))] : nodes
      const system = { ...(c.system as unknown as Json), nodes: wide, output: wide.length - 1 }
      // x⁺ = x^(2^60) does contract: some of these claims are true
      assert.type(checkCertificate(rehashed({ ...(c as unknown as Json), system })).reason, 'string')
    }
  // twenty forgeries, each answered in well under a second where nothing runs away
  assert.ok(performance.now() - started < 20_000)
})

const wellAtTwo = {
  system: line('-x*(x - 1)*(x - 2)'),
  candidate: expression('x^2*(x - 1.8)*(x - 2.2)', ['x']),
}
const rated = certificateOf(
  certify({ field: line('-x'), V: parabola, domain: [[-1, 1]], level: 0.5, rate: 0.2 }),
)
const reached = certificateOf(
  reachAvoidStay({
    field: system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d' } }),
    V: parabola,
    domain: [[-3, 3]],
    disturbance: { d: [-0.3, 0.3] },
    level: 4,
    inner: 0.5,
  }),
)
const barred = certificateOf(
  invariantSet({ field: line('-x'), barrier: expression('1 - x^2', ['x']), domain: [[-2, 2]] }),
)

/** With parts of its claim and proof replaced; the checker itself bisects the single leaf −3. */
const forge = (c: Json, claim: Json, proof: Json = {}) =>
  rehashed({
    ...c,
    claim: { ...(c.claim as Json), ...claim },
    proof: { ...(c.proof as Json), tree: [-3], ...proof },
  })

/** A graph whose operations are lists of one word, which print as that word. */
const inLists = (field: Json, ...operations: readonly string[]): Json => ({
  ...field,
  nodes: (field.nodes as Json[]).map((node) => (operations.includes(node.op as string) ? { ...node, op: [node.op] } : node)),
}) // biome-ignore format: one row

test('forged: a rate where V is negative, and another equilibrium attracts', () => {
  // at the bottom of the well about 2, V < 0 and V' = 0: V' + κV < 0 without any fall; x = 2 lies in {V ≤ 0.3}
  const claim = { domain: [[-1, 3]], level: 0.3 }
  assert.ok(checkCertificate(forge(rated as unknown as Json, {}, { origin: [[-0.3, 0.3]] })).valid)
  const forged = forge(withField(rated, wellAtTwo), claim, { origin: [[-0.3, 0.3]] })
  assert.is(checkCertificate(forged).valid, false)
  const { system: field, candidate: V } = wellAtTwo
  const verdict = certify({ field, V, domain: [[-1, 3]], level: 0.3, rate: 0.2 })
  assert.is(verdict.kind, 'unknown')
  assert.match(verdict.message, 'V is negative')
})

test('forged: the rate of a map where V is negative', () => {
  const contracted = certificateOf(
    certify({ field: line('0.5*x'), V: parabola, domain: [[-1, 1]], level: 0.5, time: 'discrete', rate: 0.2 }),
  )
  // 2 stays where it is, and V(2) = -0.16 < 0.8·V(2)
  const twoWells = { system: line('x - 0.2*x*(x - 1)*(x - 2)'), candidate: wellAtTwo.candidate }
  const forged = forge(withField(contracted, twoWells), { domain: [[-0.4, 2.3]], level: 0.3 }, { origin: [[-0.2, 0.2]] })
  assert.is(checkCertificate(forged).valid, false)
}) // biome-ignore format: one row

test('forged: lists of one word that print as the word', () => {
  const [map_, barred_, reached_, stable_] = [map, barred, reached, stable] as unknown as Json[]
  const forgeries: readonly (readonly [string, Json])[] = [
    // x' = -x contracts, x⁺ = -x does not
    ['time', forge(withField(map, { system: line('-x') }), { time: ['discrete'] })],
    // {x² - 1 ≤ 0} is invariant, {x² - 1 ≥ 0} is not
    ['invariant-set', forge(withField(barred, { candidate: expression('x^2 - 1', ['x']) }), { property: ['invariant-set'] })],
    ['stability', forge(stable_, { property: ['stability'] })],
    // a V that reads the disturbance, whose change its derivative leaves out
    ['input', forge({ ...reached_, candidate: inLists(movingCandidate(reached_), 'input') }, {})],
    ['a kink', forge({ ...stable_, candidate: inLists(toJSON(lower(expression('max(x^2, 0.5*x^2) + y^2', xy))) as unknown as Json, 'relu') }, {})],
  ] // biome-ignore format: one row
  assert.ok(checkCertificate(forge(map_, {})).valid && checkCertificate(forge(barred_, {})).valid)
  for (const [name, forged] of forgeries) assert.is(checkCertificate(forged).valid, false, name)
})

/** (x − d)² */
function movingCandidate(c: Json): Json {
  const nodes = [
    { op: 'state', args: [], size: 1 },
    { op: 'input', args: [], size: 1 },
    { op: 'sub', args: [0, 1], size: 1 },
    { op: 'powi', args: [2], size: 1, exponent: 2 },
  ]
  return { ...(c.candidate as Json), nodes, output: 3 }
}

test('forged: a key that is written twice, and two quantities of one name', () => {
  const text = JSON.stringify(moved)
  assert.ok(checkCertificate(text).valid)
  const twice = text.replace('"level":', '"level":0.9,"level":')
  assert.is(checkCertificate(twice).valid, false)
  const system_ = { ...(stable.system as unknown as Json), state: ['x', 'x'] }
  const candidate = { ...(stable.candidate as unknown as Json), state: ['x', 'x'] }
  const { valid, reason } = checkCertificate(
    rehashed({ ...(stable as unknown as Json), system: system_, candidate }),
  )
  assert.is(valid, false, reason)
})

test.run()
