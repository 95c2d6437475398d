import type { Attack, AttackEffort } from './attack.js'

export interface LyanetRecipe {
  readonly width: number
  /** Runge–Kutta steps of a flow over unit time, in training of the neural ODE and in every evaluation */
  readonly flowSteps: number
  readonly blocks: number
  readonly training: { readonly steps: number; readonly batch: number; readonly rate: number }
  /** steps of the two Lyapunov trainings, which need no solve */
  readonly lyapunovSteps: number
  readonly attacks: readonly Attack[]
  readonly effort: AttackEffort
  /** of the 797 test images, the first so many are attacked; all are told */
  readonly attacked: number
  readonly seed: number
}

/** What `separatrix study lyanet` follows. */
export const lyanetRecipe: LyanetRecipe = {
  width: 32,
  flowSteps: 10,
  blocks: 3,
  training: { steps: 1500, batch: 64, rate: 3e-3 },
  lyapunovSteps: 6000,
  attacks: [
    { norm: 'l∞', radius: 8 / 255 },
    { norm: 'l∞', radius: 0.06 },
    { norm: 'l∞', radius: 0.1 },
    { norm: 'l₂', radius: 0.25 },
    { norm: 'l₂', radius: 127 / 255 },
    { norm: 'l₂', radius: 1 },
  ],
  effort: { steps: 20, restarts: 2, seed: 1 },
  attacked: 400,
  seed: 1,
}
