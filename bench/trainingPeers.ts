import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { defaultDevice, init, type Array as JaxArray, jit, numpy as np, valueAndGrad } from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'

/** One training iteration: RK4 over equal steps from y₀, the mean square of all states, and its gradient in θ. */
export interface TrainingProblem {
  readonly widths: readonly number[]
  readonly cubed: boolean
  readonly batch: number
  readonly steps: number
  readonly h: number
  /** [batch, n] */
  readonly y0: Float32Array
  /** weights and biases in turn, [out][in] and [out] */
  readonly parameters: readonly Float32Array[]
}

/** What a peer takes to one iteration; returns the loss. */
export type Peer = () => number

/** TensorFlow.js on its WebAssembly backend, with the gradient that its own tape finds. */
export async function tensorflow(problem: TrainingProblem): Promise<Peer> {
  const require = createRequire(import.meta.url)
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
  await tf.setBackend('wasm')
  await tf.ready()
  const { batch, widths, cubed, steps, h } = problem
  const variables = problem.parameters.map((p, k) => {
    const [rows, cols] = shapeOf(widths, k)
    // weights transposed, since batches are rows here
    return k % 2 === 0
      ? tf.variable(tf.transpose(tf.tensor2d(p, [rows, cols])))
      : tf.variable(tf.tensor2d(p, [1, rows]))
  })
  const start = tf.tensor2d(problem.y0, [batch, widths[0]])
  const field = (y: tf.Tensor): tf.Tensor => {
    let x = cubed ? tf.mul(tf.mul(y, y), y) : y
    for (let k = 0; k < variables.length; k += 2) {
      x = tf.add(tf.matMul(x as tf.Tensor2D, variables[k] as tf.Tensor2D), variables[k + 1])
      if (k + 2 < variables.length) x = tf.tanh(x)
    }
    return x
  }
  const along = (y: tf.Tensor, factor: number, k: tf.Tensor) => tf.add(y, tf.mul(k, factor))
  const loss = () => {
    let y: tf.Tensor = start
    let total: tf.Tensor = tf.scalar(0)
    for (let s = 0; s < steps; s++) {
      const k1 = field(y)
      const k2 = field(along(y, h / 2, k1))
      const k3 = field(along(y, h / 2, k2))
      const k4 = field(along(y, h, k3))
      const sum = tf.add(tf.add(k1, k4), tf.mul(tf.add(k2, k3), 2))
      y = along(y, h / 6, sum)
      total = tf.add(total, tf.sum(tf.mul(y, y)))
    }
    return tf.div(total, batch * steps * widths[0]) as tf.Scalar
  }
  return () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss)
      for (const g of Object.values(grads)) g.dataSync()
      return value.dataSync()[0]
    })
}

/** jax-js on its WebAssembly backend, the whole iteration compiled. */
export async function jax(problem: TrainingProblem): Promise<Peer> {
  await init('wasm')
  defaultDevice('wasm')
  const { batch, widths, cubed, steps, h } = problem
  const parameters = problem.parameters.map((p, k) => {
    const [rows, cols] = shapeOf(widths, k)
    const array = np.array(p)
    return k % 2 === 0 ? np.transpose(array.reshape([rows, cols])) : array
  })
  const start = np.array(problem.y0).reshape([batch, widths[0]])
  const field = (y: JaxArray, theta: readonly JaxArray[]): JaxArray => {
    let x = cubed ? y.ref.mul(y.ref).mul(y) : y
    for (let k = 0; k < theta.length; k += 2) {
      x = np.matmul(x, theta[k].ref).add(theta[k + 1].ref)
      if (k + 2 < theta.length) x = np.tanh(x)
    }
    return x
  }
  const along = (y: JaxArray, factor: number, k: JaxArray) => y.add(k.mul(factor))
  const loss = (theta: JaxArray[], y0: JaxArray): JaxArray => {
    let y = y0
    let total = np.array(0)
    for (let s = 0; s < steps; s++) {
      const k1 = field(y.ref, theta)
      const k2 = field(along(y.ref, h / 2, k1.ref), theta)
      const k3 = field(along(y.ref, h / 2, k2.ref), theta)
      const k4 = field(along(y.ref, h, k3.ref), theta)
      y = along(y, h / 6, k1.add(k4).add(k2.add(k3).mul(2)))
      total = total.add(np.sum(y.ref.mul(y.ref)))
    }
    y.dispose()
    for (const t of theta) t.dispose()
    return total.mul(1 / (batch * steps * widths[0]))
  }
  const both = jit(valueAndGrad(loss))
  return () => {
    const [value, gradients] = both(
      parameters.map((p) => p.ref),
      start.ref,
    )
    for (const g of gradients) g.dataSync()
    return value.dataSync()[0]
  }
}

/** Rows and columns of the k-th of weights and biases in turn. */
function shapeOf(widths: readonly number[], k: number): readonly [number, number] {
  const layer = Math.floor(k / 2)
  return [widths[layer + 1], k % 2 === 0 ? widths[layer] : 1]
}
