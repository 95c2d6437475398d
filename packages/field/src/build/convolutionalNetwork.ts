import { misuse, show } from '../error.js'
import type { Field } from '../field.js'
import { Builder, type Ref } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { type Activation, activate, checkActivation } from './activations.js'
import { startFor, type Weights, weights } from './weights.js'

export interface ConvolutionalNetworkOptions {
  readonly height: number
  readonly width: number
  /** channels of every layer, the input's first: [1, 8, 1] */
  readonly channels: readonly number[]
  readonly activation: Activation
  readonly seed: number
  /** side of the square kernels, odd; 3 by default */
  readonly kernel?: number
  /** one per layer, 1 by default: every stride-th row and column of the result is kept */
  readonly strides?: readonly number[]
  readonly name?: string
  /** factor on the last layer's initial weights; 0 starts the network at zero */
  readonly outputGain?: number
}

/** Rows and columns of an image. */
interface Extent {
  readonly height: number
  readonly width: number
}

/**
 * Layers of two-dimensional convolutions, padded with zeros, between them an activation:
 * y[c, i, j] = b[c] + Σ W[c, c′, di, dj]·x[c′, s·i + di − r, s·j + dj − r], r = (kernel − 1)/2. Images are states of
 * channels × height × width numbers, row-major; with strides 1 and equal channels at both ends this is a vector
 * field on images. Written with gathers and outer products, so every derivative and reading has it; a layer has
 * about 4·c·kernel² nodes whatever the image. Cost: 2·c·c′·kernel²·pixels operations a layer.
 * @example convolutionalNetwork({ height: 28, width: 28, channels: [1, 8, 1], activation: 'softplus', seed: 0 })
 */
export function convolutionalNetwork(options: ConvolutionalNetworkOptions): Field {
  const { height, width, channels, activation, seed, kernel = 3 } = options
  const { name = 'convolutionalNetwork', outputGain = 1 } = options
  const strides = options.strides ?? channels.slice(1).map(() => 1)
  check(`convolutionalNetwork(${name})`, { ...options, kernel, strides })
  const last = channels.length - 1
  const blocks = channels.slice(1).flatMap((out, k) => {
    const [fanIn, fanOut] = [channels[k] * kernel ** 2, out * kernel ** 2]
    const start = startFor(activation, fanIn, fanOut, k + 1 === last ? outputGain : 1)
    return [
      { name: `weight${k + 1}`, shape: [out, channels[k], kernel, kernel], start },
      { name: `bias${k + 1}`, shape: [out] },
    ]
  })
  const own = weights(name, blocks, seed)
  const b = new Builder()
  let extent: Extent = { height, width }
  let x = b.leaf('state', channels[0] * height * width)
  for (let k = 1; k <= last; k++) {
    const shape = { from: channels[k - 1], to: channels[k], kernel, stride: strides[k - 1], extent }
    x = convolve(b, x, { own, layer: k, shape })
    extent = reduced(extent, strides[k - 1])
    if (k < last) x = activate(b, activation, x)
  }
  const stateNames = Array.from({ length: channels[0] * height * width }, (_, i) => `x${i + 1}`)
  return makeField(b, x, { name, stateNames, inputNames: [], theta: own.theta, layout: own.layout })
}

interface LayerShape {
  readonly from: number
  readonly to: number
  readonly kernel: number
  readonly stride: number
  readonly extent: Extent
}

/** One layer: the sum over input channels and kernel places of (weights of all outputs) ⊗ (shifted image). */
function convolve(
  b: Builder,
  x: Ref,
  { own, layer, shape }: { readonly own: Weights; readonly layer: number; readonly shape: LayerShape },
): Ref {
  const { from, to, kernel, stride, extent } = shape
  const pixels = extent.height * extent.width
  const out = reduced(extent, stride)
  const weight = own.place(b, `weight${layer}`)
  // the cell after the image is the zero that padding reads
  const padded = b.concat([x, b.constant(0)])
  let sum = b.outer(own.place(b, `bias${layer}`), b.constant(new Array(out.height * out.width).fill(1)))
  for (let c = 0; c < from; c++)
    for (let place = 0; place < kernel ** 2; place++) {
      const shift = [Math.floor(place / kernel), place % kernel].map((d) => d - (kernel - 1) / 2)
      const image = b.gather(
        padded,
        shifted(extent, shift as [number, number], stride).map((i) =>
          i < 0 ? from * pixels : c * pixels + i,
        ),
      )
      const column = Array.from({ length: to }, (_, o) => (o * from + c) * kernel ** 2 + place)
      sum = b.add(sum, b.outer(b.gather(weight, column), image))
    }
  return sum
}

/** The pixel that every kept pixel sees through one place of the kernel; −1 beyond the border. */
function shifted({ height, width }: Extent, [di, dj]: readonly [number, number], stride: number): number[] {
  const out = reduced({ height, width }, stride)
  return Array.from({ length: out.height * out.width }, (_, k) => {
    const [i, j] = [Math.floor(k / out.width) * stride + di, (k % out.width) * stride + dj]
    return i >= 0 && i < height && j >= 0 && j < width ? i * width + j : -1
  })
}

const reduced = ({ height, width }: Extent, stride: number): Extent => ({
  height: Math.ceil(height / stride),
  width: Math.ceil(width / stride),
})

function check(
  where: string,
  {
    height,
    width,
    channels,
    activation,
    kernel,
    strides,
  }: ConvolutionalNetworkOptions & { readonly kernel: number; readonly strides: readonly number[] },
): void {
  checkActivation(where, activation)
  const positive = (v: number) => Number.isInteger(v) && v > 0
  if (![height, width, ...channels].every(positive) || channels.length < 2)
    throw misuse({
      where,
      expected: 'positive height and width, and at least two positive channels',
      got: `${show(height)} × ${show(width)}, ${show(channels)}`,
      try: 'height: 28, width: 28, channels: [1, 8, 1]',
    })
  if (!positive(kernel) || kernel % 2 === 0)
    throw misuse({ where, expected: 'an odd kernel', got: show(kernel), try: 'kernel: 3' })
  if (strides.length !== channels.length - 1 || !strides.every(positive))
    throw misuse({
      where,
      expected: `${channels.length - 1} positive strides`,
      got: show(strides),
      try: 'one per layer',
    })
}
