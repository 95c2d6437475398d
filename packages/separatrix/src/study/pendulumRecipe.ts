import type { NetworkOptions } from '@separatrix/field'

type Matrix = readonly (readonly number[])[]

export interface TrainingRecipe {
  readonly steps: number
  /** random states a step */
  readonly batch: number
  /** learning rate of Adam at the start and at the end, on a cosine in between (Loshchilov & Hutter 2017, eq. 5) */
  readonly rate: readonly [number, number]
  readonly seed: number
}

/** Everything that the pendulum study decides, as data. */
export interface PendulumRecipe {
  /** m/s², m, kg, N m s */
  readonly params: Readonly<Record<'g' | 'l' | 'm' | 'b', number>>
  /** N m */
  readonly torqueLimit: number
  /** where regions are looked for: rad, rad/s */
  readonly domain: readonly (readonly [number, number])[]
  readonly lqr: { readonly Q: Matrix; readonly R: Matrix }
  readonly network: NetworkOptions
  readonly imitation: TrainingRecipe
  /** V(x) = |Lx|² + ε|x|² + |φ(x)|², with φ this network: positive definite whatever training does */
  readonly candidate: { readonly epsilon: number; readonly features: NetworkOptions }
  /** rate κ, weight w and sharpness s of regionLoss */
  readonly training: TrainingRecipe & {
    readonly decay: number
    readonly reward: number
    readonly sharpness: number
  }
  /** κ of V(x(t)) ≤ e^(−κt) V(x(0)), which both proofs include */
  readonly proof: { readonly rate: number }
  readonly simulation: { readonly time: number; readonly rtol: number; readonly atol: number }
}

/** The recipe that `separatrix study pendulum` follows. */
export const pendulumRecipe = {
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  /**
   * The motor gives at most this, in N m. Gravity pulls with m g l sin θ = 0.736 sin θ, so that beyond
   * θ = 54.6° the motor cannot hold the pendulum: what comes home is bounded by a true separatrix.
   */
  torqueLimit: 0.6,
  domain: [
    [-3, 3],
    [-9, 9],
  ],
  lqr: { Q: [[1, 0], [0, 1]], R: [[1]] }, // biome-ignore format: matrices
  /** odd by its form (tanh, no biases), so that the torque at rest is exactly 0 */
  network: { widths: [2, 8, 1], activation: 'tanh', seed: 1, bias: false, name: 'controller' },
  /** the network first learns the saturated regulator */
  imitation: { steps: 500, batch: 64, rate: [1e-2, 1e-3], seed: 1 },
  /** φ is odd as well, so that V has its minimum at rest; it starts small */
  candidate: {
    epsilon: 1e-3,
    features: {
      widths: [2, 8, 2],
      activation: 'tanh',
      seed: 6,
      bias: false,
      name: 'features',
      outputGain: 0.3,
    },
  },
  /**
   * then controller, V and region are trained together. The weight decides how much violation the rim of the region
   * may cost: from 0.05 on the origin itself was sometimes given up; at 0.02 three runs with different seeds proved
   * 32.2 to 32.9 rad²/s, of the 40 that such a loop brings home
   */
  training: {
    steps: 6000,
    batch: 512,
    rate: [1e-2, 1e-4],
    decay: 0.2,
    reward: 0.02,
    sharpness: 40,
    seed: 1,
  },
  /** half of what training asks for: the other half is room for the rim */
  proof: { rate: 0.1 },
  simulation: { time: 8, rtol: 1e-9, atol: 1e-12 },
} as const satisfies PendulumRecipe
