import {
  Builder,
  compose,
  embed,
  type Field,
  hasSimd,
  makeField,
  misuse,
  network,
  withTheta,
} from '@separatrix/field'
import {
  blurredFeatures,
  cnf,
  type Dataset,
  datasets,
  drawPoints,
  type Flow,
  flowMatching,
  likelihoodLoss,
  logTimes,
  rnode,
  withTime,
} from '@separatrix/flows'
import { dopri5, rk4 } from '@separatrix/ode'
import type { Terminal } from '../../terminal/terminal.js'
import { train } from '../train.js'
import type { DensitiesRecipe, DensityRecipe, LikelihoodStage } from './recipe.js'

/** The ways to one density, in the order in which they are gone. */
export const ways = ['flow matching', 'likelihood', 'matching, then likelihood'] as const

export type Way = (typeof ways)[number]

/** What one way led to. */
export interface Learned {
  readonly way: Way
  /** the mean of −log q less the entropy: the relative entropy of the model, in nats, never below 0 but by chance */
  readonly gap: number
  readonly standardError: number
  readonly steps: number
  /** of processor time, without the judging */
  readonly seconds: number
  /** of {@link velocity}, or of what it becomes in another time */
  readonly theta: readonly number[]
}

export interface DensityResult {
  readonly name: string
  readonly entropy: number
  readonly learned: readonly Learned[]
}

/** Where results of single ways are kept; the recipe is what decides them. */
export interface KeptResults {
  load(name: string, way: Way, recipe: unknown): Learned | undefined
  save(name: string, recipe: unknown, learned: Learned): void
}

export interface DensityStudyOptions {
  readonly terminal: Terminal
  /** seconds of processor time */
  readonly clock: () => number
  readonly kept?: KeptResults
}

/**
 * Learns one density of the plane in three ways with one network: by flow matching, by maximum likelihood, and by
 * maximum likelihood from where matching came to; judged by the relative entropy on fresh points.
 */
export async function densityStudy(
  density: DensityRecipe,
  recipe: DensitiesRecipe,
  { terminal, clock, kept }: DensityStudyOptions,
): Promise<DensityResult> {
  checkEngine()
  const target = datasetOf(density)
  const untrained = velocity(density, recipe)
  const study = { target, density, recipe, terminal, clock }
  const { densities: _others, ...shared } = recipe
  const { name, features, hidden, matching, likelihood, refinement } = density
  const keeping = async (way: Way, stages: object, learn: () => Promise<Learned>) => {
    const decides = { features, hidden, ...stages, ...shared }
    const known = kept?.load(name, way, decides)
    if (known !== undefined) return known
    const learned = await learn()
    kept?.save(name, decides, learned)
    return learned
  }
  const matched = await keeping('flow matching', { matching }, () => byMatching(untrained, study))
  const start = () => withTheta(untrained, Float64Array.from(matched.theta))
  const learned = [
    matched,
    await keeping('likelihood', { likelihood }, () =>
      byLikelihood('likelihood', untrained, likelihood, study),
    ),
    await keeping('matching, then likelihood', { matching, refinement }, () =>
      byLikelihood('matching, then likelihood', start(), refinement, study),
    ),
  ]
  return { name, entropy: target.entropy.value, learned }
}

interface Study extends DensityStudyOptions {
  readonly target: Dataset
  readonly density: DensityRecipe
  readonly recipe: DensitiesRecipe
}

const vectors = { backend: 'wasm', precision: 'single' } as const

/** Adam's second moments need some hundred steps before its steps are what the rate says. */
const warmUp = 200

export function datasetOf({ name }: DensityRecipe): Dataset {
  if (Object.hasOwn(datasets, name)) return datasets[name]
  throw misuse({
    where: 'densityStudy',
    expected: `one of ${Object.keys(datasets).join(', ')}`,
    got: name,
    try: "'rings'",
  })
}

/** The network, untrained, as a velocity f(t, x) of the plane. */
export function velocity({ features, hidden }: DensityRecipe, { seed }: DensitiesRecipe): Field {
  const waves = blurredFeatures({ size: 2, ...features, seed: seed + 1 })
  const perceptron = network({ widths: [waves.outputSize, ...hidden, 2], activation: 'swish', seed })
  return withTime(compose(perceptron, waves))
}

/** The flow of what was learned. */
export function flowOf(
  { theta }: Pick<Learned, 'theta'>,
  density: DensityRecipe,
  recipe: DensitiesRecipe,
): Flow {
  const field = withTheta(velocity(density, recipe), Float64Array.from(theta))
  return cnf({ field, method: dopri5, rtol: 1e-5, atol: 1e-5 })
}

/**
 * The field in the time s of t = 1 − (1 − s)², whose equal steps are short where fine structure arises. The flow from 0
 * to 1 is the same.
 */
function slowedDown(field: Field): Field {
  const b = new Builder()
  const left = b.sub(b.constant(1), b.leaf('time', 1))
  const time = b.sub(b.constant(1), b.powi(left, 2))
  return makeField(b, b.mul(b.mul(b.constant(2), left), embed(b, field, { time })), field)
}

async function byMatching(field: Field, study: Study): Promise<Learned> {
  const { target, density, recipe, terminal, clock } = study
  const { steps, rate } = density.matching
  const start = clock()
  const { theta } = await train(
    {
      field,
      loss: flowMatching({
        target,
        coupling: 'independent',
        batch: recipe.batch,
        drawTime: logTimes(recipe.epsilon),
        mirrored: true,
      }),
      ...vectors,
    },
    { steps, rate: [rate, rate / 100], warmUp, seed: recipe.seed + 1 },
    `${density.name}: flow matching`,
    terminal,
  )
  return judge({ way: 'flow matching', steps, seconds: clock() - start, theta: Array.from(theta) }, study)
}

async function byLikelihood(
  way: Way,
  field: Field,
  stages: readonly LikelihoodStage[],
  study: Study,
): Promise<Learned> {
  const { target, density, recipe, terminal, clock } = study
  const start = clock()
  let slow = slowedDown(field)
  for (const [k, { steps, rate, solverSteps, smoothing }] of stages.entries()) {
    const loss = likelihoodLoss({
      data: target,
      batch: recipe.batch,
      method: rk4,
      step: 1 / solverSteps,
      ...(smoothing !== undefined && { penalty: rnode({ kinetic: smoothing, jacobian: smoothing }) }),
    })
    const { theta } = await train(
      { field: slow, loss, ...vectors },
      { steps, rate: [rate, rate / 100], warmUp: steps / 10, seed: recipe.seed + 2 + k },
      `${density.name}: ${way}`,
      terminal,
    )
    slow = withTheta(slow, theta)
  }
  const steps = stages.reduce((sum, stage) => sum + stage.steps, 0)
  return judge({ way, steps, seconds: clock() - start, theta: Array.from(slow.theta) }, study)
}

/**
 * The mean of log p − log q over samples of p, which has the same mean as −log q less the entropy, and a much smaller
 * error.
 */
async function judge(
  found: Omit<Learned, 'gap' | 'standardError'>,
  { target, density, recipe }: Study,
): Promise<Learned> {
  const count = recipe.tested
  const x = drawPoints(target, { count, seed: recipe.seed + 99 })
  const flow = flowOf(found, density, recipe)
  const logProb = await flow.batched({ backend: 'wasm' }).logProb(x)
  const differences = logProb.map((l, i) => target.logProb([x.get(i, 0), x.get(i, 1)]) - l)
  const gap = differences.reduce((sum, d) => sum + d / count, 0)
  const variance = differences.reduce((sum, d) => sum + (d - gap) ** 2 / (count - 1), 0)
  return { ...found, gap, standardError: Math.sqrt(variance / count) }
}

function checkEngine(): void {
  if (hasSimd()) return
  throw misuse({
    where: 'separatrix study densities',
    expected: 'an engine with 128-bit WebAssembly vectors',
    got: 'one without, on which this would take hours',
    try: 'Node 20 or newer',
    code: 'no-simd',
  })
}
