import { type Field, network } from '@separatrix/field'
import { pathTracking, planarQuadrotor } from '@separatrix/lyapunov'

type Interval = readonly [number, number]

/** A plant, its regulator, and how controller and V are trained together from there. */
export interface RegionRecipe {
  readonly name: string
  readonly plant: Field
  readonly domain: readonly Interval[]
  readonly lqr: { readonly Q: readonly number[]; readonly R: readonly number[] }
  /** what the actuator gives about its value at rest; unlimited where it is left out */
  readonly limits?: Interval
  /** the trained controller; it starts from the regulator */
  readonly controller: Field
  /** V(x) = |Lx|² + ε|x|² + |φ(x)|² with this φ, or an ellipsoid where it is left out */
  readonly features?: Field
  readonly imitation?: { readonly steps: number }
  readonly training: {
    readonly steps: number
    readonly batch: number
    readonly decay: number
    readonly reward: number
  }
  readonly seed: number
  /** figures that others print for the same plant */
  readonly published: string
}

const controller = (widths: readonly number[], seed: number) =>
  network({ widths, activation: 'tanh', seed, bias: false, name: 'controller' })

/** φ is odd and starts small, so that V has its minimum at rest. */
const features = (n: number) =>
  network({ widths: [n, 8, 2], activation: 'tanh', seed: 6, bias: false, name: 'features', outputGain: 0.3 })

/** Path tracking in the box and with the steering limits of Yang et al., ICML 2024, whose areas are of the same plant. */
const steering = (limit: number, published: string): RegionRecipe => ({
  name: `path tracking, |u| ≤ ${limit}`,
  plant: pathTracking(),
  domain: [
    [-3, 3],
    [-3, 3],
  ],
  lqr: { Q: [1, 1], R: [1] },
  // the steering at rest is l/R = 0.1
  limits: [-limit - 0.1, limit - 0.1],
  controller: controller([2, 8, 1], 1),
  features: features(2),
  imitation: { steps: 500 },
  training: { steps: 6000, batch: 512, decay: 0.2, reward: 0.02 },
  seed: 1,
  published,
})

export const regionRecipes: readonly RegionRecipe[] = [
  steering(0.84, '19.60 (quadratic 14.07)'),
  steering(0.5, '11.20'),
  {
    name: 'planar quadrotor',
    plant: planarQuadrotor(),
    domain: [
      [-4, 4],
      [-4, 4],
      [-1.57, 1.57],
      [-10, 10],
      [-10, 10],
      [-40, 40],
    ],
    lqr: { Q: [1, 1, 1, 1, 1, 1], R: [1, 1] },
    controller: controller([6, 2], 1),
    training: { steps: 6000, batch: 64, decay: 0.2, reward: 5e-4 },
    seed: 1,
    published: 'none in 6 states; thrust is not limited here',
  },
]
