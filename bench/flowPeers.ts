import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { defaultDevice, init, type Array as JaxArray, jit, numpy as np, valueAndGrad } from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import type { Peer } from './trainingPeers.js'

/** The mean over a batch of |f(z) − u|² for a tanh network f, and its gradient. */
export interface RegressionProblem {
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

export async function tensorflowRegression({
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
  const loss = () => {
    let x: tf.Tensor = inputs
    for (let k = 0; k < variables.length; k += 2) {
      x = tf.add(tf.matMul(x as tf.Tensor2D, variables[k] as tf.Tensor2D), variables[k + 1])
      if (k + 2 < variables.length) x = tf.tanh(x)
    }
    const miss = tf.sub(x, wanted)
    return tf.div(tf.sum(tf.mul(miss, miss)), batch) as tf.Scalar
  }
  return () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss)
      for (const g of Object.values(grads)) g.dataSync()
      return value.dataSync()[0]
    })
}

export async function jaxRegression({ widths, batch, z, u, parameters }: RegressionProblem): Promise<Peer> {
  await init('wasm')
  defaultDevice('wasm')
  const arrays = parameters.map((p, k) => {
    const [rows, columns] = rowsAndColumns(widths, k)
    return k % 2 === 0 ? np.transpose(np.array(p).reshape([rows, columns])) : np.array(p)
  })
  const inputs = np.array(z).reshape([batch, widths[0]])
  const wanted = np.array(u).reshape([batch, widths[widths.length - 1]])
  const loss = (theta: JaxArray[], x0: JaxArray, target: JaxArray): JaxArray => {
    let x = x0
    for (let k = 0; k < theta.length; k += 2) {
      x = np.matmul(x, theta[k]).add(theta[k + 1])
      if (k + 2 < theta.length) x = np.tanh(x)
    }
    const miss = x.sub(target)
    return np.sum(miss.ref.mul(miss)).mul(1 / batch)
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
