// The text of kernels for large fields, run as JavaScript: layers as loops must be the field.
import assert from 'node:assert/strict'
import {
  compile,
  compose,
  expression,
  type Field,
  gradient,
  jvp,
  network,
  seededRandom,
  vjp,
} from '@separatrix/field'
import { test } from 'uvu'
import { gpuLoops } from '../../packages/field/src/read/gpuLoops.js'
import { closedFields, vectorOperations } from './fields.js'

const deep = network({ widths: [3, 20, 17, 20, 9, 2], activation: 'softplus', seed: 2 })
const wide = network({ widths: [2, 64, 64, 2], activation: 'tanh', seed: 1 })
const scalar = compose(expression('a^2 + sin(b)', ['a', 'b']), wide)

const fields: readonly Field[] = [
  ...closedFields,
  vectorOperations,
  deep,
  wide,
  scalar,
  jvp(deep),
  vjp(deep),
  gradient(scalar),
]

/** The statements as a function of state and time, coefficients computed as the host does. */
function run(field: Field, timed: boolean): (x: Float64Array, t: number) => number[] {
  const statements = gpuLoops(field, { timed })
  const { lines, outputs } = statements.print('v', { state: (k) => `x[${k}]`, time: 't' })
  const f = new Function('x', 't', 'c', `${lines.join('\n')}\nreturn [${outputs.join(', ')}]`)
  const shared = statements.coefficients
  const c = new Float64Array(shared.outputSize)
  return (x, t) => {
    compile(shared)(t, new Float64Array(shared.stateSize), c)
    return f(x, t, c)
  }
}

for (const field of fields)
  for (const timed of [false, true])
    test(`${field.name}, ${field.nodes.length} nodes, the time ${timed ? 'varies' : 'is fixed'}`, () => {
      const random = seededRandom(6)
      const out = new Float64Array(field.outputSize)
      const f = run(field, timed)
      for (let k = 0; k < 5; k++) {
        const x = Float64Array.from({ length: field.stateSize }, () => 0.15 + 0.7 * random.uniform())
        compile(field)(0.4, x, out)
        const values = f(x, 0.4)
        const size = 1 + Math.max(...out.map(Math.abs))
        assert.equal(values.length, out.length)
        // sin and cos of kernels are good to 1e-7, and e^88 is the largest that sigmoid takes
        values.forEach((v, i) => {
          assert.ok(Math.abs(v - (out[i] as number)) < 2e-6 * size, `${i}: ${v}, ${out[i]}`)
        })
      }
    })

test('the text grows with the width of a network, not with its square', () => {
  const statements = (width: number) =>
    gpuLoops(network({ widths: [2, width, width, 2], activation: 'tanh', seed: 1 }), { timed: true })
      .operations
  assert.ok(statements(128) < 2.1 * statements(64))
  assert.ok(statements(64) < 300)
})

test.run()
