import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { defaultDevice, init, type Array as JaxArray, jit, nn, numpy as np, valueAndGrad } from '@jax-js/jax'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'

/** What a loss over a batch needs of an array library; operands are [batch, k], or weights [in, out]. */
export interface Ops<T> {
  readonly add: (a: T, b: T | number) => T
  readonly sub: (a: T, b: T | number) => T
  readonly mul: (a: T, b: T | number) => T
  readonly div: (a: T, b: T) => T
  readonly sin: (a: T) => T
  readonly cos: (a: T) => T
  readonly tanh: (a: T) => T
  readonly relu: (a: T) => T
  readonly matmul: (a: T, w: T) => T
  /** columns side by side */
  readonly join: (columns: readonly T[]) => T
  /** [batch, k] → [batch, 1] */
  readonly total: (a: T) => T
}

/** The integrand of a loss, [batch, 1], from states (all, and by columns) and weights. */
export type Integrand = <T>(ops: Ops<T>, x: T, columns: readonly T[], weights: readonly T[]) => T

export interface LossProblem {
  readonly integrand: Integrand
  /** [batch, n] */
  readonly states: Float32Array
  readonly n: number
  /** row by row, [out][in] */
  readonly weights: readonly { readonly rows: number; readonly cols: number; readonly data: Float32Array }[]
}

/** Evaluates value and gradients once; returns the value. */
export type LossPeer = () => number

const column = ({ states, n }: LossProblem, k: number) =>
  Float32Array.from({ length: states.length / n }, (_, i) => states[i * n + k])

/** TensorFlow.js on its WebAssembly backend, with the gradient that its own tape finds. */
export async function tensorflowLoss(problem: LossProblem): Promise<LossPeer> {
  const require = createRequire(import.meta.url)
  setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
  await tf.setBackend('wasm')
  await tf.ready()
  const { states, n, weights, integrand } = problem
  const batch = states.length / n
  const ops: Ops<tf.Tensor> = {
    add: tf.add,
    sub: tf.sub,
    mul: tf.mul,
    div: tf.div,
    sin: tf.sin,
    cos: tf.cos,
    tanh: tf.tanh,
    relu: tf.relu,
    matmul: (a, w) => tf.matMul(a as tf.Tensor2D, w as tf.Tensor2D),
    join: (columns) => tf.concat([...columns], 1),
    total: (a) => tf.sum(a, 1, true),
  }
  const variables = weights.map(({ rows, cols, data }) =>
    tf.variable(tf.transpose(tf.tensor2d(data, [rows, cols]))),
  )
  const x = tf.tensor2d(states, [batch, n])
  const columns = Array.from({ length: n }, (_, k) => tf.tensor2d(column(problem, k), [batch, 1]))
  const loss = () => tf.mean(integrand<tf.Tensor>(ops, x, columns, variables)) as tf.Scalar
  return () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss)
      for (const g of Object.values(grads)) g.dataSync()
      return value.dataSync()[0]
    })
}

/** jax-js on its WebAssembly backend, compiled as a whole. */
export async function jaxLoss(problem: LossProblem): Promise<LossPeer> {
  await init('wasm')
  defaultDevice('wasm')
  const { states, n, weights, integrand } = problem
  const batch = states.length / n
  // every use takes a reference; what is left over at the end of tracing costs nothing later
  const second = (b: JaxArray | number) => (typeof b === 'number' ? b : b.ref)
  const ops: Ops<JaxArray> = {
    add: (a, b) => a.ref.add(second(b)),
    sub: (a, b) => a.ref.sub(second(b)),
    mul: (a, b) => a.ref.mul(second(b)),
    div: (a, b) => a.ref.div(b.ref),
    sin: (a) => np.sin(a.ref),
    cos: (a) => np.cos(a.ref),
    tanh: (a) => np.tanh(a.ref),
    relu: (a) => nn.relu(a.ref),
    matmul: (a, w) => np.matmul(a.ref, w.ref),
    join: (columns) =>
      np.concatenate(
        columns.map((c) => c.ref),
        1,
      ),
    total: (a) => np.sum(a.ref, 1, { keepdims: true }),
  }
  const parameters = weights.map(({ rows, cols, data }) => np.transpose(np.array(data).reshape([rows, cols])))
  const x = np.array(states).reshape([batch, n])
  const columns = Array.from({ length: n }, (_, k) => np.array(column(problem, k)).reshape([batch, 1]))
  const loss = (theta: JaxArray[], all: JaxArray, parts: JaxArray[]): JaxArray =>
    np.sum(integrand<JaxArray>(ops, all, parts, theta)).mul(1 / batch)
  const both = jit(valueAndGrad(loss))
  return () => {
    const [value, gradients] = both(
      parameters.map((p) => p.ref),
      x.ref,
      columns.map((c) => c.ref),
    )
    for (const g of gradients) g.dataSync()
    return value.dataSync()[0]
  }
}
