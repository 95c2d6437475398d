import { type Field, motionTerms, type Ref, solvePositiveDefinite } from '@separatrix/field/core'
import { type BipedParameters, bipedEnergies, bipedField, linkCount, posture } from './model.js'

/**
 * A horizontal blow of so many N s at the hip while the stance foot holds: θ̇⁺ = θ̇⁻ + M⁻¹(∂x_hip/∂θ)ᵀJ, as a reset of
 * [θ; θ′].
 * @example interpret(bipedPush(2), 0, new Float64Array(10))
 */
export function bipedPush(impulse: number, changes: BipedParameters = {}): Field {
  const energies = bipedEnergies(changes)
  return bipedField('bipedPush', changes, ({ b, hip }, state): Ref => {
    const slots = (from: number) => Array.from({ length: linkCount }, (_, i) => from + i)
    const { cos } = posture(b, state)
    const blow = b.mul(b.constant(impulse), b.mul(hip, cos))
    const change = solvePositiveDefinite(b, motionTerms(b, energies).mass, blow)
    return b.concat([b.gather(state, slots(0)), b.add(b.gather(state, slots(linkCount)), change)])
  })
}
