import { type Field, misuse } from '@separatrix/field/core'
import { type BipedParameters, bipedStates, linkCount } from '../plants/biped/model.js'
import { gaitAt, gaitField, placeGait } from './gait.js'
import { accelerations, bipedTerms, product } from './motion.js'
import { fromLinks, toLinks, toTorques } from './outputs.js'

export interface GaitControllerOptions {
  /** how fast the joints come back to the gait (1/s): both poles of y″ = −2λy′ − λ²y */
  readonly rate: number
  /** parameters of the machine that the controller believes in */
  readonly model?: BipedParameters
}

/**
 * Torques that make {@link planarBiped} follow a gait: with y = c − c_d(φ), u is such that y″ = −2λy′ − λ²y (feedback
 * linearization), while φ moves as it may. A field [θ; θ′] → 4 torques with the gait's weights; not defined where
 * turning about the foot and moving along the gait have nothing in common (1ᵀMe = 0). Westervelt, Grizzle &
 * Koditschek, IEEE TAC 48 (2003).
 * @example closeLoop(planarBiped(), gaitController(walkingGait(), { rate: 20 }))
 */
export function gaitController(gait: Field, { rate, model = {} }: GaitControllerOptions): Field {
  if (!(rate > 0 && Number.isFinite(rate)))
    throw misuse({ where: 'gaitController', expected: 'a positive rate', got: String(rate), try: 'rate: 20' })
  return gaitField(gait, { name: 'gaitController', stateNames: bipedStates }, (b) => {
    const state = b.leaf('state', 2 * linkCount)
    const slots = (from: number) => Array.from({ length: linkCount }, (_, i) => from + i)
    const [position, velocity] = [0, linkCount].map((from) => fromLinks(b, b.gather(state, slots(from))))
    const placed = placeGait(b, gait.theta.length, model)
    const s = b.div(b.sub(position.phase, placed.start), placed.range)
    const { value, slope, curvature } = gaitAt(b, placed, s)
    const error = b.sub(position.c, value)
    const errorRate = b.sub(velocity.c, b.mul(slope, velocity.phase))
    const pull = b.add(b.mul(b.constant(2 * rate), errorRate), b.mul(b.constant(rate * rate), error))
    const wanted = b.sub(b.mul(curvature, b.powi(velocity.phase, 2)), pull)
    const terms = bipedTerms(b, model, state)
    const links = accelerations(b, terms, {
      e: toLinks(b, slope, b.constant(1)),
      r: toLinks(b, wanted, b.constant(0)),
    })
    return toTorques(b, b.add(product(b, terms.mass, links), terms.bias))
  })
}
