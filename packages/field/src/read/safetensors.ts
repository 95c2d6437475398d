import { misuse, show } from '../error.js'
import { blockSize, expectField, type Field, withTheta } from '../field.js'
import { readNumbers, type TensorType, tensorTypes } from './tensorNumbers.js'

/** A named array of numbers, row-major. */
export interface Tensor {
  readonly type: TensorType
  readonly shape: readonly number[]
  readonly values: Float64Array
}

export interface SafetensorsOptions {
  /** 'double' keeps θ bit for bit and is the default; 'single' rounds it and halves the file */
  readonly precision?: 'double' | 'single'
  readonly metadata?: Readonly<Record<string, string>>
}

/** Longest header that the format allows (100 MB). */
const longestHeader = 100_000_000

/**
 * θ in the safetensors format, one tensor per block of the layout: eight bytes with the length of a JSON header, the
 * header (type, shape and place of every tensor), the numbers.
 * @example toSafetensors(network({ widths: [2, 16, 1], activation: 'tanh', seed: 0 })) // bytes for a file
 */
export function toSafetensors(
  field: Field,
  { precision = 'double', metadata }: SafetensorsOptions = {},
): Uint8Array {
  expectField('toSafetensors', field)
  const size = precision === 'double' ? 8 : 4
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata }
  for (const block of field.layout)
    header[block.name] = {
      dtype: precision === 'double' ? 'F64' : 'F32',
      shape: block.shape,
      data_offsets: [block.offset * size, (block.offset + blockSize(block)) * size],
    }
  const text = new TextEncoder().encode(JSON.stringify(header))
  const length = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(8 + length + field.theta.length * size)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(length), true)
  // the numbers begin at a multiple of eight: the header ends in spaces
  bytes.fill(0x20, 8, 8 + length)
  bytes.set(text, 8)
  field.theta.forEach((v, i) => {
    if (precision === 'double') view.setFloat64(8 + length + i * size, v, true)
    else view.setFloat32(8 + length + i * size, v, true)
  })
  return bytes
}

/**
 * Reads a safetensors file. Every type of number becomes doubles; places that leave the file, or that do not fit their
 * shapes, are refused.
 * @example
 * const net = network({ widths: [1, 2, 1], activation: 'tanh', seed: 0 })
 * readSafetensors(toSafetensors(net)).get('network.weight1').shape // [2, 1]
 */
export function readSafetensors(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const { header, data } = splitFile(bytes)
  const tensors = new Map<string, Tensor>()
  for (const [name, entry] of Object.entries(header))
    if (name !== '__metadata__') tensors.set(name, readTensor(name, entry, data))
  return tensors
}

/**
 * The field with θ from a safetensors file, by the names and shapes of its blocks. All weights have to be there;
 * parameters may be. `rename` turns names of the file into names of the layout.
 * @example
 * const net = network({ widths: [2, 16, 1], activation: 'tanh', seed: 0 })
 * withSafetensors(net, toSafetensors(net)) // the same
 */
export function withSafetensors(
  field: Field,
  bytes: Uint8Array,
  { rename = (name) => name }: { readonly rename?: (name: string) => string } = {},
): Field {
  expectField('withSafetensors', field)
  const theta = Float64Array.from(field.theta)
  const missing = new Set(field.layout.filter((b) => b.kind === 'weight').map((b) => b.name))
  for (const [original, { shape, values }] of readSafetensors(bytes)) {
    const name = rename(original)
    const block = field.layout.find((b) => b.name === name)
    if (block === undefined || block.shape.join() !== shape.join())
      throw misuse({
        where: 'withSafetensors',
        expected: `blocks of the field: ${field.layout.map((b) => `${b.name} [${b.shape}]`).join(', ') || '(none)'}`,
        got: `${name} [${shape}]`,
        try: 'rename: (name) => … where the file uses other names',
        code: 'unknown-block',
      })
    theta.set(values, block.offset)
    missing.delete(name)
  }
  if (missing.size > 0)
    throw misuse({
      where: 'withSafetensors',
      expected: 'all weights of the field',
      got: `a file without ${[...missing].join(', ')}`,
      try: 'the file of the same architecture',
      code: 'unknown-block',
    })
  return withTheta(field, theta)
}

function splitFile(bytes: Uint8Array) {
  if (!(bytes instanceof Uint8Array) || bytes.length < 8) throw bad('at least eight bytes', show(bytes))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getBigUint64(0, true)
  if (length > longestHeader || Number(length) > bytes.length - 8)
    throw bad('a header within the file', `one of ${length} bytes in a file of ${bytes.length}`)
  const text = new TextDecoder().decode(bytes.subarray(8, 8 + Number(length)))
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch {
    throw bad('a header in JSON', show(text.slice(0, 40)))
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw bad('an object as header', show(header))
  return { header: header as Record<string, unknown>, data: bytes.subarray(8 + Number(length)) }
}

function readTensor(name: string, entry: unknown, data: Uint8Array): Tensor {
  const { dtype, shape, data_offsets: places } = (entry ?? {}) as Record<string, unknown>
  const isCounts = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((v) => Number.isSafeInteger(v) && v >= 0)
  if (typeof dtype !== 'string' || !Object.hasOwn(tensorTypes, dtype))
    throw bad(`a type of ${name} (${Object.keys(tensorTypes).join(', ')})`, show(dtype))
  const type = dtype as TensorType
  if (!isCounts(shape) || !isCounts(places) || places.length !== 2)
    throw bad(`shape and data_offsets of ${name}`, show(entry))
  const [from, to] = places as [number, number]
  const count = shape.reduce((product, n) => product * n, 1)
  if (to > data.length || to - from !== count * tensorTypes[type].bytes)
    throw bad(`${count} numbers of ${name} within ${data.length} bytes`, `[${from}, ${to}]`)
  return { type, shape, values: readNumbers(type, data.subarray(from, to)) }
}

function bad(expected: string, got: string) {
  return misuse({
    where: 'readSafetensors',
    expected,
    got,
    try: 'the bytes of a .safetensors file',
    code: 'bad-file',
  })
}
