import { misuse, show } from '../error.js'
import type { Field } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { type Activation, activate, checkActivation } from './activations.js'
import { checkWidths, startFor, uniform, type WeightBlock, type Weights, weights } from './weights.js'

export interface TimeNetworkOptions {
  /** widths of the layers, the state first; time is not counted: [2, 64, 64, 2] */
  readonly widths: readonly number[]
  readonly activation: Activation
  readonly seed: number
  /** how a layer sees time; 'concatSquash' by default */
  readonly layer?: TimeLayer
  readonly name?: string
  /** factor on the last layer's initial weights; 0 starts the network at zero */
  readonly outputGain?: number
}

/** Parts of a layer besides Wx + b, and how they join: each a vector of the layer's width. */
interface LayerKind {
  readonly parts: readonly string[]
  join(b: Builder, y: Ref, t: Ref, part: (name: string) => Ref): Ref
}

const gate = (b: Builder, t: Ref, part: (name: string) => Ref) =>
  b.unary('sigmoid', b.add(b.mul(part('gate'), t), part('gateBias')))

const layers = {
  /** Wx + b + w t: a linear layer of (x, t) */
  concat: {
    parts: ['time'],
    join: (b, y, t, part) => b.add(y, b.mul(part('time'), t)),
  },
  /** (Wx + b) σ(g t + h) */
  squash: {
    parts: ['gate', 'gateBias'],
    join: (b, y, t, part) => b.mul(y, gate(b, t, part)),
  },
  /** (Wx + b) σ(g t + h) + w t */
  concatSquash: {
    parts: ['gate', 'gateBias', 'time'],
    join: (b, y, t, part) => b.add(b.mul(y, gate(b, t, part)), b.mul(part('time'), t)),
  },
} as const satisfies Record<string, LayerKind>

export type TimeLayer = keyof typeof layers

/**
 * A perceptron whose every layer sees time: with 'concatSquash' (Wx + b)·sigmoid(g t + h) + w t, with 'squash'
 * without the last term, with 'concat' Wx + b + w t. Grathwohl et al., FFJORD, ICLR 2019. Weights
 * start as in {@link network}, what meets time uniform on ±1.
 * @example timeNetwork({ widths: [2, 64, 64, 64, 2], activation: 'tanh', seed: 0 }) // FFJORD's toy model
 */
export function timeNetwork({
  widths,
  activation,
  seed,
  layer = 'concatSquash',
  name = 'timeNetwork',
  outputGain = 1,
}: TimeNetworkOptions): Field {
  const where = `timeNetwork(${name})`
  checkWidths(where, widths)
  checkActivation(where, activation)
  if (!Object.hasOwn(layers, layer))
    throw misuse({
      where,
      expected: `a layer (${Object.keys(layers).join(', ')})`,
      got: show(layer),
      try: "layer: 'concatSquash'",
    })
  const kind: LayerKind = layers[layer]
  const last = widths.length - 1
  const blocks = widths.slice(1).flatMap((rows, k): WeightBlock[] => {
    const gain = k + 1 === last ? outputGain : 1
    const start = startFor(activation, widths[k], rows, gain)
    return [
      { name: `weight${k + 1}`, shape: [rows, widths[k]], start },
      { name: `bias${k + 1}`, shape: [rows] },
      ...kind.parts.map((part) => ({
        name: `${part}${k + 1}`,
        shape: [rows],
        start: part === 'gateBias' ? undefined : uniform(gain),
      })),
    ]
  })
  const own = weights(name, blocks, seed)
  const b = new Builder()
  const output = stack(b, { widths, activation, kind, own })
  const stateNames = Array.from({ length: widths[0] }, (_, i) => `x${i + 1}`)
  return makeField(b, output, { name, stateNames, inputNames: [], theta: own.theta, layout: own.layout })
}

function stack(
  b: Builder,
  {
    widths,
    activation,
    kind,
    own,
  }: {
    readonly widths: readonly number[]
    readonly activation: Activation
    readonly kind: LayerKind
    readonly own: Weights
  },
): Ref {
  const t = b.leaf('time', 1)
  let x = b.leaf('state', widths[0])
  for (let k = 1; k < widths.length; k++) {
    const part = (what: string) => own.place(b, `${what}${k}`)
    const y = b.affine(part('weight'), x, part('bias'), widths[k], widths[k - 1])
    x = kind.join(b, y, t, part)
    if (k < widths.length - 1) x = activate(b, activation, x)
  }
  return x
}
