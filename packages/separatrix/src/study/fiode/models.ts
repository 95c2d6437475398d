import { Builder, embed, type Field, makeField, orthogonalNetwork, type Ref } from '@separatrix/field'
import { keepOnSimplex } from '@separatrix/lyapunov'
import { classes, pixels } from '../lyanet/models.js'
import type { FiodeRecipe } from './recipe.js'

export const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)

/** N([βη; x]), 1-Lipschitz in both together where its layers are orthogonal. */
export function scoreNetwork({ hidden, seed }: FiodeRecipe): Field {
  return orthogonalNetwork({ widths: [classes + pixels, ...hidden, classes], seed, name: 'scores' })
}

/** gain·N([βη; x]) as a field of [η; x], with the θ of the scores. */
export function rawRates(scores: Field, { scale, gain }: FiodeRecipe): Field {
  const b = new Builder()
  const z = b.leaf('state', classes + pixels)
  const eta = b.mul(b.constant(scale), b.gather(z, range(0, classes)))
  const value = embed(b, scores, { state: b.concat([eta, b.gather(z, range(classes, pixels))]) })
  return makeField(b, b.mul(b.constant(gain), value), { ...scores, name: 'raw rates' })
}

/** η′ = v(η, x) on [η; x]: the rates kept on the simplex. */
export const rates = (scores: Field, recipe: FiodeRecipe): Field =>
  keepOnSimplex(rawRates(scores, recipe), { alpha: recipe.alpha })

/**
 * The classifier x ↦ η(T) from η(0) = 1/n by SSPRK3 steps (Shu & Osher 1988), written as the convex combinations of Euler
 * steps that they are, so that attacks see the gradient of exactly what is evaluated and certified.
 */
export function simplexClassifier(scores: Field, recipe: FiodeRecipe): Field {
  const v = rates(scores, recipe)
  const { steps, step } = recipe.flow
  const b = new Builder()
  const x = b.leaf('state', pixels)
  const euler = (eta: Ref) => b.add(eta, b.mul(b.constant(step), embed(b, v, { state: b.concat([eta, x]) })))
  const blend = (share: Ref, p: Ref, q: Ref) => b.add(p, b.mul(share, b.sub(q, p)))
  const third = b.div(b.constant(1), b.constant(3))
  let eta = b.constant(new Array<number>(classes).fill(1 / classes))
  for (let k = 0; k < steps; k++) {
    const middle = blend(b.constant(0.25), eta, euler(euler(eta)))
    eta = blend(b.sub(b.constant(1), third), eta, euler(middle))
  }
  return makeField(b, eta, {
    ...v,
    name: 'flow on the simplex',
    stateNames: range(0, pixels).map((i) => `pixel${i}`),
  })
}
