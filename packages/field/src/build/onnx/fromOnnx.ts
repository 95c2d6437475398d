import type { Field, ThetaBlock } from '../../field.js'
import { Builder, type Ref } from '../../graph/builder.js'
import type { Unary } from '../../graph/node.js'
import { makeField } from '../../makeField.js'
import { badModel, type OnnxModel, type OnnxNode, type OnnxTensor, readModel } from './onnxModel.js'

/** What a node may use: the graph, values computed so far, and weights as blocks of θ. */
interface Scope {
  readonly b: Builder
  readonly node: OnnxNode
  /** the value of input k */
  value(k: number): Ref
  /** input k as weights with their shape, where it is an initialiser */
  weight(k: number): { readonly ref: Ref; readonly shape: readonly number[] } | undefined
  /** input k as fixed numbers */
  numbers(k: number): readonly number[] | undefined
  float(name: string, otherwise: number): number
}

type Rule = (scope: Scope) => Ref

const elementwise =
  (op: Unary): Rule =>
  ({ b, value }) =>
    b.unary(op, value(0))

const arithmetic =
  (op: 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max'): Rule =>
  ({ b, value }) =>
    b.binary(op, value(0), value(1))

const same: Rule = ({ value }) => value(0)

/** Operators of ONNX on rows of a batch, each as the graph for one row. Single-precision numbers are meant exactly. */
const rules: Readonly<Record<string, Rule>> = {
  Tanh: elementwise('tanh'),
  Relu: elementwise('relu'),
  Sigmoid: elementwise('sigmoid'),
  Softplus: elementwise('softplus'),
  Sin: elementwise('sin'),
  Cos: elementwise('cos'),
  Exp: elementwise('exp'),
  Log: elementwise('log'),
  Sqrt: elementwise('sqrt'),
  Abs: elementwise('abs'),
  Neg: elementwise('neg'),
  Add: arithmetic('add'),
  Sub: arithmetic('sub'),
  Mul: arithmetic('mul'),
  Div: arithmetic('div'),
  Min: arithmetic('min'),
  Max: arithmetic('max'),
  Identity: same,
  Dropout: same,
  Flatten: same,
  Elu({ b, value, float }) {
    const positive = b.unary('relu', value(0))
    const negative = b.sub(b.unary('exp', b.sub(value(0), positive)), b.constant(1))
    return b.add(positive, b.mul(b.constant(float('alpha', 1), true), negative))
  },
  LeakyRelu({ b, value, float }) {
    const positive = b.unary('relu', value(0))
    return b.add(positive, b.mul(b.constant(float('alpha', 0.01), true), b.sub(value(0), positive)))
  },
  Clip({ b, value, numbers }) {
    const [low, high] = [numbers(1), numbers(2)]
    const above = low === undefined ? value(0) : b.binary('max', value(0), b.constant(low, true))
    return high === undefined ? above : b.binary('min', above, b.constant(high, true))
  },
  MatMul: (scope) => product(scope, false),
  Gemm(scope) {
    const { b, node, float } = scope
    if (node.attributes.get('transA')?.integer) throw badModel('Gemm of rows', 'transA = 1')
    const scaled = times(b, float('alpha', 1), product(scope, node.attributes.get('transB')?.integer === 1))
    return node.inputs[2] ? b.add(scaled, times(b, float('beta', 1), scope.value(2))) : scaled
  },
}

const times = (b: Builder, factor: number, x: Ref) => b.mul(b.constant(factor, true), x)

/** x·W, or x·Wᵀ, of a row x and weights W. */
function product({ b, value, weight }: Scope, transposed: boolean): Ref {
  const W = weight(1)
  if (W?.shape.length !== 2) throw badModel('a product with a matrix of weights', 'another one')
  const [rows, cols] = W.shape as [number, number]
  return b.matvec(W.ref, value(0), rows, cols, !transposed)
}

/**
 * A multilayer perceptron from an ONNX file: Gemm or MatMul and Add, activations (Tanh, Relu, Sigmoid, Softplus,
 * Elu, LeakyRelu, Clip, …) and arithmetic, on rows of a batch. The field is the map of one row; initialisers that it
 * uses become blocks of θ under their names. What it cannot read is refused by name.
 */
export function fromOnnx(bytes: Uint8Array, { name = 'onnx' }: { readonly name?: string } = {}): Field {
  const model = readModel(bytes)
  const size = inputSize(model)
  const own = layOut(model)
  const b = new Builder()
  const values = new Map<string, Ref>([[(model.inputs[0] as { name: string }).name, b.leaf('state', size)]])
  const constants = new Map<string, OnnxTensor>()
  for (const node of model.nodes) {
    const [output] = node.outputs as [string]
    if (node.op === 'Constant') {
      const tensor = node.attributes.get('value')?.tensor
      if (tensor === undefined) throw badModel('a Constant with a tensor', output)
      constants.set(output, tensor)
    } else values.set(output, evaluate(b, node, { values, constants, model, own }))
  }
  const output = values.get(model.outputs[0]?.name ?? '')
  if (output === undefined) throw badModel('an output that a node computes', model.outputs[0]?.name ?? 'none')
  const stateNames = Array.from({ length: size }, (_, i) => `x${i + 1}`)
  return makeField(b, output, { name, stateNames, inputNames: [], theta: own.theta, layout: own.layout })
}

function evaluate(
  b: Builder,
  node: OnnxNode,
  {
    values,
    constants,
    model: { initializers },
    own,
  }: {
    readonly values: ReadonlyMap<string, Ref>
    readonly constants: ReadonlyMap<string, OnnxTensor>
    readonly model: OnnxModel
    readonly own: ReturnType<typeof layOut>
  },
): Ref {
  const rule = Object.hasOwn(rules, node.op) ? rules[node.op] : undefined
  if (rule === undefined)
    throw badModel(`operators ${Object.keys(rules).join(', ')}`, node.op || 'a node without one')
  const placed = (name: string) => {
    const block = own.layout.find((l) => l.name === name)
    return block && { ref: own.place(b, block), shape: block.shape }
  }
  const fixed = (name: string) => constants.get(name)?.values ?? initializers.get(name)?.values
  return rule({
    b,
    node,
    value(k) {
      const input = node.inputs[k] ?? ''
      const found = values.get(input) ?? placed(input)?.ref
      const constant = constants.get(input)
      if (found !== undefined) return found
      if (constant !== undefined) return b.constant(Array.from(constant.values), true)
      throw badModel(`input ${k} of ${node.op}`, input || 'none')
    },
    weight: (k) => placed(node.inputs[k] ?? ''),
    numbers: (k) => {
      const list = fixed(node.inputs[k] ?? '')
      return list && Array.from(list)
    },
    float: (attribute, otherwise) => node.attributes.get(attribute)?.float ?? otherwise,
  })
}

/** Initialisers that nodes compute with become blocks of θ; bounds of Clip do not. */
function layOut({ nodes, initializers }: OnnxModel) {
  const used = new Set(nodes.flatMap(({ op, inputs }) => (op === 'Clip' ? inputs.slice(0, 1) : inputs)))
  const values: number[] = []
  const layout: ThetaBlock[] = []
  for (const [name, tensor] of initializers) {
    if (!used.has(name)) continue
    // a row of a batch of one is a vector
    const shape =
      tensor.shape.length === 2 && tensor.shape[0] === 1 && !isMatrix(nodes, name)
        ? tensor.shape.slice(1)
        : tensor.shape
    layout.push({ name, offset: values.length, shape, kind: 'weight' })
    for (const v of tensor.values) values.push(v)
  }
  return {
    theta: Float64Array.from(values),
    layout,
    place: (b: Builder, { offset, shape }: ThetaBlock) =>
      b.gather(
        b.leaf('theta', values.length),
        Array.from({ length: shape.reduce((product, n) => product * n, 1) }, (_, i) => offset + i),
      ),
  }
}

const isMatrix = (nodes: readonly OnnxNode[], name: string) =>
  nodes.some(({ op, inputs }) => (op === 'Gemm' || op === 'MatMul') && inputs[1] === name)

/** The length of a row: what the model says, or what its first matrix takes. */
function inputSize({ inputs, nodes, initializers }: OnnxModel): number {
  const [input] = inputs
  if (inputs.length !== 1 || input === undefined)
    throw badModel('one input', `${inputs.length} (${inputs.map((i) => i.name).join(', ')})`)
  if (input.rank !== undefined && input.rank > 2)
    throw badModel('an input of shape [batch, n]', `one of ${input.rank} dimensions`)
  if (input.size !== undefined && input.size > 0) return input.size
  const first = nodes.find((node) => node.inputs[0] === input.name)
  const shape = initializers.get(first?.inputs[1] ?? '')?.shape
  const size = shape?.[first?.attributes.get('transB')?.integer === 1 ? 1 : 0]
  if (size === undefined) throw badModel('an input of known length', 'a symbolic one')
  return size
}
