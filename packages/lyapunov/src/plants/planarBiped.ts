import { eulerLagrange, type Field, pushforward } from '@separatrix/field/core'
import { linearMomentum } from './biped/impact.js'
import {
  type BipedParameters,
  bipedEnergies,
  bipedField,
  bipedStates,
  linkCount,
  place,
  posture,
} from './biped/model.js'

const torques = ['stanceKnee', 'stanceHip', 'swingHip', 'swingKnee']

/**
 * A five-link walker in the plane, on one foot: shin, thigh and torso, thigh and shin of the other leg. Angles are from
 * the vertical, positive when the upper end leans forwards (+x); the stance foot rests at the origin as a pivot without a
 * motor. Torques (N m) act on the angles between links: θ₁ − θ₂ (knee), θ₃ − θ₂ (hip), θ₃ − θ₄, θ₅ − θ₄. State
 * [stanceShin, stanceThigh, torso, swingThigh, swingShin, and their rates]; M(θ)θ″ + bias(θ, θ′) = Bu is derived from
 * the energies by {@link eulerLagrange}. RABBIT's parameters, {@link bipedImpact} where the swing foot strikes.
 * Westervelt, Grizzle & Koditschek, IEEE TAC 48 (2003).
 * @example linearize(planarBiped()).B
 */
export function planarBiped(changes: BipedParameters = {}): Field {
  const force = bipedField(
    'torques',
    changes,
    ({ b }) => {
      const u = b.leaf('input', torques.length)
      const [knee, hip, swingHip, swingKnee] = torques.map((_, i) => b.gather(u, [i]))
      return b.concat([
        knee,
        b.neg(b.add(knee, hip)),
        b.add(hip, swingHip),
        b.neg(b.add(swingHip, swingKnee)),
        swingKnee,
      ])
    },
    torques,
  )
  const plant = eulerLagrange({ ...bipedEnergies(changes), force })
  return Object.freeze({ ...plant, name: 'planarBiped' })
}

/**
 * Height of the swing foot (m): 0 at the strike, which is an event of direction 'falling'. Legs that pass one another
 * at full length scuff.
 * @example interpret(swingFootHeight(), 0, new Float64Array(10)) // [0]: both feet together
 */
export function swingFootHeight(changes: BipedParameters = {}): Field {
  return bipedField('swingFootHeight', changes, ({ b, swingFoot }, state) =>
    b.dot(swingFoot, posture(b, state).cos),
  )
}

/**
 * The force of the ground on the stance foot [horizontal, vertical] (N), from the state and the accelerations θ″ as
 * inputs: d/dt Σ mₖṗₖ + [0, mg]. The foot stays where it is while the vertical force is positive and the force lies
 * in the cone of friction.
 * @example
 * const still = new Float64Array(10)
 * interpret(groundForce(), 0, still, undefined, new Float64Array(5)) // [0, the weight]
 */
export function groundForce(changes: BipedParameters = {}): Field {
  const accelerations = bipedStates.slice(linkCount).map((name) => `${name}'`)
  return bipedField(
    'groundForce',
    changes,
    (model, state) => {
      const { b, g, mass } = model
      const rates = Array.from({ length: linkCount }, (_, i) => linkCount + i)
      const flow = b.concat([b.gather(state, rates), b.leaf('input', linkCount)])
      const along = new Map([[state, flow]])
      const [px, pz] = linearMomentum(model, state)
      return b.concat([pushforward(b, px, along), b.add(pushforward(b, pz, along), b.mul(mass, g))])
    },
    accelerations,
  )
}

/**
 * Where the joints are: x and z of stance foot, stance knee, hip, head, swing knee, swing foot, twelve numbers, for
 * pictures.
 * @example interpret(bipedJoints(), 0, new Float64Array(10)) // upright, all x are 0
 */
export function bipedJoints(changes: BipedParameters = {}): Field {
  return bipedField('bipedJoints', changes, (model, state) => {
    const { b, stanceKnee, hip, head, swingKnee, swingFoot } = model
    const pose = posture(b, state)
    const points = [stanceKnee, hip, head, swingKnee, swingFoot].map((point) => place(b, point, pose))
    return b.concat([b.zeros(2), ...points.flatMap(({ x, z }) => [x, z])])
  })
}
