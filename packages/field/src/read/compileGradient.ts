import { pullback } from '../derive/pullback.js'
import { misuse, show } from '../error.js'
import { expectField, type Field } from '../field.js'
import { Builder } from '../graph/builder.js'
import { embed } from '../graph/embed.js'
import { compileTiles } from './wasm/tile/compileTiles.js'
import type { TileGraph } from './wasm/tile/tileGraph.js'

export interface CompileGradientOptions {
  /** samples of a batch */
  readonly batch: number
  /** 'single' is about twice as fast; sums over the batch are then in single precision too */
  readonly precision: 'double' | 'single'
  /** relaxed multiply–add, where `hasRelaxedSimd()` */
  readonly fused?: boolean
}

/** A scalar field and its gradient in θ over a batch, its data resident in WebAssembly memory. */
export interface CompiledGradient {
  readonly batch: number
  /** sets sample i: its time and state */
  put(i: number, t: number, x: ArrayLike<number>): void
  /** the mean over the batch of ℓ(tᵢ, xᵢ, θ), its gradient in θ written to `gradient`; allocates nothing */
  evaluate(theta: ArrayLike<number>, gradient: Float64Array): number
}

/**
 * Compiles the mean of a scalar field over a batch, and its gradient in θ:
 * (1/B) Σᵢ ℓ(tᵢ, xᵢ, θ) and (1/B) Σᵢ ∂ℓ/∂θ(tᵢ, xᵢ, θ), in 128-bit vectors. Gradients of weights are one product of
 * matrices over the batch; no sample holds any for itself. Errors: those of the elementary functions (`ulps`) and of
 * sums in the precision that was chosen. Cost: two to three evaluations of ℓ.
 * @example
 * const loss = expression('(a*x - 1)^2', ['x'], { a: 3 })
 * const mean = compileGradient(loss, { batch: 2, precision: 'double' })
 * mean.put(0, 0, [1])
 * mean.put(1, 0, [2])
 * const gradient = new Float64Array(1)
 * mean.evaluate([3], gradient) // (4 + 25)/2, and (2·2·1 + 2·5·2)/2 in gradient
 */
export function compileGradient(
  loss: Field,
  { batch, precision, fused }: CompileGradientOptions,
): CompiledGradient {
  const where = 'compileGradient'
  expectField(where, loss)
  checkLoss(where, loss, batch)
  const lanes = precision === 'double' ? 'f64x2' : 'f32x4'
  const bytes = lanes === 'f64x2' ? 8 : 4
  const rows = 1 + loss.stateSize
  const { shape, programs, space } = compileTiles(
    { both: weightedGradient(loss) },
    ({ tiles, width }) => [tiles * rows * width, tiles * width],
    { where, lanes, batch, fused },
  )
  const [states, weights] = [space(0), space(1)]
  const { width, tiles } = shape
  weights.view.fill(1, 0, batch)
  const totals = new Float64Array(1 + loss.theta.length)
  const place = (lane: number, t: number, x: ArrayLike<number>) => {
    const tile = Math.floor(lane / width)
    let at = tile * rows * width + (lane - tile * width)
    states.view[at] = t
    for (let k = 0; k < x.length; k++) states.view[(at += width)] = x[k]
  }
  return {
    batch,
    put(i, t, x) {
      if (!(i >= 0 && i < batch && x.length === loss.stateSize))
        throw misuse({
          where,
          expected: `a sample below ${batch} of ${loss.stateSize} numbers`,
          got: `sample ${i} of ${x.length}`,
          try: 'a larger batch',
          code: 'wrong-dimension',
        })
      place(i, t, x)
      // lanes of no weight have to be finite, and are where the last sample is
      if (i === batch - 1) for (let lane = batch; lane < tiles * width; lane++) place(lane, t, x)
    },
    evaluate(theta, gradient) {
      if (theta.length !== loss.theta.length || gradient.length !== loss.theta.length)
        throw misuse({
          where,
          expected: `${loss.theta.length} parameters and a gradient as long`,
          got: `${theta.length} and ${gradient.length}`,
          try: 'arrays as long as field.theta',
          code: 'wrong-dimension',
        })
      const { both } = programs
      both.setTheta(theta)
      both.clearSums()
      for (let tile = 0; tile < tiles; tile++)
        both.run(states.address + tile * rows * width * bytes, weights.address + tile * width * bytes, 0)
      both.readSums(totals)
      for (let i = 0; i < gradient.length; i++) gradient[i] = totals[1 + i] / batch
      return totals[0] / batch
    },
  }
}

/** [w·ℓ; w·∂ℓ/∂θ], to be summed over states, with the weight w as input. */
function weightedGradient(loss: Field): TileGraph {
  const b = new Builder()
  const theta = b.leaf('theta', loss.theta.length)
  const weight = b.leaf('input', 1)
  const value = embed(b, loss, { theta })
  const [gradient] = pullback(b, value, weight, [theta])
  const sums = b.concat([b.mul(weight, value), gradient])
  return { nodes: b.nodes, output: undefined, sums, theta: loss.theta }
}

function checkLoss(where: string, loss: Field, batch: number): void {
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw misuse({ where, expected: 'a positive batch', got: show(batch), try: 'batch: 256' })
  if (loss.outputSize === 1 && loss.inputSize === 0) return
  throw misuse({
    where,
    expected: 'a scalar field without inputs',
    got: `${loss.name}: length ${loss.outputSize}, ${loss.inputSize} inputs`,
    try: 'a sum or a dot product of its entries, and closeLoop(plant, controller)',
    code: 'wrong-dimension',
  })
}
