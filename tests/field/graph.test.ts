import assert from 'node:assert/strict'
import { Builder, expression, freeze, isExactDecimal, type Op, system } from '@separatrix/field'
import { test } from 'uvu'

const ops = (text: string): Op[] => expression(text, ['x', 'y']).nodes.map((n) => n.op)
const constant = (text: string): number | undefined => {
  const f = expression(text, ['x', 'y'])
  const out = f.nodes[f.output]
  return out?.op === 'const' ? out.values[0] : undefined
}

const exact: readonly (readonly [string, number])[] = [
  ['2 + 3', 5],
  ['0.5 * 0.25', 0.125],
  ['1/4', 0.25],
  ['2^-3', 0.125],
  ['sqrt(9/4)', 1.5],
  ['sin(0) + cos(0) + exp(0) + tanh(0)', 2],
  ['x - x', 0],
  ['0 * sin(x)', 0],
  ['(0 + 1e16) - 1e16', 0],
]
for (const [text, value] of exact)
  test(`${text} folds to ${value}`, () => assert.equal(constant(text), value))

// folding these would replace the number that was written by a rounded one, or lose a domain error
const kept = [
  '0.1 + 0.2',
  '1/3',
  '1.1 - 1',
  '1e16 + 1',
  '0.1 * 10',
  'sqrt(2)',
  'sin(1)',
  '0 * log(x)',
  'log(x) - log(x)',
  '0 / x',
  'x / x',
]
for (const text of kept) test(`${text} is not folded`, () => assert.equal(constant(text), undefined))

test('x + 1e16 − 1e16 keeps both additions', () => {
  assert.deepEqual(
    ops('x + 1e16 - 1e16').filter((o) => o === 'add' || o === 'sub'),
    ['add', 'sub'],
  )
})

test('equal subexpressions are one node', () => {
  assert.equal(ops('sin(x*y) + cos(y*x) * sin(x*y)').filter((o) => o === 'sin').length, 1)
  assert.equal(ops('sin(x*y) + cos(y*x) * sin(x*y)').filter((o) => o === 'mul').length, 2)
})

test('x·x·x is a power, −(−x) is x, x − (−y) is x + y', () => {
  assert.deepEqual(ops('x*x*x'), ['state', 'gather', 'powi'])
  assert.deepEqual(ops('-(-x)'), ['state', 'gather'])
  assert.ok(!ops('x - (-y)').includes('neg'))
})

test('exact decimals are told from rounded ones', () => {
  for (const v of [0, 1, -3, 0.5, 0.375, 1e15, 2 ** -20, 1e22, -2.25]) assert.ok(isExactDecimal(v), String(v))
  for (const v of [0.1, 9.81, 1 / 3, Math.PI, 1e23, 5e-324, Number.NaN, Number.POSITIVE_INFINITY])
    assert.ok(!isExactDecimal(v), String(v))
})

test('gather, concat and scatter of one another disappear', () => {
  const b = new Builder()
  const x = b.leaf('state', 4)
  const parts = [0, 1, 2, 3].map((i) => b.gather(x, [i]))
  assert.equal(b.concat(parts), x)
  assert.equal(b.gather(b.concat([b.gather(x, [2, 3]), b.gather(x, [0])]), [2]), parts[0])
  assert.equal(b.gather(b.scatter(b.gather(x, [1, 2]), [5, 7], 9), [7]), parts[2])
  assert.ok(b.isZero(b.gather(b.scatter(b.gather(x, [1]), [5], 9), [0])))
})

test('freezing puts parameters in as decimals and weights as doubles', () => {
  const f = freeze(system({ state: ['x'], params: { a: 0.1 }, dynamics: { x: '-a*x' } }))
  assert.equal(f.theta.length, 0)
  const node = f.nodes.find((n) => n.op === 'const')
  assert.ok(node?.op === 'const' && node.exact === undefined && node.values[0] === 0.1)
})

test.run()
