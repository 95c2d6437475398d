import type { Field } from '../field.js'
import type { Node, NodeOf, Op } from '../graph/node.js'
import { relativeStep } from './rounding.js'

/** The forms c + Σ gᵢεᵢ ± r of a node's entries, and what the way back needs. */
export interface Form {
  readonly size: number
  /** centres, then the coefficients of each side, then remainders */
  readonly data: Float64Array
  /** δ, what was left over at this node itself */
  readonly error: Float64Array
  /** λ, the sensitivity of the output to it */
  readonly adjoint: Float64Array
}

/** What an operation does: `run` writes the forms and errors of its entries; `back` adds to its arguments' adjoints. */
export interface Step {
  readonly run: () => void
  readonly back: () => void
}

export interface Place<K extends Op> {
  readonly node: NodeOf<K>
  readonly out: Form
  readonly args: readonly Form[]
  /** the nodes of the arguments */
  readonly nodes: readonly Node[]
  readonly sides: number
  readonly field: Field
  readonly box: { readonly lo: Float64Array; readonly hi: Float64Array }
  /** K, the roundings that the way back costs a term */
  readonly slack: number
  /** a form between those of the nodes */
  readonly form: (size: number) => Form
}

/** Prepares an operation; constants need no step. */
export type LinearRule<K extends Op> = (place: Place<K>) => Step | undefined

/** Beside roundings of relative size: what can underflow, less than 2⁶⁰ times in any operation. */
const underflow = 2 ** -1000

/** r, itself of k roundings, with what k roundings of terms of total magnitude S can have cost. */
export const grown = (r: number, k: number, magnitude: number): number =>
  (r + k * relativeStep * (r + magnitude)) * (1 + 2 ** -40) + underflow

/** |c| + Σ|gᵢ| + r of entry i. */
export function magnitudeOf({ data, size }: Form, i: number): number {
  let sum = 0
  for (let at = i; at < data.length; at += size) sum += Math.abs(data[at] as number)
  return sum
}

export const count = (n: number) => Array.from({ length: n }, (_, i) => i)
export const add = (to: Float64Array, i: number, v: number) => {
  to[i] = (to[i] as number) + v
}
