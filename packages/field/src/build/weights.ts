import { misuse, show } from '../error.js'
import type { ThetaBlock } from '../field.js'
import type { Builder, Ref } from '../graph/builder.js'
import { type Random, seededRandom } from '../random.js'
import type { Activation } from './activations.js'

/** One block of weights: its name within the field, its shape, and how each entry starts. */
export interface WeightBlock {
  readonly name: string
  readonly shape: readonly number[]
  /** entry i of the block; 0 by default */
  readonly start?: (random: Random, i: number) => number
}

/** The weights of a field under construction. */
export interface Weights {
  readonly theta: Float64Array
  readonly layout: readonly ThetaBlock[]
  /** the block of that name as a node of the graph */
  readonly place: (b: Builder, name: string) => Ref
}

/**
 * Lays out blocks of weights one after another under `field.block` and draws where they start, in the order
 * of the list.
 */
export function weights(field: string, blocks: readonly WeightBlock[], seed: number): Weights {
  if (!Number.isSafeInteger(seed))
    throw misuse({ where: field, expected: 'an integer seed', got: show(seed), try: 'seed: 0' })
  const random = seededRandom(seed)
  const values: number[] = []
  const ranges = new Map<string, readonly number[]>()
  const layout = blocks.map(({ name, shape, start = () => 0 }): ThetaBlock => {
    const offset = values.length
    const size = shape.reduce((product, n) => product * n, 1)
    const indices = Array.from({ length: size }, (_, i) => offset + i)
    for (let i = 0; i < size; i++) values.push(start(random, i))
    ranges.set(name, indices)
    return { name: `${field}.${name}`, offset, shape, kind: 'weight' }
  })
  return {
    theta: Float64Array.from(values),
    layout,
    place: (b, name) => b.gather(b.leaf('theta', values.length), ranges.get(name) as readonly number[]),
  }
}

/** Uniform on ±gain·√(6/(fan_in + fan_out)), Glorot & Bengio 2010, eq. 16. */
export function glorot(fanIn: number, fanOut: number, gain = 1): (random: Random) => number {
  return uniform(gain * Math.sqrt(6 / (fanIn + fanOut)))
}

/** Uniform on ±gain·√(6/fan_in), He et al. 2015, eq. 10. */
export function he(fanIn: number, gain = 1): (random: Random) => number {
  return uniform(gain * Math.sqrt(6 / fanIn))
}

/** The start that suits an activation: He's where half of the entries are cut off, else Glorot's. */
export function startFor(activation: Activation, fanIn: number, fanOut: number, gain = 1) {
  if (activation === 'relu') return he(fanIn, gain)
  // the factor √2 is in the activation
  if (activation === 'scaledRelu') return he(fanIn, gain / Math.SQRT2)
  return glorot(fanIn, fanOut, gain)
}

export function uniform(bound: number): (random: Random) => number {
  return (random) => bound * (2 * random.uniform() - 1)
}

export function checkWidths(where: string, widths: readonly number[], atLeast = 2): void {
  if (Array.isArray(widths) && widths.length >= atLeast && widths.every((w) => Number.isInteger(w) && w > 0))
    return
  throw misuse({
    where,
    expected: `at least ${atLeast === 2 ? 'two' : atLeast} positive widths`,
    got: show(widths),
    try: 'widths: [2, 16, 1]',
  })
}
