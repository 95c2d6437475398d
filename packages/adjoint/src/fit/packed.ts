import type { Optimizer, PlainData } from '../optimize/optimizer.js'

/** Entries of θ that are trained, packed one after another. */
export function gather(from: Float64Array, indices: Int32Array, to: Float64Array): void {
  for (let i = 0; i < indices.length; i++) to[i] = from[indices[i]]
}

export function scatter(from: Float64Array, indices: Int32Array, to: Float64Array): void {
  for (let i = 0; i < indices.length; i++) to[indices[i]] = from[i]
}

/** θ as the optimiser gives it back, which need not be where the next step starts. */
export function answer(
  {
    theta,
    packed,
    state,
  }: { readonly theta: Float64Array; readonly packed: Float64Array; readonly state: PlainData },
  optimizer: Optimizer,
  { indices }: { readonly indices: Int32Array },
): Float64Array {
  if (optimizer.answer === undefined) return theta
  const [all, trained] = [theta.slice(), packed.slice()]
  optimizer.answer(state, trained)
  scatter(trained, indices, all)
  return all
}
