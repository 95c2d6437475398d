import { misuse } from '../error.js'
import { expectField, type Field } from '../field.js'
import { Builder } from '../graph/builder.js'
import { embed } from '../graph/embed.js'
import { makeField } from '../makeField.js'

/**
 * The first-order form of q″ = a(t, q) or q″ = a(t, q, q′): the field [q; v]′ = [v; a]. `acceleration` maps Rᵏ to
 * Rᵏ, or R²ᵏ to Rᵏ where it reads velocities too. Norcliffe et al., "On Second Order Behaviour in Augmented
 * Neural ODEs", NeurIPS 2020.
 * @example secondOrder(network({ widths: [2, 16, 1], activation: 'tanh', seed: 0 })) // of one position, damped
 */
export function secondOrder(acceleration: Field): Field {
  expectField('secondOrder', acceleration)
  const { stateSize: n, outputSize: k } = acceleration
  if (n !== k && n !== 2 * k)
    throw misuse({
      where: 'secondOrder',
      expected: 'an acceleration Rᵏ → Rᵏ of positions, or R²ᵏ → Rᵏ of positions and velocities',
      got: `R^${n} → R^${k}`,
      try: `network({ widths: [${2 * k}, 16, ${k}], … })`,
      code: 'wrong-dimension',
    })
  const b = new Builder()
  const all = b.leaf('state', 2 * k)
  const half = (start: number) =>
    b.gather(
      all,
      Array.from({ length: k }, (_, i) => start + i),
    )
  const output = b.concat([half(k), embed(b, acceleration, { state: n === k ? half(0) : all })])
  const stateNames =
    n === k
      ? [...acceleration.stateNames, ...acceleration.stateNames.map((name) => `${name}'`)]
      : acceleration.stateNames
  return makeField(b, output, { ...acceleration, name: `secondOrder(${acceleration.name})`, stateNames })
}
