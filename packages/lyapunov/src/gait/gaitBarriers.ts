import { type Builder, embed, type Field, freeze, type Ref, scalarize } from '@separatrix/field/core'
import { bipedStrike } from '../plants/biped/impact.js'
import {
  type BipedParameters,
  bipedField,
  bipedStates,
  linkCount,
  place,
  posture,
} from '../plants/biped/model.js'
import { groundForce } from '../plants/planarBiped.js'
import { bipedTerms, product } from './motion.js'
import { fromLinks, toTorques } from './outputs.js'

/** What a walk has to keep within. */
export interface GaitLimits {
  /** bend of a knee (rad) */
  readonly knee: readonly [number, number]
  /** lean of the torso either way (rad) */
  readonly torso: number
  /** height of the hip (m) */
  readonly hipHeight: number
  /** forward speed of the hip (m/s) */
  readonly speed: readonly [number, number]
  /** torque at a joint (N m) */
  readonly torque: number
  /** coefficient of friction, and the least vertical force over the weight */
  readonly friction: number
  readonly load: number
  /** a mound about the stance foot which the swing foot passes over: its height and half its width (m) */
  readonly mound: readonly [number, number]
  /** length of a step (m) */
  readonly step: number
}

/** Limits of an upright walk at half a metre to a metre a second, with some of the friction of dry ground. */
export const gaitLimits: GaitLimits = {
  knee: [0.05, 1.2],
  torso: Math.PI / 6,
  hipHeight: 0.65,
  speed: [0.4, 1.2],
  torque: 80,
  friction: 0.5,
  load: 0.25,
  mound: [0.04, 0.2],
  step: 0.25,
}

/** Barriers along a step, in the order of their values. */
export const stepBarriers = [
  'stance knee bends', 'stance knee not too far', 'swing knee bends', 'swing knee not too far', 'torso upright',
  'hip height', 'forward speed', 'speed limit', 'swing foot clears', 'torque, stance knee', 'torque, stance hip',
  'torque, swing hip', 'torque, swing knee', 'foot presses', 'friction',
] as const // biome-ignore format: one table

/** Conditions at an impact, in the order of their values. */
export const impactBarriers = [
  'impulse presses', 'friction of the impulse', 'other foot lifts', 'length of the step',
] as const // biome-ignore format: one table

/**
 * Barriers of a walk as one field of [θ; θ′] with the accelerations θ″ as inputs, each ≥ 0 where it is kept and divided
 * by its own scale, in the order of `stepBarriers`: knees, torso, hip, speed, clearance over a mound, torques, and that
 * the foot neither lifts nor slips. Torques and forces follow from θ″, so that one field serves the whole machine and
 * its zero dynamics. After Rodriguez, Csomay-Shanklin, Yue & Ames, "Neural Gaits", L4DC 2022.
 * @example gaitBarriers().outputSize // 15
 */
export function gaitBarriers(limits: GaitLimits = gaitLimits, model: BipedParameters = {}): Field {
  const inputNames = bipedStates.slice(linkCount).map((name) => `${name}'`)
  const field = bipedField(
    'gaitBarriers',
    model,
    ({ b, hip, swingFoot, mass, g }, state) => {
      const pose = posture(b, state)
      const { torso, knees, scaled } = readings(b, state)
      const hipAt = place(b, hip, pose)
      const foot = place(b, swingFoot, pose)
      const terms = bipedTerms(b, model, state)
      const links = b.leaf('input', linkCount)
      const torques = toTorques(b, b.add(product(b, terms.mass, links), terms.bias))
      const force = embed(b, freeze(groundForce(model)), { state })
      const weight = b.mul(mass, g)
      const [along, press] = [0, 1].map((i) => b.div(b.gather(force, [i]), weight))
      const [height, half] = limits.mound
      const over = b.sub(b.powi(b.div(foot.x, b.constant(half)), 2), b.constant(1))
      return b.concat([
        ...knees.flatMap((bend) => [
          scaled(bend, limits.knee[0], 0.1),
          b.neg(scaled(bend, limits.knee[1], 0.5)),
        ]),
        b.sub(b.constant(1), b.unary('abs', b.div(torso, b.constant(limits.torso)))),
        scaled(hipAt.z, limits.hipHeight, 0.1),
        scaled(hipAt.vx, limits.speed[0], 0.3),
        b.neg(scaled(hipAt.vx, limits.speed[1], 0.3)),
        b.add(b.div(foot.z, b.constant(height)), over),
        b.sub(b.constant(1), b.unary('abs', b.div(torques, b.constant(limits.torque)))),
        b.sub(press, b.constant(limits.load)),
        b.sub(b.mul(b.constant(limits.friction), press), b.unary('abs', along)),
      ])
    },
    inputNames,
  )
  return scalarize(freeze(field))
}

function readings(b: Builder, state: Ref) {
  const { c } = fromLinks(
    b,
    b.gather(
      state,
      Array.from({ length: linkCount }, (_, i) => i),
    ),
  )
  const [stance, torso, , swing] = [0, 1, 2, 3].map((i) => b.gather(c, [i]))
  const scaled = (x: Ref, limit: number, scale: number) =>
    b.div(b.sub(x, b.constant(limit)), b.constant(scale))
  return { torso, knees: [stance, swing], scaled }
}

/**
 * Conditions on the state just before an impact, each ≥ 0 where it is kept, in the order of `impactBarriers`: the impulse
 * presses and lies in the cone of friction, the other foot then leaves the ground, the step is long enough.
 * @example impactConditions().outputSize // 4
 */
export function impactConditions(limits: GaitLimits = gaitLimits, model: BipedParameters = {}): Field {
  const field = bipedField('impactConditions', model, ({ b, mass, swingFoot }, state) => {
    const strike = embed(b, bipedStrike(model), { state })
    const [along, press] = [0, 1].map((i) => b.div(b.gather(strike, [i]), mass))
    const foot = place(b, swingFoot, posture(b, state))
    return b.concat([
      press,
      b.sub(b.mul(b.constant(limits.friction), press), b.unary('abs', along)),
      b.gather(strike, [3]),
      b.div(b.sub(foot.x, b.constant(limits.step)), b.constant(0.1)),
    ])
  })
  return scalarize(freeze(field))
}
