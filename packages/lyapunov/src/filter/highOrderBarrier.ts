import { type Field, misuse, show } from '@separatrix/field/core'
import { affineParts } from './affineParts.js'

/**
 * The barriers that come with one whose rate the input does not enter: ψ₀ = B, ψᵢ = L_fψᵢ₋₁ + αᵢψᵢ₋₁ for the α's given but
 * the last, which belongs to the filter's condition. A filter `cbfQp({ plant, barrier, alpha: [α₁, …, α_r] })` keeps all
 * of them non-negative where they are so at the start: the safe set is their intersection, not {B ≥ 0}. The relative
 * degree r is read off the graph: L_gψᵢ must be 0 for every state before the last member, and not there. Xiao & Belta,
 * CDC 2019, definition 7.
 * @example
 * const plant = system({ state: ['x', 'v'], input: ['u'], dynamics: { x: 'v', v: 'u' } })
 * const wall = expression('1 - x', ['x', 'v'])
 * const [, speed] = highOrderBarrier({ plant, barrier: wall, alpha: [2, 2] })
 * interpret(speed, 0, [0.5, 0.4]) // ψ₁ = −v + 2(1 − x) = 0.6
 */
export function highOrderBarrier({
  plant,
  barrier,
  alpha,
}: {
  readonly plant: Field
  readonly barrier: Field
  readonly alpha: readonly number[]
}): readonly Field[] {
  checkAlphas('highOrderBarrier', alpha)
  return affineParts('highOrderBarrier', plant, { scalar: barrier, alphas: alpha.slice(0, -1) }).members
}

export function checkAlphas(where: string, alphas: readonly number[]): void {
  if (alphas.length > 0 && alphas.every((a) => a > 0 && Number.isFinite(a))) return
  throw misuse({
    where,
    expected: 'α > 0, one per order',
    got: show(alphas),
    try: 'alpha: 1, or alpha: [1, 1]',
  })
}
