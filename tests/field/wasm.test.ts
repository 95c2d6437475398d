import assert from 'node:assert/strict'
import {
  compileBatch,
  type Field,
  interpret,
  jvp,
  rowStride,
  scalarCount,
  seededRandom,
  vjp,
  type WasmForm,
  wasmForm,
} from '@separatrix/field'
import { test } from 'uvu'
import { closedFields, lorenz, pendulum, samplePoint } from './fields.js'

/**
 * Relative to the largest value: double lanes differ from the interpreter by some ulp of each elementary
 * function and the order of sums; single lanes by as many of theirs.
 */
const tolerance = { f64x2: 1e-13, f32x4: 1e-5 } as const

// no multiple of any tile, so that the last tile is partly empty
const batch = 13

for (const lanes of ['f64x2', 'f32x4'] as const) {
  for (const f of closedFields.flatMap((g): Field[] => [g, jvp(g), vjp(g)])) {
    for (const form of ['lines', 'tile'] as const) {
      // unrolling thousands of operations takes seconds, and nobody would do it
      if (form === 'lines' && scalarCount(f) > 5000) continue
      test(`${f.name} on ${lanes} as ${form} agrees with the interpreter`, () => agree(f, lanes, form))
    }
  }
}

async function agree(f: Field, lanes: 'f64x2' | 'f32x4', form: WasmForm) {
  const evaluator = await compileBatch(f, { lanes, capacity: batch, form })
  const points = Array.from({ length: batch }, (_, i) => samplePoint(f.stateSize, i % 4))
  points.forEach((x, i) => {
    x.forEach((v, k) => {
      evaluator.x[k * evaluator.stride + i] = v
    })
  })
  evaluator.evaluate(batch, 0.2)
  points.forEach((x, i) => {
    const expected = interpret(f, 0.2, x)
    const size = 1 + Math.max(...expected.map(Math.abs))
    expected.forEach((v, k) => {
      const value = evaluator.out[k * evaluator.stride + i] as number
      assert.ok(Math.abs(value - v) <= tolerance[lanes] * size, `${i},${k}: ${value} against ${v}`)
    })
  })
}

test('the form is chosen by size', () => {
  const forms = closedFields.map((f) => wasmForm(f, 'shared'))
  assert.ok(forms.includes('lines') && forms.includes('tile'))
})

test('every state may have its own θ', async () => {
  const random = seededRandom(3)
  const f = await compileBatch(lorenz, { lanes: 'f64x2', capacity: 5, theta: 'each' })
  for (let i = 0; i < f.x.length; i++) f.x[i] = random.normal()
  for (let i = 0; i < f.theta.length; i++) f.theta[i] = random.normal()
  f.evaluate(5, 0)
  const column = (a: ArrayLike<number>, rows: number, i: number) =>
    Array.from({ length: rows }, (_, k) => a[k * f.stride + i] as number)
  for (let i = 0; i < 5; i++) {
    const expected = interpret(lorenz, 0, column(f.x, 3, i), column(f.theta, 3, i))
    column(f.out, 3, i).forEach((v, k) => {
      // the same operations in the same order, at most a few roundings apart
      assert.ok(Math.abs(v - (expected[k] as number)) <= 1e-14 * (1 + Math.abs(v)))
    })
  }
})

test('θ and inputs may be changed between calls; views stay on the same memory', async () => {
  const f = await compileBatch(pendulum, { lanes: 'f64x2', capacity: 1 })
  f.theta.set([9.81, 0.5, 0.15, 0])
  f.input[0] = 0.3
  f.x[0] = 0
  f.x[f.stride] = 1
  f.evaluate(1, 0)
  assert.equal(f.out[0], 1)
  assert.ok(Math.abs((f.out[f.stride] as number) - 0.3 / (0.15 * 0.25)) < 1e-14)
  f.input[0] = 0
  f.evaluate(1, 0)
  assert.equal(f.out[f.stride], 0)
})

test('rows are whole tiles and never a multiple of a page apart', () => {
  for (let capacity = 1; capacity < 5000; capacity += 7)
    for (const bytes of [4, 8]) {
      const stride = rowStride(capacity, 128 / bytes, bytes)
      assert.ok(stride >= capacity && (stride * bytes) % 64 === 0 && (stride * bytes) % 4096 !== 0)
    }
})

test('misuse is refused with a remedy', async () => {
  await assert.rejects(compileBatch(lorenz, { lanes: 'f64x2', capacity: 0 }), /positive whole capacity.*Try/)
  await assert.rejects(compileBatch(lorenz, { lanes: 'f64x2', capacity: 1e9 }), /at most .* bytes/)
  const f = await compileBatch(lorenz, { lanes: 'f64x2', capacity: 4 })
  assert.throws(() => f.evaluate(5, 0), /count up to 4.*Try a larger capacity/)
})

test.run()
