import { Builder, type Field, makeField, misuse, seededRandom, show } from '@separatrix/field/core'
import { expectCount } from '../check/expectCount.js'

export interface FourierFeaturesOptions {
  /** length of the input z */
  readonly size: number
  /** k, number of frequencies */
  readonly count: number
  /** σ of the normal frequencies in radians a unit: one number, or one for each entry of z */
  readonly scale: number | readonly number[]
  readonly seed: number
}

/**
 * z ↦ [z; sin Bz; cos Bz] with fixed normal frequencies B (k × size): a perceptron on these sees fine structure that
 * it would be slow to learn from z alone. B is a block of parameters, which training leaves alone. Tancik et al.,
 * NeurIPS 2020, section 6.1.
 * @example
 * const features = fourierFeatures({ size: 3, count: 16, scale: 2, seed: 0 })
 * withTime(compose(network({ widths: [3 + 32, 64, 2], activation: 'swish', seed: 1 }), features))
 */
export function fourierFeatures({ size, count, scale, seed }: FourierFeaturesOptions): Field {
  expectCount('fourierFeatures(size)', size, 'entries')
  const scales = typeof scale === 'number' ? new Array<number>(size).fill(scale) : scale
  if (!(count > 0 && Number.isInteger(count) && scales?.length === size && scales.every((s) => s >= 0)))
    throw misuse({
      where: 'fourierFeatures',
      expected: 'a positive count and a scale for each entry',
      got: `${show(count)}, ${show(scale)} for ${show(size)} entries`,
      try: '{ size: 3, count: 16, scale: 2, seed: 0 }',
    })
  const random = seededRandom(seed)
  const theta = Float64Array.from({ length: count * size }, (_, i) => scales[i % size] * random.normal())
  const b = new Builder()
  const z = b.leaf('state', size)
  const angles = b.matvec(b.leaf('theta', theta.length), z, count, size)
  return makeField(b, b.concat([z, b.unary('sin', angles), b.unary('cos', angles)]), {
    name: 'fourierFeatures',
    stateNames: Array.from({ length: size }, (_, i) => `x${i + 1}`),
    inputNames: [],
    theta,
    layout: [{ name: 'frequencies', offset: 0, shape: [count, size], kind: 'parameter' }],
  })
}
