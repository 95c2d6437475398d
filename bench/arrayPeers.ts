// The array libraries of npm on the same work: a step of RK4 for Lorenz over a batch, and networks forward.
import { createRequire } from 'node:module'
import type { Field } from '@separatrix/field'

/** A library that computes in single precision on this processor. */
export interface ArrayPeer {
  readonly name: string
  /** steps a batch of Lorenz systems; resolves when the numbers are there */
  lorenz(batch: number): { run(steps: number, h: number): Promise<void> }
  /** a network of tanh layers, weights as the field has them; resolves when the values are there */
  network(field: Field, batch: number): (() => Promise<void>) | undefined
}

const require = createRequire(import.meta.url)

interface Tensor {
  dispose(): void
  data(): Promise<Float32Array>
}
type Operand = Tensor | number
interface Tfjs {
  setBackend(name: string): Promise<boolean>
  ready(): Promise<void>
  tidy<T>(f: () => T): T
  fill(shape: readonly number[], value: number): Tensor
  tensor2d(values: Float32Array, shape: readonly number[]): Tensor
  add(a: Operand, b: Operand): Tensor
  sub(a: Operand, b: Operand): Tensor
  mul(a: Operand, b: Operand): Tensor
  tanh(a: Tensor): Tensor
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor
}

/** TensorFlow.js on its WebAssembly backend. */
export async function tfjs(): Promise<ArrayPeer> {
  const tf = require('@tensorflow/tfjs') as Tfjs
  const backend = require('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(path: string): void }
  backend.setWasmPaths(
    require.resolve('@tensorflow/tfjs-backend-wasm/package.json').replace('package.json', 'dist/'),
  )
  await tf.setBackend('wasm')
  await tf.ready()
  const field = ([x, y, z]: readonly Tensor[]) => {
    const [a, b, c] = [x as Tensor, y as Tensor, z as Tensor]
    return [
      tf.mul(10, tf.sub(b, a)),
      tf.sub(tf.mul(a, tf.sub(28, c)), b),
      tf.sub(tf.mul(a, b), tf.mul(8 / 3, c)),
    ]
  }
  const step = (y: readonly Tensor[], h: number): Tensor[] =>
    tf.tidy(() => {
      const moved = (k: readonly Tensor[], c: number) => y.map((v, i) => tf.add(v, tf.mul(k[i] as Tensor, c)))
      const k1 = field(y)
      const k2 = field(moved(k1, h / 2))
      const k3 = field(moved(k2, h / 2))
      const k4 = field(moved(k3, h))
      return y.map((v, i) => {
        const outer = tf.add(k1[i] as Tensor, k4[i] as Tensor)
        const inner = tf.mul(2, tf.add(k2[i] as Tensor, k3[i] as Tensor))
        return tf.add(v, tf.mul(h / 6, tf.add(outer, inner)))
      })
    })
  return {
    name: 'tfjs-wasm',
    lorenz(batch) {
      let y = [1, 2, 3].map((v) => tf.fill([batch], v))
      return {
        async run(steps, h) {
          for (let i = 0; i < steps; i++) {
            const next = step(y, h)
            for (const v of y) v.dispose()
            y = next
          }
          for (const v of y) await v.data()
        },
      }
    },
    network(network, batch) {
      const layers = layersOf(network).map(({ weights, bias, rows, columns }) => ({
        w: tf.tensor2d(weights, [rows, columns]),
        b: tf.tensor2d(bias, [1, rows]),
      }))
      const x = tf.tensor2d(
        Float32Array.from({ length: batch * network.stateSize }, (_, i) => Math.sin(i)),
        [batch, network.stateSize],
      )
      return async () => {
        const out = tf.tidy(() =>
          layers.reduce((v, { w, b }, i) => {
            const sum = tf.add(tf.matMul(v, w, false, true), b)
            return i < layers.length - 1 ? tf.tanh(sum) : sum
          }, x),
        )
        await out.data()
        out.dispose()
      }
    },
  }
}

/** jax-js, its step compiled. */
export async function jaxjs(): Promise<ArrayPeer> {
  const { numpy, jit, init, defaultDevice } = await import('@jax-js/jax')
  await init('wasm')
  defaultDevice('wasm')
  type Value = ReturnType<typeof numpy.ones>
  // every use but the last takes a reference
  const field = ([x, y, z]: readonly Value[]): Value[] => {
    const [a, b, c] = [x as Value, y as Value, z as Value]
    return [b.ref.sub(a.ref).mul(10), a.ref.mul(c.ref.mul(-1).add(28)).sub(b.ref), a.mul(b).sub(c.mul(8 / 3))]
  }
  const stepOf = (h: number) =>
    jit((x: Value, y: Value, z: Value) => {
      const s = [x, y, z]
      const refs = (values: readonly Value[]) => values.map((v) => v.ref)
      const moved = (k: readonly Value[], c: number) => s.map((v, i) => v.ref.add((k[i] as Value).ref.mul(c)))
      const k1 = field(refs(s))
      const k2 = field(moved(k1, h / 2))
      const k3 = field(moved(k2, h / 2))
      const k4 = field(moved(k3, h))
      return s.map((v, i) => {
        const inner = (k2[i] as Value).add(k3[i] as Value).mul(2)
        return v.add(
          (k1[i] as Value)
            .add(k4[i] as Value)
            .add(inner)
            .mul(h / 6),
        )
      })
    })
  return {
    name: 'jax-js',
    lorenz(batch) {
      let y = [1, 2, 3].map((v) => numpy.ones([batch]).mul(v))
      let step: ReturnType<typeof stepOf> | undefined
      return {
        async run(steps, h) {
          step ??= stepOf(h)
          for (let i = 0; i < steps; i++) y = step(...(y as [Value, Value, Value])) as Value[]
          for (const v of y) await v.ref.data()
        },
      }
    },
    network: () => undefined,
  }
}

interface Layer {
  readonly weights: Float32Array
  readonly bias: Float32Array
  readonly rows: number
  readonly columns: number
}

/** Weights of a network, by the names of its blocks: matrices and what follows each. */
function layersOf(field: Field): Layer[] {
  const part = (offset: number, size: number) =>
    Float32Array.from(field.theta.subarray(offset, offset + size))
  return field.layout.flatMap(({ shape, offset }, i) => {
    const [rows, columns] = shape as [number, number]
    if (shape.length !== 2) return []
    const bias = field.layout[i + 1]
    if (bias?.shape.length !== 1) throw new Error('expected a layer with a bias')
    return [{ rows, columns, weights: part(offset, rows * columns), bias: part(bias.offset, rows) }]
  })
}
