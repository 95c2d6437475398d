import { type Field, network } from '@separatrix/field'
import { segway } from '@separatrix/lyapunov'

type Interval = readonly [number, number]

/** Everything that the segway study decides, as data. */
export interface SegwayRecipe {
  readonly plant: Field
  /** the set has to stay in this box: rad, m/s, rad/s */
  readonly domain: readonly Interval[]
  /** each state is measured with an error of at most this, whatever it does in time: rad, m/s, rad/s */
  readonly error: number
  readonly lqr: { readonly Q: readonly number[]; readonly R: readonly number[] }
  /** odd by its form, so that the voltage at rest is 0 */
  readonly controller: Field
  readonly imitation: { readonly steps: number; readonly batch: number }
  readonly training: {
    /** of each round, and at most so many rounds */
    readonly steps: number
    readonly rounds: number
    /** V̇ ≤ −κV is asked for in the shell, V̇ < 0 on the boundary is proved */
    readonly decay: number
    readonly reward: number
    readonly batch: number
    readonly worstOf: number
    readonly shell: Interval
  }
  /** boxes after which a proof gives up: of a round, and of the regulator */
  readonly proof: { readonly maxBoxes: number }
  readonly simulation: {
    readonly count: number
    readonly time: number
    readonly step: number
    readonly every: number
  }
  readonly seed: number
}

/**
 * Box and weights of the regulator are those of Huang, Rodriguez, Zhang, Shi & Yue, "FI-ODE",
 * 2023, and its code: |φ| ≤ π/12, |v|, |ω| ≤ 1.5; Q = 10·I, R = 1; training against shifts of the state of up to 0.02 in
 * each coordinate. There the shifts are of the states that are sampled; here they are two and a half times as large, of
 * what the controller sees at all times, and the proof includes them. At 0.02 one round was enough, at 0.1 eight were not.
 */
export const segwayRecipe: SegwayRecipe = {
  plant: segway(),
  domain: [
    [-Math.PI / 12, Math.PI / 12],
    [-1.5, 1.5],
    [-1.5, 1.5],
  ],
  error: 0.05,
  lqr: { Q: [10, 10, 10], R: [1] },
  controller: network({ widths: [3, 16, 1], activation: 'tanh', seed: 1, bias: false, name: 'controller' }),
  imitation: { steps: 1000, batch: 128 },
  training: { steps: 500, rounds: 8, decay: 0.3, reward: 0.2, batch: 256, worstOf: 8, shell: [0.9, 1.05] },
  proof: { maxBoxes: 100_000 },
  simulation: { count: 10_000, time: 5, step: 0.01, every: 5 },
  seed: 1,
}
