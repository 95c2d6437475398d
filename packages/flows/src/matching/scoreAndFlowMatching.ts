import { type Loss, type Restored, sampledLoss } from '@separatrix/adjoint'
import { Builder, embed, type Field, makeField, misuse, withTheta } from '@separatrix/field/core'
import { checkMatching, type FlowMatchingOptions, matchingPairs } from './flowMatching.js'
import { schroedingerBridge } from './paths.js'

/** The velocity and the score of one network. */
export interface VelocityAndScore extends Restored {
  readonly score: Field
}

export interface ScoreAndFlowMatchingOptions
  extends Omit<
    FlowMatchingOptions,
    'path' | 'sigma' | 'condition' | 'conditionWeight' | 'dropCondition' | 'absent'
  > {
  /** σ of the bridge */
  readonly sigma: number
}

/**
 * Simulation-free Schrödinger bridges, [SF]²M: a network [v; s] of length 2n learns the velocity and the score of
 * Brownian bridges, from the mean of |v − u|² + |λ(t)s + ε|², λ = σ√(t(1 − t)), which weighs the score evenly in time.
 * (The authors' code has λ = 2√(t(1 − t))/σ and a network that is ½σ² times the score: the same loss.) With the plan of
 * regularization 2σ² they are those of the Schrödinger bridge: x′ = v is its probability flow, dx = (v + ½σ²s)dt + σdW
 * the bridge itself. Tong et al., AISTATS 2024, eq. 10.
 * @example
 * const net = withTime(network({ widths: [3, 32, 4], activation: 'swish', seed: 0 }), { outputs: 4 })
 * const { field, score } = await fit({
 *   field: net, loss: scoreAndFlowMatching({ target: moons, coupling: 'exact', sigma: 0.5, batch: 32 }),
 *   optimizer: adam({ rate: 1e-3 }), steps: 5, seed: 0, backend: 'wasm',
 * })
 */
export function scoreAndFlowMatching(options: ScoreAndFlowMatchingOptions): Loss<VelocityAndScore> {
  const { sigma, batch = 256, regularization = 2 * sigma * sigma } = options
  const path = schroedingerBridge(sigma)
  checkMatching('scoreAndFlowMatching', { ...options, regularization, path, sigma: 0 })
  return {
    name: 'scoreAndFlowMatching',
    bind(field, _data, execution) {
      const n = field.stateSize
      if (field.outputSize !== 2 * n)
        throw misuse({
          where: 'scoreAndFlowMatching',
          expected: 'a field from Rⁿ to R²ⁿ: velocity, then score',
          got: `R^${n} → R^${field.outputSize}`,
          try: 'withTime(network({ widths: [n + 1, 64, 2 * n], … }), { outputs: 2 * n })',
          code: 'wrong-dimension',
        })
      const pairs = matchingPairs({ ...options, regularization, path, sigma: 0 }, n)
      const { point } = pairs
      return sampledLoss({
        integrand: missOfBoth(field),
        batch,
        execution,
        begin: pairs.begin,
        draw(random, z) {
          const t = pairs.next(random)
          z.set(point.x)
          z.set(point.velocity, n)
          z.set(point.epsilon, 2 * n)
          z[3 * n] = path.noise(t)
          return t
        },
        restore(theta) {
          const trained = withTheta(field, theta)
          return { field: half(trained, 0), score: half(trained, n) }
        },
      })
    },
  }
}

const range = (start: number, length: number) => Array.from({ length }, (_, i) => start + i)

/** ℓ(t, [x; u; ε; λ]) = |v − u|² + |λs + ε|². */
function missOfBoth(field: Field): Field {
  const n = field.stateSize
  const b = new Builder()
  const all = b.leaf('state', 3 * n + 1)
  const part = (start: number, length = n) => b.gather(all, range(start, length))
  const both = embed(b, field, { state: part(0) })
  const velocity = b.sub(b.gather(both, range(0, n)), part(n))
  const score = b.add(b.mul(part(3 * n, 1), b.gather(both, range(n, n))), part(2 * n))
  return makeField(b, b.add(b.dot(velocity, velocity), b.dot(score, score)), {
    ...field,
    name: `miss of ${field.name}`,
    stateNames: range(0, 3 * n + 1).map((i) => `z${i}`),
  })
}

function half(field: Field, start: number): Field {
  const b = new Builder()
  return makeField(b, b.gather(embed(b, field), range(start, field.stateSize)), field)
}
