import type { Method } from '../method.js'

/** [what moves, by which part of the step] */
export type Substep = readonly ['kick' | 'drift', number]

export interface SplittingOptions {
  readonly name: string
  readonly order: number
  readonly substeps: readonly Substep[]
  /** the implicit form for fields that are not separable */
  readonly general?: 'kick-drift-kick'
  readonly source: string
}

/** Which components are positions and which momenta; halves of the state where not given. */
export interface Partition {
  readonly q?: readonly number[]
  readonly p?: readonly number[]
  /** a promise about a plain function: q' depends on p only, p' on q only */
  readonly separable?: boolean
}

export interface Splitting extends Method, SplittingOptions {
  readonly family: 'symplectic'
  readonly partition: Partition
  readonly name: string
  readonly order: number
  readonly source: string
}
