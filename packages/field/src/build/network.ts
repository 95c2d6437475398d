import type { Field } from '../field.js'
import { Builder } from '../graph/builder.js'
import { makeField } from '../makeField.js'
import { type Activation, activate, checkActivation } from './activations.js'
import { checkWidths, startFor, type WeightBlock, weights } from './weights.js'

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
  checkWidths(where, widths)
  checkActivation(where, activation)
  const last = widths.length - 1
  const blocks = widths.slice(1).flatMap((rows, k): WeightBlock[] => {
    const cols = widths[k]
    const gain = k + 1 === last ? outputGain : 1
    const weight = {
      name: `weight${k + 1}`,
      shape: [rows, cols],
      start: startFor(activation, cols, rows, gain),
    }
    return bias ? [weight, { name: `bias${k + 1}`, shape: [rows] }] : [weight]
  })
  const { theta, layout, place } = weights(name, blocks, seed)
  const b = new Builder()
  let x = b.leaf('state', widths[0])
  for (let k = 1; k <= last; k++) {
    const [rows, cols] = [widths[k], widths[k - 1]]
    const weight = place(b, `weight${k}`)
    x = bias ? b.affine(weight, x, place(b, `bias${k}`), rows, cols) : b.matvec(weight, x, rows, cols)
    if (k < last) x = activate(b, activation, x)
  }
  const stateNames = Array.from({ length: widths[0] }, (_, i) => `x${i + 1}`)
  return makeField(b, x, { name, stateNames, inputNames: [], theta, layout })
}
