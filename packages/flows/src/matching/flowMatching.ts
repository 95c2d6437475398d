import { type Loss, sampledLoss } from '@separatrix/adjoint'
import {
  Builder,
  checkOptions as checkNames,
  embed,
  type Field,
  makeField,
  misuse,
  type OptionNames,
  type Random,
  show,
  withTheta,
} from '@separatrix/field/core'
import { expectCount } from '../check/expectCount.js'
import { expectNumber } from '../check/expectNumber.js'
import { expectSource } from '../check/expectSource.js'
import type { Source } from '../data/source.js'
import { type Base, standardNormal } from '../density/base.js'
import { type Coupling, checkCoupling } from './coupling.js'
import { pathPoints } from './pairs.js'
import { type ConditionalPath, straight } from './paths.js'

export interface FlowMatchingOptions {
  /** the distribution to be learned, reached at t = 1; with a condition it draws [x; c] */
  readonly target: Source
  /** where the flow starts, t = 0; the standard normal by default */
  readonly source?: Source | Base
  /**
   * which samples are joined: drawn independently; within each plan by the assignment of least total squared
   * distance, which makes paths nearly straight; or by the entropic plan
   */
  readonly coupling: Coupling
  /** ε of the entropic plan, in units of squared distance; 2σ² makes a Schrödinger bridge of its path */
  readonly regularization?: number
  readonly path?: ConditionalPath
  /** standard deviation of noise about the path, where the path has none of its own; 0 */
  readonly sigma?: number
  /** pairs per step; 256 */
  readonly batch?: number
  /** pairs that are planned together, a multiple or a divisor of `batch`, which it is by default */
  readonly planBatch?: number
  /** length of the condition c that the field reads after x; 0 */
  readonly condition?: number
  /** λ of the plan's cost |x₀ − x₁|² + λ|c₀ − c₁|²: without it a plan moves mass between conditions; 0 */
  readonly conditionWeight?: number
  /** share of pairs whose condition is replaced by `absent` (0), for {@link classifierFree}; 0 */
  readonly dropCondition?: number
  readonly absent?: number
  /**
   * times in [0, 1), uniform by default. The minimiser does not depend on them; fine structure of the target is decided
   * close to t = 1, where {@link lateTimes} and {@link logTimes} look more often
   */
  readonly drawTime?: (random: Random) => number
  /**
   * antithetic pairs: with (x₀, x₁) also (−x₀, x₁), at the same time; both count as pairs of the batch. Close to t = 1
   * the two points are 2(1 − t)|x₀| apart while their velocities differ by 2x₀, so that the noise of the gradient,
   * which is greatest there, cancels up to O(1 − t). For the independent coupling and the normal source; false
   */
  readonly mirrored?: boolean
}

/**
 * Times t = 1 − (1 − U)^k: the density of 1 − t is proportional to (1 − t)^{1/k − 1}.
 * @example flowMatching({ target: rings, coupling: 'independent', drawTime: lateTimes(2) })
 */
export function lateTimes(k: number): (random: Random) => number {
  if (!(k >= 1 && Number.isFinite(k)))
    throw misuse({ where: 'lateTimes', expected: 'k ≥ 1', got: show(k), try: 'lateTimes(2)' })
  return (random) => 1 - (1 - random.uniform()) ** k
}

/**
 * Times t = 1 − εᵁ on [0, 1 − ε], of density proportional to 1/(1 − t), so that every scale of 1 − t counts alike.
 * From a normal source along straight paths the relative entropy of the flow's stochastic twin is at most ∫ t/(1 − t)
 * E|f − u|² dt, by Girsanov's theorem with the diffusion 2(1 − t)/t, which makes it least: so this is, but for small t,
 * the weight of the likelihood, down to ε, below which the target should be smooth. Compare Song et al., NeurIPS 2021
 * (likelihood weighting).
 * @example flowMatching({ target: rings, coupling: 'independent', drawTime: logTimes(0.01), mirrored: true })
 */
export function logTimes(epsilon: number): (random: Random) => number {
  if (!(epsilon > 0 && epsilon < 1))
    throw misuse({ where: 'logTimes', expected: '0 < ε < 1', got: show(epsilon), try: 'logTimes(0.01)' })
  return (random) => 1 - epsilon ** random.uniform()
}

/**
 * Flow matching: the mean of |f(t, x(t)) − x′(t)|² over pairs (x₀, x₁), uniform times and paths x(t) = α(t)x₀
 * + β(t)x₁ + s(t)ε; its minimiser carries the source to the target. No solve is needed. The least value is not
 * 0 but the spread of velocities of paths that cross, see {@link lossFloor}. Lipman et al., ICLR 2023;
 * couplings: Tong et al., TMLR 2024, and Pooladian et al., ICML 2023.
 * @example
 * const { field } = await fit({
 *   field: withTime(network({ widths: [3, 64, 2], activation: 'swish', seed: 0 })), optimizer: adam({ rate: 1e-3 }), steps: 5, seed: 0,
 *   loss: flowMatching({ target: checkerboard, coupling: 'exact', batch: 32 }),
 * })
 * cnf({ field, method: dopri5, rtol: 1e-5, atol: 1e-5 }).sample(100, 0)
 */
export function flowMatching(options: FlowMatchingOptions): Loss {
  const { condition = 0, batch = 256 } = options
  checkNames('flowMatching', options, names)
  checkMatching('flowMatching', options)
  return {
    name: 'flowMatching',
    bind(field, _data, execution) {
      const n = field.stateSize - condition
      const pairs = matchingPairs(options, n)
      const { point } = pairs
      return sampledLoss({
        integrand: missOf(field, condition),
        batch,
        execution,
        begin: pairs.begin,
        draw(random, z) {
          const t = pairs.next(random)
          z.set(point.x)
          z.set(point.condition, n)
          z.set(point.velocity, n + condition)
          return t
        },
        restore: (theta) => ({ field: withTheta(field, theta) }),
      })
    },
  }
}

/** The points of paths that options ask for, in n dimensions. */
export function matchingPairs(options: FlowMatchingOptions, n: number) {
  const { batch = 256, condition = 0 } = options
  if (n > 0) {
    expectSource('flowMatching(target)', options.target, n + condition)
    if (options.source !== undefined) expectSource('flowMatching(source)', options.source, n)
  }
  return pathPoints({
    path: straight,
    sigma: 0,
    regularization: 0,
    condition: 0,
    conditionWeight: 0,
    dropCondition: 0,
    absent: 0,
    drawTime: (random) => random.uniform(),
    mirrored: false,
    planBatch: batch,
    source: standardNormal(Math.max(n, 1)),
    ...options,
    batch,
    dimension: n,
  })
}

const names: OptionNames<FlowMatchingOptions> = {
  target: true,
  source: true,
  coupling: true,
  regularization: true,
  path: true,
  sigma: true,
  batch: true,
  planBatch: true,
  condition: true,
  conditionWeight: true,
  dropCondition: true,
  absent: true,
  drawTime: true,
  mirrored: true,
}

/** What can be told without a field. */
export function checkMatching(where: string, options: FlowMatchingOptions): void {
  const { sigma = 0, batch = 256, planBatch = batch, dropCondition = 0, path = straight } = options
  const { mirrored = false, coupling, source } = options
  checkCoupling(where, options)
  expectSource(`${where}(target)`, options.target)
  if (options.source !== undefined) expectSource(`${where}(source)`, options.source)
  expectCount(`${where}(condition)`, options.condition ?? 0, 'entries of the condition', 0)
  expectNumber(where, 'conditionWeight', options.conditionWeight ?? 0, { least: 0 })
  expectNumber(where, 'absent', options.absent ?? 0)
  if (!(sigma >= 0 && Number.isFinite(sigma)))
    throw misuse({ where, expected: 'σ ≥ 0', got: show(sigma), try: 'sigma: 0' })
  if (![path.alpha, path.beta, path.alphaRate, path.betaRate].every((f) => typeof f === 'function'))
    throw misuse({
      where,
      expected: 'a path with alpha, beta and their rates',
      got: show(path),
      try: 'path: straight',
    })
  for (const size of [batch, planBatch])
    if (!(Number.isSafeInteger(size) && size > 0))
      throw misuse({ where, expected: 'a positive batch', got: show(size), try: 'batch: 256' })
  if (mirrored && !(coupling === 'independent' && source === undefined && batch % 2 === 0))
    throw misuse({
      where,
      expected: 'mirrored pairs of the independent coupling with the normal source and an even batch',
      got: `coupling ${show(coupling)}, ${source === undefined ? 'the normal source' : 'another source'}, batch ${batch}`,
      try: "coupling: 'independent', batch: 256, or mirrored: false",
    })
  if (!(dropCondition >= 0 && dropCondition <= 1))
    throw misuse({
      where,
      expected: 'a share between 0 and 1',
      got: show(dropCondition),
      try: 'dropCondition: 0.1',
    })
}

/** ℓ(t, [x; c; u]) = |f(t, [x; c]) − u|². */
export function missOf(field: Field, condition: number): Field {
  const [size, n] = [field.stateSize, field.stateSize - condition]
  if (field.outputSize !== n || field.inputSize > 0)
    throw misuse({
      where: 'flowMatching',
      expected: 'a field from Rⁿ to Rⁿ without inputs',
      got: `${field.name}: R^${n} → R^${field.outputSize}`,
      try: 'withTime(network({ widths: [3, 64, 2], … }))',
      code: 'wrong-dimension',
    })
  const b = new Builder()
  const all = b.leaf('state', size + n)
  const part = (start: number, length: number) =>
    b.gather(
      all,
      Array.from({ length }, (_, i) => start + i),
    )
  const miss = b.sub(embed(b, field, { state: part(0, size) }), part(size, n))
  return makeField(b, b.dot(miss, miss), {
    ...field,
    name: `miss of ${field.name}`,
    stateNames: [...field.stateNames, ...field.stateNames.slice(0, n).map((s) => `u_${s}`)],
  })
}
