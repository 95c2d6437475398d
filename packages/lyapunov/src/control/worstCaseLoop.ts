import { Builder, embed, expectField, type Field, makeField, pullback } from '@separatrix/field/core'
import { type Disturbance, readDisturbance } from '../loss/disturbance.js'

/**
 * The field under the disturbance that lowers B most, as a closed loop to simulate: each input is
 * dᵢ(x) = middleᵢ − half-widthᵢ·sign(∂Ḃ/∂dᵢ), the derivative taken at the middle, so that the choice is the worst one
 * exactly where Ḃ is affine in d, and to first order elsewhere. Simulations find failures; they prove nothing.
 * @example
 * const field = system({ state: ['x'], input: ['d'], dynamics: { x: '-x + d' } })
 * worstCaseLoop({ field, barrier: expression('1 - x^2', ['x']), disturbance: { d: [-0.5, 0.5] } }) // x' = −x + 0.5·sign(x)
 */
export function worstCaseLoop({
  field,
  barrier,
  disturbance,
}: {
  readonly field: Field
  readonly barrier: Field
  readonly disturbance: Disturbance
}): Field {
  const where = 'worstCaseLoop'
  expectField(where, field)
  expectField(where, barrier)
  const bounds = readDisturbance(where, field, disturbance)
  const { stateSize: n, inputSize: m } = field
  const rate = makeRate(field, barrier)
  const b = new Builder()
  const x = b.leaf('state', n)
  const middle = b.constant(bounds.map(([lo, hi]) => lo + (hi - lo) / 2))
  const half = b.constant(bounds.map(([lo, hi]) => (hi - lo) / 2))
  const theta = b.leaf('theta', field.theta.length)
  const slope = embed(b, rate, { state: x, input: middle, theta })
  const input = m === 0 ? undefined : b.sub(middle, b.mul(half, b.unary('sign', slope)))
  const output = embed(b, field, { state: x, theta, ...(input !== undefined && { input }) })
  return makeField(b, output, { ...field, inputNames: [] })
}

/** ∂Ḃ/∂d as a function of state and input, with the field's θ; B's own is frozen. */
function makeRate(field: Field, barrier: Field): Field {
  const b = new Builder()
  const x = b.leaf('state', field.stateSize)
  const d = b.leaf('input', field.inputSize)
  const [own, other] = [b.leaf('theta', field.theta.length), b.constant(Array.from(barrier.theta), true)]
  const value = embed(b, barrier, { state: x, ...(barrier.theta.length > 0 && { theta: other }) })
  const [gradient] = pullback(b, value, b.constant(1), [x])
  const decay = b.dot(gradient, embed(b, field, { state: x, input: d, theta: own }))
  const [slope] = pullback(b, decay, b.constant(1), [d])
  return makeField(b, slope, field)
}
