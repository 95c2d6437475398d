import type { Random } from '@separatrix/field/core'

/** Draws samples of a distribution that need not have a density. */
export interface Source {
  draw(random: Random, x: Float64Array): void
}

/** A source whose density is known: the oracle that a learned density is compared with. */
export interface Density extends Source {
  readonly name: string
  readonly size: number
  /** log p(x), −∞ off the support */
  logProb(x: ArrayLike<number>): number
}

/** A density with its entropy −∫p log p: no model's mean of −log p over its samples can be lower. */
export interface Dataset extends Density {
  /** in nats; the error bounds what two grids of the quadrature differ by, 0 for a closed form */
  readonly entropy: { readonly value: number; readonly error: number }
}
