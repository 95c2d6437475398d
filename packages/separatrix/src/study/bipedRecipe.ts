import { type BipedParameters, type GaitLimits, type GaitStart, gaitLimits } from '@separatrix/lyapunov'

/** One walk that is simulated: what is unlike the undisturbed one. */
export interface WalkScenario {
  readonly name: string
  /** the surplus of energy that it starts with, over what impacts leave of the greatest that was trained for */
  readonly surplus?: number
  /** factor on all rates at the start, which leaves the gait's surface */
  readonly rates?: number
  /** a blow at the hip (s, N s) */
  readonly push?: { readonly time: number; readonly impulse: number }
  /** a machine that the controller does not know about */
  readonly machine?: BipedParameters
}

/** Everything that the biped study decides, as data. */
export interface BipedRecipe {
  readonly start: Partial<GaitStart>
  readonly limits: GaitLimits
  readonly training: {
    readonly steps: number
    /** of Adam, from the first to the last along a cosine */
    readonly rate: readonly [number, number]
    readonly surplus: number
    readonly alpha: number
    readonly margin: number
    readonly batch: number
    readonly seed: number
  }
  readonly walk: {
    readonly steps: number
    /** of the controller (1/s) */
    readonly rate: number
    readonly tolerance: number
    /** looks at the barriers per step */
    readonly looks: number
  }
  readonly scenarios: readonly WalkScenario[]
}

/** The recipe that `separatrix study biped` follows. */
export const bipedRecipe: BipedRecipe = {
  start: { hidden: 8, seed: 1 },
  limits: gaitLimits,
  training: { steps: 400, rate: [3e-3, 1e-5], surplus: 0.25, alpha: 10, margin: 0.05, batch: 64, seed: 1 },
  walk: { steps: 100, rate: 20, tolerance: 1e-8, looks: 200 },
  scenarios: [
    { name: 'on the orbit' },
    { name: 'too slow at the start', surplus: -1 },
    { name: 'too fast at the start', surplus: 1 },
    { name: 'all rates 5 % too high', rates: 1.05 },
    { name: 'pushed forwards, 4 N s', push: { time: 10.3, impulse: 4 } },
    { name: 'pushed back, 4 N s', push: { time: 10.3, impulse: -4 } },
    { name: 'a torso 10 % heavier than believed', machine: { mTorso: 13.2 } },
  ],
}
