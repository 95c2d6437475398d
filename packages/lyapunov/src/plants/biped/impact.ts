import { embed, type Field, motionTerms, type Ref, solvePositiveDefinite } from '@separatrix/field/core'
import {
  type BipedModel,
  type BipedParameters,
  bipedEnergies,
  bipedField,
  linkCount,
  place,
  posture,
} from './model.js'

const backwards = Array.from({ length: linkCount }, (_, i) => linkCount - 1 - i)

/**
 * What happens when the swing foot strikes: it stays where it is (rigid, perfectly plastic), the other foot is free, and
 * the legs change their names, so that [θ; θ′] speaks of the new stance leg: θ⁺ is θ⁻ read backwards, and
 * M(θ⁺)θ̇⁺ = Σₖ mₖ(∂pₖ/∂θ)ᵀ ṗₖ⁻ + I∘θ̇⁻, momentum in all directions that the new contact allows. Angular momentum about
 * the new contact is kept, kinetic energy falls. Westervelt, Grizzle & Koditschek, "Hybrid zero dynamics of planar biped
 * walkers", IEEE TAC 48 (2003), reduced to the angles.
 * @example
 * const strike: Event = { when: swingFootHeight(), direction: 'falling', reset: bipedImpact() }
 */
export function bipedImpact(changes: BipedParameters = {}): Field {
  const energies = bipedEnergies(changes)
  return bipedField('bipedImpact', changes, (model, state) => {
    const { b } = model
    const angles = b.gather(state, backwards)
    const { mass } = motionTerms(b, energies, b.concat([angles, b.zeros(linkCount)]))
    const momentum = momentumBefore(model, state, angles)
    return b.concat([angles, solvePositiveDefinite(b, mass, momentum)])
  })
}

/** Generalised momentum of the motion before, in the coordinates after. */
function momentumBefore({ b, centres, masses, inertias }: BipedModel, state: Ref, angles: Ref): Ref {
  const before = posture(b, state)
  const [sin, cos] = [b.unary('sin', angles), b.unary('cos', angles)]
  return centres.reduce(
    (sum, centre, k) => {
      const { vx, vz } = place(b, centres[linkCount - 1 - k], before)
      const along = b.sub(b.mul(b.mul(centre, cos), vx), b.mul(b.mul(centre, sin), vz))
      return b.add(sum, b.mul(masses[k], along))
    },
    b.mul(inertias, b.gather(before.rates, backwards)),
  )
}

/**
 * The impulse [horizontal, vertical] (N s) that the ground gives at the strike, and the velocity [horizontal, vertical]
 * (m/s) with which the other foot then leaves it, as functions of the state before. The model holds where the vertical
 * impulse and the vertical velocity are positive and the impulse lies in the cone of friction.
 * @example interpret(bipedStrike(), 0, new Float64Array(10)) // nothing moves
 */
export function bipedStrike(changes: BipedParameters = {}): Field {
  const impact = bipedImpact(changes)
  return bipedField('bipedStrike', changes, (model, state) => {
    const { b } = model
    const after = embed(b, impact, { state })
    const change = ([u, v]: readonly Ref[], [p, q]: readonly Ref[]) => [b.sub(u, p), b.sub(v, q)]
    const impulse = change(linearMomentum(model, after), linearMomentum(model, state))
    const { vx, vz } = place(b, model.swingFoot, posture(b, after))
    return b.concat([...impulse, vx, vz])
  })
}

/** Σ mₖṗₖ, horizontal and vertical; the contact rests. */
export function linearMomentum({ b, centres, masses }: BipedModel, state: Ref): readonly [Ref, Ref] {
  const pose = posture(b, state)
  const moving = centres.map((centre) => place(b, centre, pose))
  const sum = (key: 'vx' | 'vz') =>
    moving.reduce((total, v, k) => b.add(total, b.mul(masses[k], v[key])), b.constant(0))
  return [sum('vx'), sum('vz')]
}
