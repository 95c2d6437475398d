import { misuse } from '../../error.js'
import { readNumbers, type TensorType, tensorTypes } from '../../read/tensorNumbers.js'
import { integers, type Message, messages, rawBytes, readMessage, texts } from './wire.js'

export interface OnnxTensor {
  readonly shape: readonly number[]
  readonly values: Float64Array
}

export interface OnnxAttribute {
  readonly float: number
  readonly integer: number
  readonly tensor: OnnxTensor | undefined
}

export interface OnnxNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, OnnxAttribute>
}

/** An input or output: its name, and its last dimension where that is a number. */
export interface OnnxPort {
  readonly name: string
  readonly size: number | undefined
  readonly rank: number | undefined
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[]
  readonly initializers: ReadonlyMap<string, OnnxTensor>
  readonly inputs: readonly OnnxPort[]
  readonly outputs: readonly OnnxPort[]
}

/** Data types of TensorProto, onnx.proto: FLOAT 1, INT32 6, INT64 7, FLOAT16 10, DOUBLE 11, BFLOAT16 16. */
const dataTypes: Readonly<Record<number, TensorType>> = {
  1: 'F32',
  6: 'I32',
  7: 'I64',
  10: 'F16',
  11: 'F64',
  16: 'BF16',
}

export function badModel(expected: string, got: string): Error {
  return misuse({
    where: 'fromOnnx',
    expected,
    got,
    try: 'the bytes of an .onnx file of a multilayer perceptron',
    code: 'bad-file',
  })
}

const fail = (got: string) => badModel('a message of onnx.proto', got)

/** Reads ModelProto; field numbers are those of onnx.proto (IR version 3 and later). */
export function readModel(bytes: Uint8Array): OnnxModel {
  if (!(bytes instanceof Uint8Array)) throw badModel('bytes', typeof bytes)
  const [graph] = messages(readMessage(bytes, fail), 7, fail)
  if (graph === undefined) throw badModel('a model with a graph', 'none')
  const initializers = new Map<string, OnnxTensor>()
  for (const message of messages(graph, 5, fail))
    initializers.set(texts(message, 8)[0] ?? '', readTensor(message))
  return {
    nodes: messages(graph, 1, fail).map(readNode),
    initializers,
    // old models list their initialisers as inputs too
    inputs: messages(graph, 11, fail)
      .map(readPort)
      .filter((port) => !initializers.has(port.name)),
    outputs: messages(graph, 12, fail).map(readPort),
  }
}

function readNode(message: Message): OnnxNode {
  const attributes = messages(message, 5, fail).map((a): [string, OnnxAttribute] => {
    const [tensor] = messages(a, 5, fail)
    const float = rawBytes(a, 2)
    return [
      texts(a, 1)[0] ?? '',
      {
        float: float.length === 4 ? (readNumbers('F32', float)[0] as number) : 0,
        integer: integers(a, 3, fail)[0] ?? 0,
        tensor: tensor && readTensor(tensor),
      },
    ]
  })
  return {
    op: texts(message, 4)[0] ?? '',
    inputs: texts(message, 1),
    outputs: texts(message, 2),
    attributes: new Map(attributes),
  }
}

function readTensor(message: Message): OnnxTensor {
  const shape = integers(message, 1, fail)
  const code = integers(message, 2, fail)[0] ?? 0
  const type = dataTypes[code]
  const name = texts(message, 8)[0] ?? ''
  if (type === undefined) throw badModel(`floating-point numbers or integers in ${name}`, `data type ${code}`)
  const count = shape.reduce((product, n) => product * n, 1)
  const values = tensorValues(message, type)
  if (values.length !== count)
    throw badModel(`${count} numbers in ${name}, within the file`, `${values.length}`)
  return { shape, values }
}

/** Numbers stand in raw_data, or in the field of their type. */
function tensorValues(message: Message, type: TensorType): Float64Array {
  const raw = rawBytes(message, 9)
  if (raw.length > 0) {
    if (raw.length % tensorTypes[type].bytes !== 0) throw fail(`${raw.length} bytes of ${type}`)
    return readNumbers(type, raw)
  }
  if (type === 'F32') return readNumbers('F32', rawBytes(message, 4))
  if (type === 'F64') return readNumbers('F64', rawBytes(message, 10))
  return Float64Array.from(integers(message, type === 'I64' ? 7 : 5, fail))
}

/** ValueInfoProto: name 1, type 2 → tensor_type 1 → shape 2 → dim 1 → dim_value 1. */
function readPort(message: Message): OnnxPort {
  const [type] = messages(message, 2, fail)
  const [tensor] = type === undefined ? [] : messages(type, 1, fail)
  const [shape] = tensor === undefined ? [] : messages(tensor, 2, fail)
  const dimensions = shape === undefined ? undefined : messages(shape, 1, fail)
  const last = dimensions?.at(-1)
  return {
    name: texts(message, 1)[0] ?? '',
    size: last === undefined ? undefined : integers(last, 1, fail)[0],
    rank: dimensions?.length,
  }
}
