import {
  Builder,
  embed,
  expectField,
  type Field,
  makeField,
  mergeTheta,
  misuse,
  type Ref,
} from '@separatrix/field/core'

/**
 * The closed loop x' = f(t, x, k(t, x + e)) of a controller that sees its state with an error e. The errors are the
 * inputs of the result, `error_<state>` each, for `disturbance` of losses and proofs to bound. θ is the plant's, then
 * the controller's.
 * @example
 * const cart = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'u' } })
 * const loop = measuredLoop(cart, expression('-x - 2*v', ['x', 'v']))
 * loop.inputNames // ['error_x', 'error_v']
 */
export function measuredLoop(plant: Field, controller: Field): Field {
  const where = 'measuredLoop'
  expectField(where, plant)
  expectField(where, controller)
  const n = plant.stateSize
  if (controller.stateSize !== n || controller.outputSize !== plant.inputSize || controller.inputSize > 0)
    throw misuse({
      where,
      expected: `a controller R^${n} → R^${plant.inputSize} without inputs`,
      got: `R^${controller.stateSize} → R^${controller.outputSize} with ${controller.inputSize}`,
      try: `network({ widths: [${n}, 16, ${plant.inputSize}], … })`,
      code: 'wrong-dimension',
    })
  const b = new Builder()
  const { theta, layout, offsets } = mergeTheta([plant, controller])
  const all = b.leaf('theta', theta.length)
  const own = (field: Field, offset: number): Ref =>
    b.gather(
      all,
      Array.from(field.theta.keys(), (i) => offset + i),
    )
  const x = b.leaf('state', n)
  const seen = b.add(x, b.leaf('input', n))
  const u = embed(b, controller, { state: seen, theta: own(controller, offsets[1]) })
  return makeField(b, embed(b, plant, { state: x, input: u, theta: own(plant, offsets[0]) }), {
    name: plant.name,
    stateNames: plant.stateNames,
    inputNames: plant.stateNames.map((name) => `error_${name}`),
    theta,
    layout,
  })
}
