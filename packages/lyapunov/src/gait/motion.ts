import { type Builder, freeze, type MotionTerms, motionTerms, type Ref } from '@separatrix/field/core'
import { type BipedParameters, bipedEnergies } from '../plants/biped/model.js'

/** M and bias at [θ; θ′], with the machine's parameters as constants. */
export function bipedTerms(b: Builder, changes: BipedParameters, state: Ref): MotionTerms {
  const { kinetic, potential } = bipedEnergies(changes)
  return motionTerms(b, { kinetic: freeze(kinetic), potential: freeze(potential) }, state)
}

/** A matrix, given by rows, times a vector. */
export const product = (b: Builder, rows: readonly Ref[], x: Ref): Ref =>
  b.concat(rows.map((row) => b.dot(row, x)))

/**
 * The accelerations θ″ = eφ″ + r of the links, φ″ being what the one direction without a motor allows: turning
 * everything about the foot, 1ᵀ(Mθ″ + bias) = 0, so φ″ = −(1ᵀbias + 1ᵀMr)/(1ᵀMe). No matrix is inverted.
 * Westervelt, Grizzle & Koditschek, IEEE TAC 48 (2003).
 */
export function accelerations(
  b: Builder,
  { mass, bias }: MotionTerms,
  { e, r }: { readonly e: Ref; readonly r: Ref },
): Ref {
  const turning = mass.reduce((sum, row) => b.add(sum, row))
  const phase = b.neg(b.div(b.add(b.sum(bias), b.dot(turning, r)), b.dot(turning, e)))
  return b.add(b.mul(e, phase), r)
}
