/** A stretch of training by maximum likelihood. */
export interface LikelihoodStage {
  readonly steps: number
  /** of Adam at the start; it falls to a hundredth along half a cosine */
  readonly rate: number
  /** of the classical Runge–Kutta method over the whole span */
  readonly solverSteps: number
  /**
   * weight of RNODE's kinetic and Jacobian terms; without, long training makes flows that equal steps do not resolve:
   * 1,500 steps left .21 nats on rings and 1.05 on the checkerboard, with them 1,000 to 1,100 leave .036 and .043
   */
  readonly smoothing?: number
}

/** How one density is learned; one and the same network serves all ways. */
export interface DensityRecipe {
  /** in `datasets` of `@separatrix/flows` */
  readonly name: string
  /** waves that the network sees, and the range of their frequencies */
  readonly features: {
    readonly count: number
    readonly scale: readonly [number, number]
    readonly blur?: number
  }
  readonly hidden: readonly number[]
  readonly matching: { readonly steps: number; readonly rate: number }
  /** from random weights */
  readonly likelihood: readonly LikelihoodStage[]
  /** from the weights that matching found */
  readonly refinement: readonly LikelihoodStage[]
}

/** Everything that the study of densities decides, as data. */
export interface DensitiesRecipe {
  readonly densities: readonly DensityRecipe[]
  readonly batch: number
  /** matching looks at times up to 1 − ε */
  readonly epsilon: number
  /** fresh points that −log p is averaged over */
  readonly tested: number
  readonly seed: number
}

const gentle = {
  features: { count: 24, scale: [2, 6] },
  hidden: [64, 64],
  matching: { steps: 12_000, rate: 1e-2 },
  likelihood: [
    { steps: 400, rate: 1e-2, solverSteps: 6 },
    { steps: 100, rate: 3e-3, solverSteps: 10 },
  ],
  refinement: [{ steps: 100, rate: 1e-3, solverSteps: 10 }],
} as const

/**
 * Edges, or arms and rings thinner than a fifth: more waves, which fade in later, and solves that resolve what they make.
 * Over 6,000 steps on the checkerboard a blur of √2, 2 and √8 left .069, .057 and .066 nats.
 */
const sharp = {
  features: { count: 48, scale: [2, 10], blur: 2 },
  hidden: [64, 64, 64],
  matching: { steps: 30_000, rate: 1e-2 },
  likelihood: [
    { steps: 600, rate: 4e-3, solverSteps: 12, smoothing: 0.01 },
    { steps: 300, rate: 2e-3, solverSteps: 16, smoothing: 0.003 },
    { steps: 100, rate: 1e-3, solverSteps: 24 },
  ],
  refinement: [{ steps: 100, rate: 1e-3, solverSteps: 16 }],
} as const

/** The recipe that `separatrix study densities` follows. */
export const densitiesRecipe: DensitiesRecipe = {
  densities: [
    { name: '8gaussians', ...gentle },
    { name: 'moons', ...gentle },
    {
      name: 'pinwheel',
      ...gentle,
      // at the rate and the steps of the other two its flow is 1.4 nats off
      likelihood: [
        { steps: 300, rate: 4e-3, solverSteps: 8 },
        { steps: 150, rate: 2e-3, solverSteps: 12 },
      ],
    },
    { name: '2spirals', ...sharp, features: { ...sharp.features, scale: [2, 6] } },
    {
      name: 'checkerboard',
      ...sharp,
      likelihood: [...sharp.likelihood.slice(0, 2), { steps: 200, rate: 1e-3, solverSteps: 24 }],
    },
    { name: 'rings', ...sharp, features: { ...sharp.features, scale: [3, 6] } },
  ],
  batch: 256,
  epsilon: 0.01,
  tested: 4000,
  seed: 0,
}
