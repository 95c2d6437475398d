import assert from 'node:assert/strict'
import {
  Builder,
  compile,
  type Field,
  fromJSON,
  interpret,
  jacobian,
  makeField,
  network,
  scalarCount,
  scalarize,
  system,
  toJSON,
  unrollLimit,
  vjp,
} from '@separatrix/field'
import { test } from 'uvu'
import { closedFields, pendulum, samplePoint } from './fields.js'

/** Readings that must agree with the interpreter. They may sum in another order: some tens of roundings. */
const tolerance = 1e-13

function agree(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  assert.equal(actual.length, expected.length)
  const size = 1 + Math.max(...Array.from(expected, Math.abs))
  for (let i = 0; i < actual.length; i++)
    assert.ok(
      Math.abs((actual[i] as number) - (expected[i] as number)) <= tolerance * size,
      `${i}: ${actual[i]} against ${expected[i]}`,
    )
}

const derived = (f: Field) => [f, jacobian(f), vjp(f, { wrt: ['state', 'theta'] })]

for (const f of closedFields.flatMap(derived)) {
  test(`${f.name}: compiled, scalarized and re-read from JSON agree with the interpreter`, () => {
    for (let k = 0; k < 3; k++) {
      const x = samplePoint(f.stateSize, k)
      const expected = interpret(f, 0.2, x)
      const out = new Float64Array(f.outputSize)
      compile(f)(0.2, x, out)
      agree(out, expected)
      if (scalarCount(f) < 20_000) agree(interpret(scalarize(f), 0.2, x), expected)
      agree(interpret(fromJSON(JSON.parse(JSON.stringify(toJSON(f)))), 0.2, x), expected)
    }
  })
}

test('both printed forms are exercised: some fields unroll, some loop', () => {
  const counts = closedFields.map(scalarCount)
  assert.ok(counts.some((c) => c > unrollLimit) && counts.some((c) => c <= unrollLimit))
})

test('θ and the input are arguments of the compiled function', () => {
  const f = compile(pendulum)
  const out = new Float64Array(2)
  f(0, [0, 1], out, [9.81, 0.5, 0.15, 0], [0.3])
  agree(out, [1, 0.3 / (0.15 * 0.25)])
})

test('compiled code keeps NaN visible', () => {
  const f = system({ state: ['x'], dynamics: { x: 'relu(x) + max(x, 0)' } })
  const out = new Float64Array(1)
  compile(f)(0, [Number.NaN], out)
  assert.ok(Number.isNaN(out[0]))
})

test('JSON keeps every double, the layout and the names', () => {
  const f = network({ widths: [2, 3, 1], activation: 'tanh', seed: 11, name: 'policy' })
  const back = fromJSON(JSON.stringify(toJSON(f)))
  assert.deepEqual(toJSON(back), toJSON(f))
  assert.deepEqual(Array.from(back.theta), Array.from(f.theta))
})

const broken: readonly (readonly [string, (json: ReturnType<typeof toJSON>) => unknown])[] = [
  ['another format', (j) => ({ ...j, format: 'x' })],
  ['an unknown operation', (j) => ({ ...j, nodes: [{ ...j.nodes[0], op: 'sine' }, ...j.nodes.slice(1)] })],
  [
    'a reference forward',
    (j) => ({ ...j, nodes: j.nodes.map((n) => ({ ...n, args: n.args.map(() => 99) })) }),
  ],
  ['a wrong length', (j) => ({ ...j, nodes: j.nodes.map((n) => ({ ...n, size: n.size + 1 })) })],
  ['a non-finite parameter', (j) => ({ ...j, theta: [null, 0.5, 0.15, 0.1] })],
  [
    'indices beyond the vector',
    (j) => ({ ...j, nodes: j.nodes.map((n) => ('indices' in n ? { ...n, indices: [7] } : n)) }),
  ],
  [
    'fewer arguments than the operation takes',
    (j) => ({ ...j, nodes: j.nodes.map((n) => ({ ...n, args: n.args.slice(1) })) }),
  ],
  ['a layout beyond θ', (j) => ({ ...j, layout: [{ name: 'g', offset: 3, shape: [2], kind: 'parameter' }] })],
  ['inputs that are no list', (j) => ({ ...j, input: 'u' })],
  ['names that are no text', (j) => ({ ...j, state: [1, 2] })],
  ['an output that is no node', (j) => ({ ...j, output: 1000 })],
]
for (const [what, change] of broken) {
  test(`fromJSON refuses ${what}`, () => {
    assert.throws(
      () => fromJSON(change(toJSON(pendulum))),
      /^SeparatrixError: fromJSON: expected .+, got .+\. Try /,
    )
  })
}

test('a dot product of a whole leaf beside scalars is unrolled too', () => {
  const b = new Builder()
  const x = b.leaf('state', 2)
  const f = makeField(b, b.concat([b.dot(x, x), b.constant([3, -4]), b.sum(x)]), {
    name: 'whole leaves',
    stateNames: ['x', 'y'],
    inputNames: [],
    theta: new Float64Array(0),
    layout: [],
  })
  const out = new Float64Array(4)
  compile(f)(0, Float64Array.of(1, 2), out)
  assert.deepEqual([...out], [5, 3, -4, 3])
})

test.run()
