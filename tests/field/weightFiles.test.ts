import assert from 'node:assert/strict'
import {
  fromOnnx,
  interpret,
  network,
  readSafetensors,
  system,
  toSafetensors,
  withSafetensors,
  withTheta,
} from '@separatrix/field'
import { test } from 'uvu'

const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'))

// written by safetensors 0.8 (Python) from numpy arrays of five types
const fromNumpy = bytesOf(
  'UAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIjoiYnkgbnVtcHkifSwibiI6eyJkdHlwZSI6Ikk2NCIsInNoYXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzAsMTZdfSwibmV0LmJpYXMxIjp7ImR0eXBlIjoiRjY0Iiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbMTYsMzJdfSwibmV0LndlaWdodDEiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzMyLDQ4XX0sInMiOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6W10sImRhdGFfb2Zmc2V0cyI6WzQ4LDUyXX0sImhhbGYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzRdLCJkYXRhX29mZnNldHMiOls1Miw2MF19fSAgICADAAAAAAAAAPz/////////AAAAAAAA4D/8qfHSTWJQvwAAwD8AABDAzczMPQAAQEAAACBAADxUtf97AQA=',
)

test('a file that Python wrote: types, shapes and numbers', () => {
  const tensors = readSafetensors(fromNumpy)
  const read = (name: string) => {
    const { type, shape, values } = tensors.get(name) as NonNullable<ReturnType<typeof tensors.get>>
    return [type, shape, [...values]]
  }
  assert.deepEqual(read('net.weight1'), ['F32', [2, 2], [1.5, -2.25, Math.fround(0.1), 3]])
  assert.deepEqual(read('net.bias1'), ['F64', [2], [0.5, -1e-3]])
  assert.deepEqual(read('n'), ['I64', [2], [3, -4]])
  assert.deepEqual(read('s'), ['F32', [], [2.5]])
  // binary16: −.333 is −1364/4096, 6e-8 the least subnormal
  assert.deepEqual(read('half'), ['F16', [4], [1, -1364 / 4096, 65504, 2 ** -24]])
})

test('weights go through a file and come back bit for bit, in single precision rounded once', () => {
  const net = network({ widths: [3, 5, 2], activation: 'tanh', seed: 4 })
  const blank = withTheta(net, new Float64Array(net.theta.length))
  const bytes = toSafetensors(net, { metadata: { source: 'a test' } })
  assert.deepEqual(withSafetensors(blank, bytes).theta, net.theta)
  assert.equal(new DataView(bytes.buffer).getUint32(0, true) % 8, 0)
  const single = withSafetensors(blank, toSafetensors(net, { precision: 'single' }))
  assert.deepEqual(single.theta, net.theta.map(Math.fround))
  // a view into a larger buffer, as a file read in parts is
  const padded = new Uint8Array(bytes.length + 3)
  padded.set(bytes, 3)
  assert.deepEqual(withSafetensors(blank, padded.subarray(3)).theta, net.theta)
})

test('names of another program are renamed; what does not fit is refused', () => {
  const net = network({ widths: [2, 2], activation: 'tanh', seed: 0, name: 'net' })
  const bytes = toSafetensors(net)
  const other = network({ widths: [2, 2], activation: 'tanh', seed: 1, name: 'policy' })
  assert.throws(() => withSafetensors(other, bytes), /got net\.weight1 \[2,2\]/)
  const rename = (name: string) => name.replace('net', 'policy')
  assert.deepEqual(withSafetensors(other, bytes, { rename }).theta, net.theta)
  const wide = network({ widths: [2, 3], activation: 'tanh', seed: 0, name: 'net' })
  assert.throws(() => withSafetensors(wide, bytes), /net\.weight1 \[3,2\]/)
  const deep = network({ widths: [2, 2, 2], activation: 'tanh', seed: 0, name: 'net' })
  assert.throws(() => withSafetensors(deep, bytes), /without net\.weight2, net\.bias2/)
  // parameters need not be there, but may
  const plant = system({ state: ['x'], params: { a: 2 }, dynamics: { x: 'a*x' } })
  assert.deepEqual([...withSafetensors(withTheta(plant, [5]), toSafetensors(plant)).theta], [2])
})

const header = (text: string, data = 0) => {
  const body = new TextEncoder().encode(text)
  const bytes = new Uint8Array(8 + body.length + data)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(body.length), true)
  bytes.set(body, 8)
  return bytes
}
const broken: readonly [string, Uint8Array, RegExp][] = [
  ['an empty file', new Uint8Array(0), /at least eight bytes/],
  ['a header beyond the end', Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0), /header within the file/],
  ['a header of 2⁶³ bytes', new Uint8Array(8).fill(0x7f), /header within the file/],
  ['no JSON', header('{'), /header in JSON/],
  ['an array', header('[]'), /object as header/],
  ['an unknown type', header('{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}', 8), /type of a/],
  ['no shape', header('{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4), /shape and data_offsets of a/],
  ['a negative place', header('{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}', 4), /shape and data_offsets/],
  ['numbers beyond the end', header('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 4), /2 numbers of a within 4/],
  ['places that do not fit the shape', header('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}', 8), /1 numbers of a/],
] // biome-ignore format: one table
for (const [what, bytes, pattern] of broken)
  test(`safetensors with ${what} are refused`, () => {
    assert.throws(() => readSafetensors(bytes), pattern)
  })

// written by onnx 1.23 (Python): Gemm(transB, α = ½, β = 2) → Tanh → MatMul → Add → Relu → Gemm, 2 → 4 → 3 → 1
const mlp = bytesOf(
  'CA4SBGhhbmQ6pQMKRQoBeAoCVzEKAmIxEgJnMSIER2VtbSoPCgVhbHBoYRUAAAA/oAEBKg4KBGJldGEVAAAAQKABASoNCgZ0cmFuc0IYAaABAgoOCgJnMRICYTEiBFRhbmgKFAoCYTEKAlcyEgJtMiIGTWF0TXVsChEKAm0yCgJiMhICczIiA0FkZAoOCgJzMhICYTIiBFJlbHUKIAoCYTIKAlczEgF5IgRHZW1tKg0KBnRyYW5zQhgBoAECEgNtbHAqLAgECAIQAUICVzFKICUGAT4CKwe+CtcjPz0K1z1MNwm/EFi5Pnnppj+YbnI/KhoIBBABIhBYOTS/heuhv+58H7+e7yc9QgJiMSo8CAQIAxABQgJXMkowzcwUwIlBYL7ufJ+/WmQ7v5ZDC7/ByqG+qvHSPgaBhT+TGAS+F9muP3E9Kr9YObQ+KhYIAxABQgJiMkoMAitnPxKDwD0/NT6/KhgIAQgDEAFCAlczSgwxCGy/+n7qvq5HYT5aGAoBeBITChEIARINCgcSBWJhdGNoCgIIAmIYCgF5EhMKEQgBEg0KBxIFYmF0Y2gKAggBQgQKABAR',
)

test('a perceptron that Python wrote gives the numbers of numpy', () => {
  const f = fromOnnx(mlp, { name: 'mlp' })
  assert.deepEqual([f.stateSize, f.outputSize, f.name], [2, 1, 'mlp'])
  assert.deepEqual(
    f.layout.map((b) => [b.name, b.shape]),
    [
      ['W1', [4, 2]],
      ['b1', [4]],
      ['W2', [4, 3]],
      ['b2', [3]],
      ['W3', [1, 3]],
    ],
  )
  // in double precision by numpy; twenty products of numbers about 1
  assert.ok(Math.abs(interpret(f, 0, [0.5, -1.25])[0] - -2.6087429092376127) < 1e-14)
})

test('a file cut anywhere is refused, never read wrongly or endlessly', () => {
  for (let length = 0; length < mlp.length; length += 7)
    assert.throws(() => fromOnnx(mlp.subarray(0, length)), /fromOnnx: expected .* Try /)
})

// Messages by hand: a key, a length and the bytes
const field = (number: number, bytes: readonly number[]) => [8 * number + 2, bytes.length, ...bytes]
const text = (number: number, value: string) => field(number, [...new TextEncoder().encode(value)])
const port = (number: number, name: string, rank: number) => {
  const dimension = field(1, [8, 2])
  const shape = field(2, Array.from({ length: rank }, () => dimension).flat())
  return field(number, [...text(1, name), ...field(2, field(1, [8, 1, ...shape]))])
}
const node = (op: string, inputs: readonly string[], extra: readonly number[] = []) =>
  field(1, [...inputs.flatMap((i) => text(1, i)), ...text(2, 'y'), ...text(4, op), ...extra])
const single = (...values: number[]) => [...new Uint8Array(Float32Array.from(values).buffer)]
// dims packed, data_type FLOAT, float_data packed
const tensor = (number: number, name: string, values: readonly number[]) =>
  field(number, [...field(1, [values.length]), 16, 1, ...text(8, name), ...field(4, single(...values))])
const model = (nodes: readonly number[], rank = 2) => {
  const graph = [...nodes, ...port(11, 'x', rank), ...port(12, 'y', 2)]
  return Uint8Array.from([7 * 8 + 2, 128 + (graph.length & 127), graph.length >> 7, ...graph])
}
const attribute = (name: string, value: number) => field(5, [...text(1, name), 8 * 2 + 5, ...single(value)])

const operators: readonly [string, readonly number[], (x: number) => number][] = [
  ['Elu', node('Elu', ['x'], attribute('alpha', 2)), (x) => (x > 0 ? x : 2 * Math.expm1(x))],
  ['LeakyRelu', node('LeakyRelu', ['x'], attribute('alpha', 0.25)), (x) => (x > 0 ? x : x / 4)],
  ['Sigmoid', node('Sigmoid', ['x']), (x) => 1 / (1 + Math.exp(-x))],
  ['Clip', [...node('Clip', ['x', 'lo', 'hi']), ...tensor(5, 'lo', [-0.5]), ...tensor(5, 'hi', [1])], (x) => Math.min(1, Math.max(-0.5, x))],
  ['Clip from below', [...node('Clip', ['x', 'lo']), ...tensor(5, 'lo', [-0.5])], (x) => Math.max(-0.5, x)],
  ['Add', [...node('Add', ['x', 'b']), ...tensor(5, 'b', [1.5])], (x) => x + 1.5],
  ['Div', [...node('Div', ['b', 'x']), ...tensor(5, 'b', [3])], (x) => 3 / x],
] // biome-ignore format: one table
for (const [name, nodes, expected] of operators)
  test(`operator ${name}, encoded by hand`, () => {
    const f = fromOnnx(model(nodes))
    const out = interpret(f, 0, [-0.75, 2])
    // one or two roundings of numbers about 1
    for (const [i, x] of [-0.75, 2].entries()) assert.ok(Math.abs(out[i] - expected(x)) < 1e-15)
  })

const unreadable: readonly [string, Uint8Array, RegExp][] = [
  ['an unknown operator', model(node('Softmax', ['x'])), /operators Tanh, .* got Softmax/],
  ['an operator of Object', model(node('toString', ['x'])), /got toString/],
  ['images', model(node('Tanh', ['x']), 4), /one of 4 dimensions/],
  ['a value that is not there', model(node('Tanh', ['z'])), /input 0 of Tanh, got z/],
  ['a product without weights', model(node('MatMul', ['x', 'x'])), /matrix of weights/],
  ['a tensor with too few numbers', model([...node('Add', ['x', 'b']), ...field(5, [...field(1, [3]), 16, 1, ...text(8, 'b'), ...field(4, single(1))])]), /3 numbers in b/],
  ['a tensor of text', model([...node('Add', ['x', 'b']), ...field(5, [...field(1, [1]), 16, 8, ...text(8, 'b')])]), /data type 8/],
  ['no graph', Uint8Array.of(8, 1), /a model with a graph/],
  ['a wire type that is not used', Uint8Array.of(7 * 8 + 3), /wire type 3/],
] // biome-ignore format: one table
for (const [what, bytes, pattern] of unreadable)
  test(`a model with ${what} is refused by name`, () => {
    assert.throws(() => fromOnnx(bytes), pattern)
  })

test.run()
