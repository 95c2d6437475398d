import type { ThetaBlock } from '@separatrix/field/core'

/**
 * What `JSON.stringify` keeps: an optimiser's state is such data, so that a run can be stored and resumed.
 */
export type PlainData =
  | number
  | string
  | boolean
  | null
  | readonly PlainData[]
  | { readonly [key: string]: PlainData }

/** A learning rate, constant or as a function of the number of steps already taken (0, 1, 2, …). */
export type Rate = number | ((step: number) => number)

/** What an optimiser may ask about the loss within one step, on the sample of that step. */
export interface Objective {
  /** the loss at the θ that `step` was given */
  readonly value: number
  /** the loss at another θ, its gradient written to `gradient` */
  evaluate(theta: Float64Array, gradient: Float64Array): number
}

/**
 * An optimiser as a value: `init` makes a state of plain data, `step` changes θ and the state in place.
 * θ, the gradient and the layout are those of the trained entries only, blocks in row-major order.
 *
 * `init` may move θ where a method asks for a special start (Nero's rows are centred and of unit length).
 */
export interface Optimizer<State extends PlainData = PlainData> {
  readonly name: string
  init(theta: Float64Array, layout: readonly ThetaBlock[]): State
  step(state: State, theta: Float64Array, gradient: Float64Array, objective: Objective): void
  /** writes the θ that a run is to give back over the one that it has reached, where these differ */
  answer?(state: State, theta: Float64Array): void
}
