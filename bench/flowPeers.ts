import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { defaultDevice, init, type Array as JaxArray, jit, numpy as np, valueAndGrad } from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import type { Peer } from './trainingPeers.js'

/**
 * The mean over a batch of |f(z) − u|² for a tanh network f, and its gradient; with `divergence` also of the sum of ∂fₖ/∂zₖ,
 * from one tangent for each output: what an evaluation of a continuous flow with an exact trace computes.
 */
export interface RegressionProblem {
  readonly divergence: boolean
  readonly widths: readonly number[]
  readonly batch: number
  /** [batch, inputs] and [batch, outputs] */
  readonly z: Float32Array
  readonly u: Float32Array
  /** weights [out][in] and biases in turn */
  readonly parameters: readonly Float32Array[]
}

const rowsAndColumns = (widths: readonly number[], k: number): readonly [number, number] => [
  widths[(k >> 1) + 1],
  k % 2 === 0 ? widths[k >> 1] : 1,
]

/** Row k of the identity. */
const unit = (size: number, k: number) => Float32Array.from({ length: size }, (_, j) => (j === k ? 1 : 0))

export async function tensorflowRegression({
  divergence,
  widths,
  batch,
  z,
  u,
  parameters,
}: RegressionProblem): Promise<Peer> {
  const require = createRequire(import.meta.url)
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
  await tf.setBackend('wasm')
  await tf.ready()
  const variables = parameters.map((p, k) => {
    const [rows, columns] = rowsAndColumns(widths, k)
    return k % 2 === 0
      ? tf.variable(tf.transpose(tf.tensor2d(p, [rows, columns])))
      : tf.variable(tf.tensor2d(p, [1, rows]))
  })
  const [inputs, wanted] = [
    tf.tensor2d(z, [batch, widths[0]]),
    tf.tensor2d(u, [batch, widths[widths.length - 1]]),
  ]
  const outputs = divergence ? widths[widths.length - 1] : 0
  const seeds = Array.from({ length: outputs }, (_, k) => tf.tensor2d(unit(widths[0], k), [1, widths[0]]))
  const ends = Array.from({ length: outputs }, (_, k) => tf.tensor2d(unit(outputs, k), [1, outputs]))
  const loss = () => {
    let x: tf.Tensor = inputs
    let tangents: tf.Tensor[] = seeds
    for (let k = 0; k < variables.length; k += 2) {
      const weights = variables[k] as tf.Tensor2D
      x = tf.add(tf.matMul(x as tf.Tensor2D, weights), variables[k + 1])
      tangents = tangents.map((t) => tf.matMul(t as tf.Tensor2D, weights))
      if (k + 2 >= variables.length) continue
      x = tf.tanh(x)
      const slope = tf.sub(1, tf.mul(x, x))
      tangents = tangents.map((t) => tf.mul(slope, t))
    }
    const miss = tf.sub(x, wanted)
    const growth = tangents.reduce((sum, t, k) => tf.add(sum, tf.sum(tf.mul(t, ends[k]))), tf.scalar(0))
    return tf.div(tf.add(tf.sum(tf.mul(miss, miss)), growth), batch) as tf.Scalar
  }
  return () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss)
      for (const g of Object.values(grads)) g.dataSync()
      return value.dataSync()[0]
    })
}

export async function jaxRegression({
  divergence,
  widths,
  batch,
  z,
  u,
  parameters,
}: RegressionProblem): Promise<Peer> {
  await init('wasm')
  defaultDevice('wasm')
  const arrays = parameters.map((p, k) => {
    const [rows, columns] = rowsAndColumns(widths, k)
    return k % 2 === 0 ? np.transpose(np.array(p).reshape([rows, columns])) : np.array(p)
  })
  const inputs = np.array(z).reshape([batch, widths[0]])
  const wanted = np.array(u).reshape([batch, widths[widths.length - 1]])
  const outputs = divergence ? widths[widths.length - 1] : 0
  const loss = (theta: JaxArray[], x0: JaxArray, target: JaxArray): JaxArray => {
    let x = x0
    let tangents = Array.from({ length: outputs }, (_, k) =>
      np.array(unit(widths[0], k)).reshape([1, widths[0]]),
    )
    for (let k = 0; k < theta.length; k += 2) {
      tangents = tangents.map((t) => np.matmul(t, theta[k].ref))
      x = np.matmul(x, theta[k]).add(theta[k + 1])
      if (k + 2 >= theta.length) continue
      x = np.tanh(x)
      tangents = tangents.map((t) => x.ref.mul(x.ref).mul(-1).add(1).mul(t))
    }
    const miss = x.sub(target)
    return tangents
      .reduce((sum, t, k) => sum.add(np.sum(t.mul(np.array(unit(outputs, k))))), np.sum(miss.ref.mul(miss)))
      .mul(1 / batch)
  }
  const both = jit(valueAndGrad(loss))
  return () => {
    const [value, gradients] = both(
      arrays.map((a) => a.ref),
      inputs.ref,
      wanted.ref,
    )
    for (const g of gradients) g.dataSync()
    return value.dataSync()[0]
  }
}
