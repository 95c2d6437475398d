import { misuse, show } from '../error.js'
import { blockSize, type Field, type ThetaBlock } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { type Random, seededRandom } from '../random.js'

/** Activations, each as the graph that it stands for. */
const activations = {
  tanh: (b: Builder, x: Ref) => b.unary('tanh', x),
  sigmoid: (b: Builder, x: Ref) => b.unary('sigmoid', x),
  softplus: (b: Builder, x: Ref) => b.unary('softplus', x),
  relu: (b: Builder, x: Ref) => b.unary('relu', x),
  sin: (b: Builder, x: Ref) => b.unary('sin', x),
  swish: (b: Builder, x: Ref) => b.mul(x, b.unary('sigmoid', x)),
} as const

export type Activation = keyof typeof activations

export interface NetworkOptions {
  /** widths of the layers, input first: [2, 16, 1] */
  readonly widths: readonly number[]
  readonly activation: Activation
  readonly seed: number
  readonly name?: string
  /** without biases and with an odd activation the network is odd, hence 0 at 0 */
  readonly bias?: boolean
  /** factor on the last layer's initial weights; 0 starts the network at zero */
  readonly outputGain?: number
}

/**
 * A multilayer perceptron: x ↦ W_L σ(… σ(W₁x + b₁) …) + b_L, its weights in θ as `name.weight1`, `name.bias1`, ….
 * Weights start uniform on ±√(6/(fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16), for relu on ±√(6/fan_in)
 * (He et al. 2015, eq. 10); biases at 0.
 * @example network({ widths: [2, 16, 1], activation: 'tanh', seed: 1 })
 */
export function network({
  widths,
  activation,
  seed,
  name = 'network',
  bias = true,
  outputGain = 1,
}: NetworkOptions): Field {
  const where = `network(${name})`
  if (widths.length < 2 || !widths.every((w) => Number.isInteger(w) && w > 0))
    throw misuse({
      where,
      expected: 'at least two positive widths',
      got: show(widths),
      try: 'widths: [2, 16, 1]',
    })
  if (!Object.hasOwn(activations, activation))
    throw misuse({
      where,
      expected: `an activation (${Object.keys(activations).join(', ')})`,
      got: show(activation),
      try: "'tanh'",
    })
  if (!Number.isSafeInteger(seed))
    throw misuse({ where, expected: 'an integer seed', got: show(seed), try: 'seed: 0' })
  const layout = layers(name, widths, bias)
  const theta = initialise(layout, { activation, outputGain, random: seededRandom(seed) })
  const b = new Builder()
  const all = b.leaf('theta', theta.length)
  const block = (n: string) => {
    const found = layout.find((l) => l.name === n) as ThetaBlock
    return b.gather(
      all,
      Array.from({ length: blockSize(found) }, (_, i) => found.offset + i),
    )
  }
  let x = b.leaf('state', widths[0] as number)
  for (let k = 1; k < widths.length; k++) {
    const [rows, cols] = [widths[k] as number, widths[k - 1] as number]
    const weight = block(`${name}.weight${k}`)
    x = bias ? b.affine(weight, x, block(`${name}.bias${k}`), rows, cols) : b.matvec(weight, x, rows, cols)
    if (k < widths.length - 1) x = activations[activation](b, x)
  }
  const stateNames = Array.from({ length: widths[0] as number }, (_, i) => `x${i + 1}`)
  return makeField(b, x, { name, stateNames, inputNames: [], theta, layout })
}

function layers(name: string, widths: readonly number[], bias: boolean): ThetaBlock[] {
  const layout: ThetaBlock[] = []
  let offset = 0
  const add = (suffix: string, shape: readonly number[]) => {
    layout.push({ name: `${name}.${suffix}`, offset, shape, kind: 'weight' })
    offset += shape.reduce((product, n) => product * n, 1)
  }
  for (let k = 1; k < widths.length; k++) {
    add(`weight${k}`, [widths[k] as number, widths[k - 1] as number])
    if (bias) add(`bias${k}`, [widths[k] as number])
  }
  return layout
}

function initialise(
  layout: readonly ThetaBlock[],
  { activation, outputGain, random }: { activation: Activation; outputGain: number; random: Random },
): Float64Array {
  const weights = layout.filter((l) => l.shape.length === 2)
  const theta = new Float64Array(layout.reduce((total, l) => total + blockSize(l), 0))
  for (const l of weights) {
    const [fanOut, fanIn] = l.shape as [number, number]
    const gain = l === weights.at(-1) ? outputGain : 1
    const bound = gain * Math.sqrt(6 / (activation === 'relu' ? fanIn : fanIn + fanOut))
    for (let i = 0; i < blockSize(l); i++) theta[l.offset + i] = bound * (2 * random.uniform() - 1)
  }
  return theta
}
