import type { AttackEffort } from '../lyanet/attack.js'

export interface FiodeRecipe {
  /** widths of the scores' hidden layers, even */
  readonly hidden: readonly number[]
  /** β: the scores N read [βη; x] */
  readonly scale: number
  /** the rates before the projection are gain·N */
  readonly gain: number
  /** α of the barriers vᵢ ≥ −αηᵢ */
  readonly alpha: number
  /** κ of the trained condition V̇ ≤ −κV; on a decision boundary, where V = 1, it is the margin asked for */
  readonly rate: number
  readonly training: { readonly steps: number; readonly batch: number; readonly rate: number }
  /** SSPRK3 steps of one length, shorter than the longest that keeps the proof */
  readonly flow: { readonly steps: number; readonly step: number }
  /** ℓ₂ radii at which accuracy is certified and attacked; pixels are in [0, 1] */
  readonly radii: readonly number[]
  readonly effort: AttackEffort
  /** of the 797 test images, the first so many are attacked and certified; accuracy is that of all */
  readonly attacked: number
  /** evaluations per image with which faces are covered */
  readonly maxPieces: number
  readonly seed: number
}

/** What `separatrix study fiode` follows. */
export const fiodeRecipe: FiodeRecipe = {
  hidden: [76, 76],
  scale: 0.5,
  gain: 1,
  alpha: 4,
  rate: 1.2,
  training: { steps: 2000, batch: 128, rate: 1e-2 },
  flow: { steps: 5, step: 0.2 },
  radii: [0.1, 0.25, 0.5, 0.75, 1],
  effort: { steps: 20, restarts: 2, seed: 1 },
  attacked: 400,
  maxPieces: 300,
  seed: 1,
}
