import { expression, system } from '@separatrix/field'
import { certify, checkCertificate } from '@separatrix/lyapunov'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { polynomials } from '../../packages/lyapunov/src/check/polynomial.js'
import { type Json, rehashed } from './cases.js'

const xy = ['x', 'y'] as const
const verdict = certify({
  field: system({ state: xy, dynamics: { x: 'y', y: '-x - y' } }),
  V: expression('x^2 + y^2', xy),
  domain: [[-2, 2], [-2, 2]],
  level: 1,
  property: 'stability',
}) // biome-ignore format: a box
if (verdict.kind !== 'proved') throw new Error(verdict.message)
const stable = verdict.certificate as unknown as Json
const claim = stable.claim as Json
const { statement: _said, ...silent } = claim

test('a claim that no sentence covers is not proved by saying nothing', () => {
  assert.ok(checkCertificate(rehashed(stable)).valid)
  const forgeries = [silent, { ...silent, promise: 'x(t) = 0 from t = 1' }, { ...silent, time: 'discrete' }]
  for (const forged of forgeries) {
    const { valid, reason } = checkCertificate(rehashed({ ...stable, claim: forged }))
    assert.is(valid, false, reason)
  }
})

/** x' = −x, and of y' nothing: sizes of ½ that add up to one entry, and hold none. */
const halves = [
  { op: 'state', args: [], size: 2 },
  { op: 'gather', args: [0], size: 1, indices: [0] },
  { op: 'neg', args: [1], size: 1 },
  { op: 'const', args: [], size: 1, values: [1] },
  { op: 'matvec', args: [3, 0], size: 0.5, rows: 0.5, cols: 2, transposed: false },
  { op: 'concat', args: [2, 4, 4], size: 2 },
]

/** As many entries as a computer has no room for, which a size below 0 pays for. */
const debt = [
  { op: 'state', args: [], size: 2, cols: -1e300 },
  ...Array.from({ length: 40 }, (_, k) => ({ op: 'concat', args: [k, k], size: 2 ** (k + 2) })),
  { op: 'gather', args: [40], size: 2, indices: [0, 1] },
]
const negative = [
  { op: 'state', args: [], size: 2 },
  { op: 'const', args: [], size: 0, values: [] },
  { op: 'gather', args: [0], size: 0, indices: [] },
  { op: 'matvec', args: [1, 2], size: -1e300, rows: -1e300, cols: 0, transposed: false },
  { op: 'neg', args: [0], size: 2 },
]
for (const [name, nodes] of Object.entries({ halves, debt, negative }))
  test(`a field of sizes that no list has: ${name}`, () => {
    const forged = { ...(stable.system as Json), nodes, output: nodes.length - 1 }
    const { valid, reason } = checkCertificate(rehashed({ ...stable, system: forged }))
    assert.is(valid, false, reason)
    assert.match(reason, /malformed|too large/)
  })

test('the same long function a hundred thousand times is refused before all its names are written out', () => {
  const P = polynomials(2)
  // 171 terms
  const long = P.power(P.linear([1, 1, 1], true, [P.variable(0), P.variable(1), P.constant(1, true)]), 17)
  assert.throws(() => {
    for (let k = 0; k < 100_000; k++) P.call('sin', long)
  }, /too long/)
})

test.run()
